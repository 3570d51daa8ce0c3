//! A training by epochs on disk: the network, the one that is best, the optimizer's state and the
//! history.

use std::path::{Path, PathBuf};

use burn::module::Module;

use super::optimizer::{Optimizer, OptimizerState};
use super::state::{CheckpointError, Identity, Row, State};

/// What a training has come to after an epoch; networks are in evaluation mode.
pub(crate) struct Checkpoint<N, E> {
    pub network: N,
    /// What the training gives if it ends here.
    pub best: N,
    pub optimizer_state: OptimizerState,
    pub epochs: Vec<E>,
}

impl<N: Module, E: Row> Checkpoint<N, E> {
    /// Before the first epoch.
    pub fn new(start: &N) -> Self {
        let (network, best) = (start.clone(), start.clone());
        Self { network, best, optimizer_state: OptimizerState::default(), epochs: Vec::new() }
    }

    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), CheckpointError> {
        let mut state = State::new(path);
        state.put("network", &self.network);
        state.put("best", &self.best);
        state.put_optimizer("optimizer", &self.optimizer_state);
        state.put_rows("history", &self.epochs);
        state.write(identity)
    }

    /// What the file holds, if there is one; `start` is the network that the training began with.
    pub fn read(
        path: &Path,
        identity: &Identity,
        optimizer: &Optimizer,
        start: &N,
    ) -> Result<Option<Self>, CheckpointError> {
        let Some(mut state) = State::read(path, identity)? else { return Ok(None) };
        let (network, best) = (state.take("network", start)?, state.take("best", start)?);
        let optimizer_state = state.take_optimizer("optimizer", optimizer, start)?;
        let epochs = state.take_rows("history")?;
        state.end()?;
        Ok(Some(Self { network, best, optimizer_state, epochs }))
    }
}

/// The checkpoint of a training that diverged, if it has written one.
pub(crate) fn last_good(checkpoint: &Option<PathBuf>) -> Option<PathBuf> {
    checkpoint.clone().filter(|path| path.exists())
}

/// The end of an error's text: what a checkpoint, if there is one, holds of a training.
pub(crate) fn held(checkpoint: &Option<PathBuf>, what: &str) -> String {
    let held = |path: &PathBuf| format!("; {} holds the {what} before", path.display());
    checkpoint.as_ref().map_or(String::new(), held)
}
