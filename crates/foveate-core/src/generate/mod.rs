//! Generate: pictures from noise, by adversarial training.
//!
//! Ian Goodfellow et al., *Generative Adversarial Nets*, 2014, <https://arxiv.org/abs/1406.2661>: a
//! discriminator D learns to tell real pictures x from a generator's pictures G(z), and the generator to
//! mislead it,
//!
//! `min over G, max over D of E ln D(x) + E ln (1 - D(G(z)))`.
//!
//! - [`AdversarialGeneration`]: the training, with or without labels, for any [`Loss`].
//! - [`metrics`]: how good pictures are.
//! - [`Noise`], [`sample`], [`interpolate`]: pictures of a trained generator.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::generate::{AdversarialGeneration, Noise, sample};
//! use foveate::models::{DcganConfig, Initialisation};
//!
//! // So little teaches nothing: 2,000 iterations of the defaults do.
//! let device = Device::default();
//! let config = DcganConfig::new().with_size(16).with_ngf(4).with_ndf(4);
//! let generator = Initialisation::Dcgan.of(config.generator(&device), 0);
//! let discriminator = Initialisation::Dcgan.of(config.discriminator(&device), 1);
//! let training = AdversarialGeneration { iterations: 2, batch: 8, ..Default::default() };
//! let made = training.run(generator, discriminator, &digits(16, 0).resized(16, 16))?;
//! let pictures = sample(&made.generator, &Noise::Normal.rows(10, config.latent_dim, 0), &[]);
//! assert_eq!((pictures.len(), pictures.height), (10, 16)); // pictures.grid(5).save("made.png")
//! // D(x) and D(G(z)): what to watch. At 1 and 0 the discriminator has won, and the generator stands still.
//! assert!(made.history.steps.iter().all(|step| step.real < 1.0 && step.fake > 0.0));
//! # Ok::<(), foveate::generate::GenerateError>(())
//! ```

mod average;
mod checkpoint;
mod error;
mod history;
mod loss;
pub mod metrics;
mod sample;
mod trainer;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use burn::module::Module;

pub use error::GenerateError;
pub use history::{History, Step};
pub use loss::Loss;
pub use sample::{Interpolation, Noise, interpolate, sample};

use crate::SettingError;
use crate::data::Pictures;
use crate::models::{Discriminator, Generator};
use crate::train::{Optimiser, Schedule, progress_bar};
use checkpoint::{Checkpoint, identity};
use trainer::Trainer;

/// Settings of an adversarial training: Goodfellow et al., 2014; see the [module](self).
#[derive(Debug, Clone, PartialEq)]
pub struct AdversarialGeneration {
    /// Steps of the generator.
    pub iterations: usize,
    /// Pictures a step, 2 or more.
    pub batch: usize,
    /// What both play for.
    pub loss: Loss,
    /// What the generator draws from.
    pub noise: Noise,
    /// What a real picture counts as for the discriminator: 1, or less to smooth its labels.
    pub real: f64,
    /// How the discriminator's gradients become steps.
    pub discriminator_optimiser: Optimiser,
    /// How the generator's do.
    pub generator_optimiser: Optimiser,
    /// Larger than 0.
    pub discriminator_rate: f64,
    /// Larger than 0.
    pub generator_rate: f64,
    /// What becomes of both.
    pub schedule: Schedule,
    /// Steps of the discriminator to one of the generator, each on pictures of its own.
    pub discriminator_steps: usize,
    /// The share of the old in a moving average of the generator, in `[0, 1)` (Yasin Yazıcı et al., *The
    /// Unusual Effectiveness of Averaging in GAN Training*, 2019, <https://arxiv.org/abs/1806.04498>); in
    /// iteration n `(1 + n) / (10 + n)`, if that is less, so that what it began with is soon forgotten. None:
    /// no average.
    pub average: Option<f64>,
    /// Same seed, same device: same bits.
    pub seed: u64,
    /// A file that is written now and then. If it is there, the training goes on from it; its learning rates
    /// may be others, and its iterations more if the schedule does not depend on their number.
    pub checkpoint: Option<PathBuf>,
    /// Iterations from one writing to the next.
    pub checkpoint_every: usize,
}

/// Adam as DCGAN takes it.
const ADAM: Optimiser = Optimiser::Adam { betas: [0.5, 0.999], epsilon: 1e-8, weight_decay: 0.0 };

impl Default for AdversarialGeneration {
    /// Those of DCGAN (see [`DcganConfig`](crate::models::DcganConfig)), on 128 pictures a step.
    fn default() -> Self {
        Self {
            iterations: 2000,
            batch: 128,
            loss: Loss::NonSaturating,
            noise: Noise::Normal,
            real: 1.0,
            discriminator_optimiser: ADAM,
            generator_optimiser: ADAM,
            discriminator_rate: 2e-4,
            generator_rate: 2e-4,
            schedule: Schedule::Constant,
            discriminator_steps: 1,
            average: None,
            seed: 0,
            checkpoint: None,
            checkpoint_every: 500,
        }
    }
}

/// A pair of trained networks, out of training.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Generated {
    /// The generator; its moving average, if there was to be one.
    pub generator: Generator,
    /// The discriminator.
    pub discriminator: Discriminator,
    /// How it went.
    pub history: History,
}

