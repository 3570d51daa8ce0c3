//! A training by epochs on disk: the network, the one that is kept, the optimiser's memory and the
//! history.

use std::path::Path;

use burn::module::Module;

use super::optimiser::{Moments, Optimiser};
use super::state::{CheckpointError, Identity, Row, State};

/// What a training has come to after an epoch; networks are out of training.
pub(crate) struct Checkpoint<N, E> {
    pub network: N,
    /// What the training gives if it ends here.
    pub kept: N,
    pub moments: Moments,
    pub epochs: Vec<E>,
}

impl<N: Module, E: Row> Checkpoint<N, E> {
    /// Before the first epoch.
    pub fn new(start: &N) -> Self {
        let (network, kept) = (start.clone(), start.clone());
        Self { network, kept, moments: Moments::default(), epochs: Vec::new() }
    }

    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), CheckpointError> {
        let mut state = State::new(path);
        state.put("network", &self.network);
        state.put("kept", &self.kept);
        state.put_moments("optimiser", &self.moments);
        state.put_rows("history", &self.epochs);
        state.write(identity)
    }

    /// What the file holds, if there is one; `start` is the network that the training began with.
    pub fn read(
        path: &Path,
        identity: &Identity,
        optimiser: &Optimiser,
        start: &N,
    ) -> Result<Option<Self>, CheckpointError> {
        let Some(mut state) = State::read(path, identity)? else { return Ok(None) };
        let (network, kept) = (state.take("network", start)?, state.take("kept", start)?);
        let moments = state.take_moments("optimiser", optimiser, start)?;
        let epochs = state.take_rows("history")?;
        state.end()?;
        Ok(Some(Self { network, kept, moments, epochs }))
    }
}
