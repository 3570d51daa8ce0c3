//! An adaptation on disk: the network, the one kept so far, the optimiser's memory and the history.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::history::{Epoch, History};
use super::{AdversarialTraining, Domain};
use crate::data::Pictures;
use crate::image::Preprocessing;
use crate::models::{DomainAdversarial, device_of};
use crate::store::{digest, hex};
use crate::train::{CheckpointError, Identity, Moments, State, tensors};

/// What a training has come to after an epoch; networks are out of training.
pub(super) struct Checkpoint<N> {
    pub network: N,
    pub kept: N,
    pub moments: Moments,
    pub history: History,
}

pub(super) fn identity(
    settings: &AdversarialTraining,
    network: &impl DomainAdversarial,
    preprocessing: &Preprocessing,
    domains: [Domain<'_>; 2],
    guesses: Option<&[Option<u8>]>,
) -> Identity {
    let settings = AdversarialTraining { checkpoint: None, ..settings.clone() };
    let pictures =
        domains.map(|domain| [domain.training, domain.validation].map(Pictures::fingerprint));
    Identity(vec![
        ("settings", format!("{settings:?}, {preprocessing:?}")),
        ("network", digest(&tensors(network))),
        ("pictures", format!("{pictures:?}")),
        ("pseudo-labels", hex(Sha256::new_with_prefix(format!("{guesses:?}")))),
    ])
}

/// Numbers an epoch: all of [`Epoch`].
const NUMBERS: usize = 13;

impl<N: DomainAdversarial> Checkpoint<N> {
    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), CheckpointError> {
        let mut state = State::new(path);
        state.put("network", &self.network);
        state.put("kept", &self.kept);
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
        let (network, kept) = (state.take("network", start)?, state.take("kept", start)?);
        let moments = state.take_moments("optimiser", &device_of(start))?;
        let numbers = state.take_numbers("history")?;
        state.end()?;
        let epochs = numbers.chunks_exact(NUMBERS).map(epoch).collect();
        Ok(Self { network, kept, moments, history: History { epochs } })
    }
}

fn numbers(epoch: &Epoch) -> [f64; NUMBERS] {
    let optional = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let [a, b, c, d] = epoch.validators;
    [
        epoch.class_loss,
        optional(epoch.domain_loss),
        epoch.training_accuracy,
        epoch.source_accuracy,
        epoch.target_accuracy,
        optional(epoch.domain_accuracy),
        a,
        b,
        c,
        d,
        epoch.lambda,
        epoch.learning_rate,
        epoch.seconds,
    ]
}

fn epoch(numbers: &[f64]) -> Epoch {
    let optional = |at: usize| Some(numbers[at]).filter(|value| !value.is_nan());
    Epoch {
        class_loss: numbers[0],
        domain_loss: optional(1),
        training_accuracy: numbers[2],
        source_accuracy: numbers[3],
        target_accuracy: numbers[4],
        domain_accuracy: optional(5),
        validators: [numbers[6], numbers[7], numbers[8], numbers[9]],
        lambda: numbers[10],
        learning_rate: numbers[11],
        seconds: numbers[12],
    }
}
