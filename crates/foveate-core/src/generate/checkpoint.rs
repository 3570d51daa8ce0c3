//! A training on disk: both networks, the average, both optimisers' memories and the history.

use std::path::Path;

use super::AdversarialGeneration;
use super::history::{History, Step};
use crate::data::Pictures;
use crate::models::{Discriminator, Generator};
use crate::store::digest;
use crate::train::{CheckpointError, Identity, Moments, Row, State, tensors};

/// What a training has come to; networks are out of training.
pub(super) struct Checkpoint {
    pub generator: Generator,
    pub discriminator: Discriminator,
    pub average: Generator,
    /// Those of discriminator and generator.
    pub moments: [Moments; 2],
    pub history: History,
}

pub(super) fn identity(
    settings: &AdversarialGeneration,
    generator: &Generator,
    discriminator: &Discriminator,
    pictures: &Pictures,
) -> Identity {
    // What a training may go on with otherwise: other rates help where it diverged.
    let mut settings = AdversarialGeneration {
        checkpoint: None,
        checkpoint_every: 1,
        discriminator_rate: 1.0,
        generator_rate: 1.0,
        ..settings.clone()
    };
    if settings.schedule.may_go_on() {
        settings.iterations = 0;
    }
    Identity(vec![
        ("settings", format!("{settings:?}")),
        ("generator", digest(&tensors(generator))),
        ("discriminator", digest(&tensors(discriminator))),
        ("pictures", pictures.fingerprint()),
    ])
}

impl Checkpoint {
    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), CheckpointError> {
        let mut state = State::new(path);
        state.put("generator", &self.generator);
        state.put("discriminator", &self.discriminator);
        state.put("average", &self.average);
        for (name, moments) in OPTIMISERS.iter().zip(&self.moments) {
            state.put_moments(name, moments);
        }
        state.put_rows("history", &self.history.steps);
        state.write(identity)
    }

    /// What the file holds, if there is one; `start` are the networks that the training began with.
    pub fn read(
        path: &Path,
        identity: &Identity,
        settings: &AdversarialGeneration,
        start: (&Generator, &Discriminator),
    ) -> Result<Option<Self>, CheckpointError> {
        State::read(path, identity)?.map(|state| Self::parse(state, settings, start)).transpose()
    }

    fn parse(
        mut state: State,
        settings: &AdversarialGeneration,
        (generator, discriminator): (&Generator, &Discriminator),
    ) -> Result<Self, CheckpointError> {
        let [first, second] = OPTIMISERS;
        let moments = [
            state.take_moments(first, &settings.discriminator_optimiser, discriminator)?,
            state.take_moments(second, &settings.generator_optimiser, generator)?,
        ];
        let average = state.take("average", generator)?;
        let generator = state.take("generator", generator)?;
        let discriminator = state.take("discriminator", discriminator)?;
        let steps = state.take_rows("history")?;
        state.end()?;
        Ok(Self { generator, discriminator, average, moments, history: History { steps } })
    }
}

const OPTIMISERS: [&str; 2] = ["discriminator's optimiser", "generator's optimiser"];

impl Row for Step {
    const NUMBERS: usize = 7;

    fn numbers(&self) -> Vec<f64> {
        let Self { discriminator_loss, generator_loss, real, fake, fake_after, seconds, .. } =
            *self;
        let iteration = self.iteration as f64;
        vec![iteration, discriminator_loss, generator_loss, real, fake, fake_after, seconds]
    }

    fn of(numbers: &[f64]) -> Self {
        Self {
            iteration: numbers[0] as usize,
            discriminator_loss: numbers[1],
            generator_loss: numbers[2],
            real: numbers[3],
            fake: numbers[4],
            fake_after: numbers[5],
            seconds: numbers[6],
        }
    }
}
