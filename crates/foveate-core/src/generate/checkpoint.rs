//! A training on disk: both networks, the average, both optimizers' state and the history.

use std::path::Path;

use burn::module::Module;

use super::gan_training::GanTraining;
use super::history::{History, Step};
use crate::data::Images;
use crate::models::{Discriminator, Generator};
use crate::store::digest;
use crate::train::{CheckpointError, Identity, OptimizerState, Row, State, tensors};

/// What a training has come to; networks are in evaluation mode.
pub(super) struct Checkpoint {
    pub generator: Generator,
    pub discriminator: Discriminator,
    pub average: Generator,
    /// State of the discriminator's and of the generator's optimizer.
    pub optimizers: [OptimizerState; 2],
    pub history: History,
}

pub(super) fn identity(
    settings: &GanTraining,
    generator: &Generator,
    discriminator: &Discriminator,
    images: &Images,
) -> Identity {
    // What a resumed training may have otherwise: other rates help where it diverged.
    let mut settings = GanTraining {
        checkpoint: None,
        checkpoint_every: 1,
        discriminator_learning_rate: 1.0,
        generator_learning_rate: 1.0,
        ..settings.clone()
    };
    if settings.schedule.may_go_on() {
        settings.iterations = 0;
    }
    Identity(vec![
        ("settings", format!("{settings:?}")),
        ("generator", digest(&tensors(generator))),
        ("discriminator", digest(&tensors(discriminator))),
        ("images", images.fingerprint()),
    ])
}

impl Checkpoint {
    /// Before the first iteration.
    pub fn new(generator: Generator, discriminator: Discriminator) -> Self {
        // A copy of its own: clones share the running statistics.
        let average = generator.valid();
        let (optimizers, history) = Default::default();
        Self { generator, discriminator, average, optimizers, history }
    }

    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), CheckpointError> {
        let mut state = State::new(path);
        state.put("generator", &self.generator);
        state.put("discriminator", &self.discriminator);
        state.put("average", &self.average);
        for (name, optimizers) in OPTIMIZERS.iter().zip(&self.optimizers) {
            state.put_optimizer(name, optimizers);
        }
        state.put_rows("history", &self.history.steps);
        state.write(identity)
    }

    /// What the file holds, if there is one; `start` are the networks that the training began with.
    pub fn read(
        path: &Path,
        identity: &Identity,
        settings: &GanTraining,
        start: (&Generator, &Discriminator),
    ) -> Result<Option<Self>, CheckpointError> {
        State::read(path, identity)?.map(|state| Self::parse(state, settings, start)).transpose()
    }

    fn parse(
        mut state: State,
        settings: &GanTraining,
        (generator, discriminator): (&Generator, &Discriminator),
    ) -> Result<Self, CheckpointError> {
        let [first, second] = OPTIMIZERS;
        let optimizers = [
            state.take_optimizer(first, &settings.discriminator_optimizer, discriminator)?,
            state.take_optimizer(second, &settings.generator_optimizer, generator)?,
        ];
        let average = state.take("average", generator)?;
        let generator = state.take("generator", generator)?;
        let discriminator = state.take("discriminator", discriminator)?;
        let steps = state.take_rows("history")?;
        state.end()?;
        Ok(Self { generator, discriminator, average, optimizers, history: History { steps } })
    }
}

const OPTIMIZERS: [&str; 2] = ["discriminator's optimizer", "generator's optimizer"];

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
