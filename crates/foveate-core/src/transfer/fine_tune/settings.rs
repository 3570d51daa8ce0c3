//! [`FineTune`]: the settings of a training.

use std::path::PathBuf;

use super::labeled::Labeled;
use super::split::Trainable;
use crate::SettingError;
use crate::setting::{at_least, below_one, positive};
use crate::train::{CropAndFlip, Optimizer, Schedule};
use crate::transfer::error::TransferError;

/// Settings of a training, of a pretrained network or its last layers on images of one's own.
///
/// Frozen layers run as in evaluation, without a graph: batch norms by their running statistics, no
/// dropout. (PyTorch's `requires_grad_(False)` alone leaves both in training mode.) Trained layers run
/// as in PyTorch's training. Every random number comes from the seed, the epoch and the batch or
/// image it is for, so that a resumed run is the uninterrupted one.
///
/// ```
/// # use foveate_core as foveate;
/// use foveate::burn::tensor::{Device, Tensor};
/// use foveate::data::digits;
/// use foveate::models::{LeNet, Network};
/// use foveate::transfer::{FineTune, Labeled, Trainable, new_head};
///
/// let device = Device::default();
/// let lenet = LeNet::digits(&device)?;
/// let set = digits(40, 0);
/// let even: Vec<usize> = set.labels.iter().map(|digit| digit % 2).collect();
/// let images = set.images();
/// let training = Labeled::new(&images, &even);
///
/// let start = new_head(lenet.network().clone(), 2, 0);
/// let settings = FineTune { trainable: Trainable::Head, epochs: 2, ..Default::default() };
/// let tuned = settings.run(start.clone(), lenet.preprocessing(), training, None)?;
/// assert_eq!(tuned.history.epochs.len(), 2);
///
/// // What is not trained stays as it is.
/// let x = Tensor::<4>::ones([1, 3, 28, 28], &device);
/// let layer = "classifier.3";
/// let change = tuned.network.features(x.clone(), layer)? - start.features(x, layer)?;
/// assert_eq!(change.abs().max().into_scalar::<f32>(), 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FineTune {
    /// Layers that are trained.
    pub trainable: Trainable,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step; the last step of an epoch takes what is left. One image that is left goes with
    /// the step before it, if a trained batch norm would see one value of each channel of it (ResNet18 at
    /// 32x32 pixels: the variance is 0).
    pub batch: usize,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// Learning rate of the first step; larger than 0.
    pub learning_rate: f64,
    /// What becomes of it.
    pub schedule: Schedule,
    /// Random changes of the training images.
    pub augmentation: CropAndFlip,
    /// The weight of an image of each class in the loss, above 0 (PyTorch's `weight`): against classes of very different
    /// sizes. None: all the same.
    pub class_weights: Option<Vec<f32>>,
    /// The share, in `[0, 1)`, of the target probability that is spread over all classes.
    pub label_smoothing: f32,
    /// Ends the training after so many epochs (from 1) without a better one on the validation
    /// images.
    pub patience: Option<usize>,
    /// Same seed, same device: same bits.
    pub seed: u64,
    /// A file written after every epoch. If it is there, the training resumes from it.
    pub checkpoint: Option<PathBuf>,
}

impl Default for FineTune {
    /// The whole network by Adam, with a small learning rate that falls to 0.
    fn default() -> Self {
        Self {
            trainable: Trainable::All,
            epochs: 15,
            batch: 32,
            optimizer: Optimizer::ADAM,
            learning_rate: 3e-4,
            schedule: Schedule::Cosine,
            augmentation: CropAndFlip::default(),
            class_weights: None,
            label_smoothing: 0.0,
            patience: None,
            seed: 0,
            checkpoint: None,
        }
    }
}

impl FineTune {
    /// Settings to train a network with random weights ([`initialized`](crate::models::initialized)): AdamW at a
    /// learning rate of 1e-3 that falls to 0, for 30 epochs.
    pub fn from_scratch() -> Self {
        Self { epochs: 30, optimizer: Optimizer::ADAMW, learning_rate: 1e-3, ..Self::default() }
    }

    pub(super) fn check(
        &self,
        validation: Option<Labeled<'_>>,
        classes: usize,
    ) -> Result<(), TransferError> {
        at_least("batch", self.batch, 1)?;
        positive("learning_rate", self.learning_rate)?;
        below_one("label_smoothing", self.label_smoothing)?;
        if let Some(weights) = &self.class_weights
            && (weights.len() != classes || !weights.iter().all(|&w| w > 0.0 && w.is_finite()))
        {
            let expected = format!("{classes} numbers above 0, one for each class");
            return SettingError::refuse("class_weights", format!("{weights:?}"), expected);
        }
        if self.patience.is_some() && validation.is_none() {
            let expected = "none, or images for validation";
            return SettingError::refuse("patience", "given", expected);
        }
        self.optimizer.check()?;
        self.schedule.check()?;
        Ok(self.augmentation.check()?)
    }
}
