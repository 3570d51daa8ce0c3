//! [`GanTraining`]: the settings of an adversarial training.

use std::path::PathBuf;

use super::error::GenerateError;
use super::loss::Loss;
use super::sample::Noise;
use crate::SettingError;
use crate::data::Images;
use crate::models::{Discriminator, Generator};
use crate::setting::{at_least, below_one, positive, share};
use crate::train::{Optimizer, Schedule};

/// Settings of an adversarial training: Goodfellow et al., 2014; see the [module](super).
#[derive(Debug, Clone, PartialEq)]
pub struct GanTraining {
    /// Steps of the generator.
    pub iterations: usize,
    /// Images a step, 2 or more.
    pub batch: usize,
    /// What both play for.
    pub loss: Loss,
    /// What the generator draws from.
    pub noise: Noise,
    /// What a real image counts as for the discriminator: 1, or less to smooth its labels.
    pub real_label: f64,
    /// How the discriminator's gradients become steps.
    pub discriminator_optimizer: Optimizer,
    /// How the generator's do.
    pub generator_optimizer: Optimizer,
    /// Learning rate of the discriminator; larger than 0.
    pub discriminator_learning_rate: f64,
    /// Learning rate of the generator; larger than 0.
    pub generator_learning_rate: f64,
    /// What becomes of both.
    pub schedule: Schedule,
    /// Steps of the discriminator to one of the generator, each on images of its own.
    pub discriminator_steps: usize,
    /// The share of the old in a moving average of the generator, in `[0, 1)` (Yasin Yazıcı et al., *The
    /// Unusual Effectiveness of Averaging in GAN Training*, 2019, <https://arxiv.org/abs/1806.04498>); in
    /// iteration n `(1 + n) / (10 + n)`, if that is less, so that what it began with is soon forgotten. None:
    /// no average.
    pub ema_decay: Option<f64>,
    /// Same seed, same device: same bits.
    pub seed: u64,
    /// A file that is written now and then. If it is there, the training resumes from it; its learning rates
    /// may be others, and its iterations more if the schedule does not depend on their number.
    pub checkpoint: Option<PathBuf>,
    /// Iterations from one writing to the next.
    pub checkpoint_every: usize,
}

/// Adam as DCGAN takes it.
const ADAM: Optimizer = Optimizer::Adam { betas: [0.5, 0.999], epsilon: 1e-8, weight_decay: 0.0 };

impl Default for GanTraining {
    /// Those of DCGAN (see [`DcganConfig`](crate::models::DcganConfig)), on 128 images a step.
    fn default() -> Self {
        Self {
            iterations: 2000,
            batch: 128,
            loss: Loss::NonSaturating,
            noise: Noise::Normal,
            real_label: 1.0,
            discriminator_optimizer: ADAM,
            generator_optimizer: ADAM,
            discriminator_learning_rate: 2e-4,
            generator_learning_rate: 2e-4,
            schedule: Schedule::Constant,
            discriminator_steps: 1,
            ema_decay: None,
            seed: 0,
            checkpoint: None,
            checkpoint_every: 500,
        }
    }
}

impl GanTraining {
    pub(super) fn check(&self) -> Result<(), GenerateError> {
        at_least("batch", self.batch, 2)?;
        at_least("discriminator_steps", self.discriminator_steps, 1)?;
        at_least("checkpoint_every", self.checkpoint_every, 1)?;
        positive("discriminator_learning_rate", self.discriminator_learning_rate)?;
        positive("generator_learning_rate", self.generator_learning_rate)?;
        share("real_label", self.real_label)?;
        if matches!(self.loss, Loss::Hinge | Loss::Wasserstein { .. }) && self.real_label < 1.0 {
            let expected = "1 with this loss, which has no labels to smooth";
            return SettingError::refuse("real_label", self.real_label, expected);
        }
        self.ema_decay.map_or(Ok(()), |decay| below_one("ema_decay", decay))?;
        if let Loss::Wasserstein { clip } = self.loss {
            positive("loss.clip", clip)?;
        }
        self.schedule.check()?;
        self.discriminator_optimizer.check()?;
        Ok(self.generator_optimizer.check()?)
    }

    /// Whether there is a batch of images as the generator is to make them, with labels that it knows.
    pub(super) fn check_images(
        &self,
        generator: &Generator,
        discriminator: &Discriminator,
        images: &Images,
    ) -> Result<(), GenerateError> {
        if images.len() < self.batch {
            return Err(GenerateError::TooFew { found: images.len(), needed: self.batch });
        }
        let found = [images.channels, images.height, images.width];
        if found != generator.size() {
            return Err(GenerateError::Size { found, expected: generator.size() });
        }
        let (classes, judged) = (generator.classes(), discriminator.classes());
        assert!(
            judged == 0 || judged == classes,
            "a discriminator of {judged} classes for a generator of {classes}"
        );
        let wrong = images.labels.iter().position(|&label| label >= classes);
        match wrong {
            Some(image) if classes > 0 => {
                let label = images.labels[image];
                Err(GenerateError::Label { image, label, classes })
            }
            _ => Ok(()),
        }
    }
}
