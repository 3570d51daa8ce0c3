//! A fine-tuning on disk: the network, its best state, the optimiser's memory and the history.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::history::{Epoch, History, Score};
use super::{FineTune, Labelled, Schedule};
use crate::image::Preprocessing;
use crate::models::{Network, device_of};
use crate::store::{digest, hex};
use crate::train::{CheckpointError, Identity, Moments, State, tensors};

/// What a training has come to after an epoch; networks are out of training.
pub(super) struct Checkpoint<N> {
    pub network: N,
    pub best: N,
    pub moments: Moments,
    pub history: History,
}

pub(super) fn identity(
    settings: &FineTune,
    network: &impl Network,
    preprocessing: &Preprocessing,
    training: Labelled<'_>,
    validation: Option<Labelled<'_>>,
) -> Identity {
    // More epochs are no other training, unless the learning rate depends on their number.
    let epochs = if settings.schedule == Schedule::Cosine { settings.epochs } else { 0 };
    let settings = FineTune { epochs, checkpoint: None, ..settings.clone() };
    Identity(vec![
        ("settings", format!("{settings:?}, {preprocessing:?}")),
        ("network", digest(&tensors(network))),
        ("training pictures", training.digest()),
        ("validation pictures", validation.map_or("none".into(), |data| data.digest())),
    ])
}

impl Labelled<'_> {
    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (picture, label) in self.pictures.iter().zip(self.labels) {
            hasher.update(format!("{label} {:?}", picture.dimensions()));
            hasher.update(picture.as_raw());
        }
        hex(hasher)
    }
}

/// Numbers an epoch: all of [`Epoch`].
const NUMBERS: usize = 6;

impl<N: Network> Checkpoint<N> {
    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), CheckpointError> {
        let mut state = State::new(path);
        state.put("network", &self.network);
        state.put("best", &self.best);
        state.put_moments("optimiser", &self.moments);
        state.put_numbers("history", self.history.epochs.iter().flat_map(numbers).collect());
        state.write(identity)
    }

    /// What the file holds, if there is one; `start` is the network that the training began with.
    pub fn read(
        path: &Path,
        identity: &Identity,
        start: &N,
    ) -> Result<Option<Self>, CheckpointError> {
        State::read(path, identity)?.map(|state| Self::parse(state, start)).transpose()
    }

    fn parse(mut state: State, start: &N) -> Result<Self, CheckpointError> {
        let (network, best) = (state.take("network", start)?, state.take("best", start)?);
        let moments = state.take_moments("optimiser", &device_of(start))?;
        let numbers = state.take_numbers("history")?;
        state.end()?;
        let epochs = numbers.chunks_exact(NUMBERS).map(epoch).collect();
        Ok(Self { network, best, moments, history: History { epochs } })
    }
}

fn numbers(epoch: &Epoch) -> [f64; NUMBERS] {
    let Epoch { training, validation, learning_rate, seconds } = *epoch;
    let validation = validation.unwrap_or(Score { loss: f64::NAN, accuracy: f64::NAN });
    let (a, b) = (training, validation);
    [a.loss, a.accuracy, b.loss, b.accuracy, learning_rate, seconds]
}

fn epoch(numbers: &[f64]) -> Epoch {
    let score = |at: usize| Score { loss: numbers[at], accuracy: numbers[at + 1] };
    let validation = Some(score(2)).filter(|score| !score.accuracy.is_nan());
    Epoch { training: score(0), validation, learning_rate: numbers[4], seconds: numbers[5] }
}
