//! [`DannTraining`]: the settings of a domain-adversarial training, and the domains that it is of.

use std::path::PathBuf;

use super::error::AdaptError;
use super::pseudo_label_steps::PseudoLabelSteps;
use super::schedule::{Lambda, UpdateEvery};
use super::validator::Validator;
use crate::SettingError;
use crate::data::Images;
use crate::image::Preprocessing;
use crate::models::{DomainAdversarial, check_size, position};
use crate::setting::{at_least, positive};
use crate::train::{Optimizer, Schedule, ShiftAndContrast};

/// Settings of a domain-adversarial training: Ganin et al., 2016; see the [module](super).
#[derive(Debug, Clone, PartialEq)]
pub struct DannTraining {
    /// Passes over the source's training images.
    pub epochs: usize,
    /// Images of each domain a step; what is left at the end of an epoch is left out.
    pub batch: usize,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// The first learning rate mu0, larger than 0.
    pub learning_rate: f64,
    /// What becomes of it.
    pub schedule: Schedule,
    /// The reversed gradient's factor; None learns from the source alone, without a domain head.
    pub lambda: Option<Lambda>,
    /// How often lambda and the learning rate are updated.
    pub update_every: UpdateEvery,
    /// Random changes of the source's training images.
    pub source_augmentation: ShiftAndContrast,
    /// Random changes of the target's.
    pub target_augmentation: ShiftAndContrast,
    /// Steps on the target with the network's own predictions, between the others.
    pub pseudo_label_steps: Option<PseudoLabelSteps>,
    /// Whose best epoch is kept, one of [`Validator::ALL`]; None keeps the last.
    pub validator: Option<Validator>,
    /// Same seed, same device: same bits.
    pub seed: u64,
    /// A file written after every epoch. If it is there, the training resumes from it.
    pub checkpoint: Option<PathBuf>,
}

impl Default for DannTraining {
    /// The schedules of Ganin et al., 64 + 64 images a step.
    fn default() -> Self {
        Self {
            epochs: 20,
            batch: 64,
            optimizer: Optimizer::SGD,
            learning_rate: 0.01,
            schedule: Schedule::DANN,
            lambda: Some(Lambda::PAPER),
            update_every: UpdateEvery::Batch,
            source_augmentation: ShiftAndContrast::NONE,
            target_augmentation: ShiftAndContrast::NONE,
            pseudo_label_steps: None,
            validator: None,
            seed: 0,
            checkpoint: None,
        }
    }
}

/// The images of a domain. Labels of the target are used only to report accuracies.
#[derive(Debug, Clone, Copy)]
pub struct Domain<'a> {
    /// To learn from.
    pub training: &'a Images,
    /// To measure and to choose by.
    pub validation: &'a Images,
}

impl DannTraining {
    pub(super) fn check(&self) -> Result<(), AdaptError> {
        at_least("batch", self.batch, 2)?;
        positive("learning_rate", self.learning_rate)?;
        if let Some(validator) = self.validator.filter(|one| !Validator::ALL.contains(one)) {
            let expected = "one of Validator::ALL, whose scores the history holds";
            return SettingError::refuse("validator", format!("{validator:?}"), expected);
        }
        self.optimizer.check()?;
        self.schedule.check()?;
        self.lambda.map_or(Ok(()), |lambda| lambda.check())?;
        self.pseudo_label_steps.map_or(Ok(()), |steps| steps.check())
    }
}

/// Whether the sets are of the size that the network is to take, hold a batch (one image, to validate),
/// and the source's labels are classes.
pub(super) fn check_domains(
    network: &impl DomainAdversarial,
    preprocessing: &Preprocessing,
    [source, target]: [Domain<'_>; 2],
    batch: usize,
) -> Result<(), AdaptError> {
    let expected = preprocessing.size();
    position(&network.layers(), network.feature_layer())?;
    check_size(&network.layers(), expected)?;
    let layers = network.summary(expected[0], expected[1]).layers;
    let classes = layers.last().map_or(0, |layer| layer.output_shape[1]);
    for (set, images, needed) in [
        ("source's training set", source.training, batch),
        ("source's validation set", source.validation, 1),
        ("target's training set", target.training, batch),
        // Soft neighborhood density looks at pairs.
        ("target's validation set", target.validation, 2),
    ] {
        if images.len() < needed {
            return Err(AdaptError::TooFew { set, found: images.len(), needed });
        }
        let found = [images.height, images.width];
        if found != expected {
            return Err(AdaptError::Size { set, found, expected });
        }
        let wrong = images.labels.iter().position(|&label| label >= classes);
        if let (Some(image), true) = (wrong, set.starts_with("source")) {
            let label = images.labels[image];
            return Err(AdaptError::Label { set, image, label, classes });
        }
    }
    Ok(())
}