impl AdversarialGeneration {
    /// Trains a pair of networks on the device that they are on. If the generator has classes, it learns
    /// to draw the pictures' labels; the discriminator sees them if it has classes.
    ///
    /// # Errors
    ///
    /// [`GenerateError`]: settings out of range, too few pictures or of another size, labels that are no
    /// classes, a checkpoint that is damaged or of another training, a loss that is not finite.
    ///
    /// # Panics
    ///
    /// If the discriminator does not take the generator's pictures, or has other classes.
    pub fn run(
        &self,
        generator: Generator,
        discriminator: Discriminator,
        pictures: &Pictures,
    ) -> Result<Generated, GenerateError> {
        self.watched(generator, discriminator, pictures, |_, _| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `watch` sees every iteration when it is over, with the generator (or its
    /// average), and may end the training. To keep a generator, keep its `valid()`: a clone shares the running
    /// statistics, which move on.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub fn watched(
        &self,
        generator: Generator,
        discriminator: Discriminator,
        pictures: &Pictures,
        mut watch: impl FnMut(&Step, &Generator) -> ControlFlow<()>,
    ) -> Result<Generated, GenerateError> {
        self.check()?;
        let (generator, discriminator) = (generator.valid(), discriminator.valid());
        self.check_pictures(&generator, &discriminator, pictures)?;
        let file = self
            .checkpoint
            .as_ref()
            .map(|path| (path, identity(self, &generator, &discriminator, pictures)));
        let start = (&generator, &discriminator);
        let resumed =
            file.as_ref().map(|(path, identity)| Checkpoint::read(path, identity, self, start));
        let resumed = resumed.transpose()?.flatten();
        let done = resumed.as_ref().map_or(0, |resumed| resumed.history.steps.len());
        if done > self.iterations {
            let expected = format!("{done} or more, which the checkpoint holds");
            return SettingError::refuse("iterations", self.iterations, expected);
        }
        let now = resumed.unwrap_or_else(|| Checkpoint::new(generator, discriminator));
        let before = now.history.steps.last().map_or(0.0, |step| step.seconds);
        let clock = Instant::now();
        let mut trainer = Trainer::new(self, pictures, now);
        let bar = progress_bar(self.iterations, "iteration");
        bar.set_position(trainer.history.steps.len() as u64);
        while trainer.history.steps.len() < self.iterations {
            let mut step = trainer.step()?;
            step.seconds = before + clock.elapsed().as_secs_f64();
            trainer.history.steps.push(step);
            bar.inc(1);
            if step.iteration % 10 == 0 {
                bar.set_message(format!("D(x) {:.3}, D(G(z)) {:.3}", step.real, step.fake));
            }
            let over = watch(&step, trainer.best()).is_break()
                || trainer.history.steps.len() >= self.iterations;
            if over || step.iteration.is_multiple_of(self.checkpoint_every) {
                // The losses are of the parameters before the step.
                trainer.check_parameters(&step)?;
                if let Some((path, identity)) = &file {
                    trainer.checkpoint().write(path, identity)?;
                }
            }
            if over {
                break;
            }
        }
        bar.finish_and_clear();
        let generator = trainer.best().valid();
        let discriminator = trainer.discriminator.valid();
        Ok(Generated { generator, discriminator, history: trainer.history })
    }

    fn check(&self) -> Result<(), GenerateError> {
        if self.batch < 2 {
            return SettingError::refuse("batch", self.batch, "two pictures or more a step");
        }
        for (name, count) in [
            ("discriminator_steps", self.discriminator_steps),
            ("checkpoint_every", self.checkpoint_every),
        ] {
            if count == 0 {
                return SettingError::refuse(name, count, "1 or more");
            }
        }
        for (name, rate) in [
            ("discriminator_rate", self.discriminator_rate),
            ("generator_rate", self.generator_rate),
        ] {
            if !(rate > 0.0 && rate.is_finite()) {
                return SettingError::refuse(name, rate, "a number larger than 0");
            }
        }
        if !(self.real > 0.0 && self.real <= 1.0) {
            return SettingError::refuse("real", self.real, "a number in (0, 1]");
        }
        if matches!(self.loss, Loss::Hinge | Loss::Wasserstein { .. }) && self.real < 1.0 {
            let expected = "1 with this loss, which has no labels to smooth";
            return SettingError::refuse("real", self.real, expected);
        }
        if let Some(decay) = self.average.filter(|decay| !(0.0..1.0).contains(decay)) {
            return SettingError::refuse("average", decay, "a number in [0, 1)");
        }
        if let Loss::Wasserstein { clip } = self.loss
            && !(clip > 0.0 && clip.is_finite())
        {
            return SettingError::refuse("loss.clip", clip, "a number larger than 0");
        }
        self.schedule.check()?;
        self.discriminator_optimiser.check()?;
        Ok(self.generator_optimiser.check()?)
    }

    /// Whether there is a batch of pictures as the generator is to make them, with labels that it knows.
    fn check_pictures(
        &self,
        generator: &Generator,
        discriminator: &Discriminator,
        pictures: &Pictures,
    ) -> Result<(), GenerateError> {
        if pictures.len() < self.batch {
            return Err(GenerateError::TooFew { found: pictures.len(), needed: self.batch });
        }
        let found = [pictures.channels, pictures.height, pictures.width];
        if found != generator.size() {
            return Err(GenerateError::Size { found, expected: generator.size() });
        }
        let (classes, judged) = (generator.classes(), discriminator.classes());
        assert!(
            judged == 0 || judged == classes,
            "a discriminator of {judged} classes for a generator of {classes}"
        );
        let wrong = pictures.labels.iter().position(|&label| usize::from(label) >= classes);
        match wrong {
            Some(picture) if classes > 0 => {
                let label = pictures.labels[picture];
                Err(GenerateError::Label { picture, label, classes })
            }
            _ => Ok(()),
        }
    }
}
