//! [`FineTune`]: training a pretrained network, or its last layers, on pictures of one's own.

mod augmentation;
mod checkpoint;
mod history;
mod new_head;
mod split;
mod trainer;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

pub use augmentation::{Augmentation, RandomResizedCrop};
pub use history::{Epoch, History, Score};
pub use new_head::new_head;
pub use split::Part;

use super::error::TransferError;
use crate::SettingError;
use crate::image::{Preprocessing, RgbImage};
use crate::learn::LearnError;
use crate::models::{Network, device_of, misfit};
use crate::train::{Checkpoint, Optimiser, Schedule};
use checkpoint::identity;
use split::Split;
use trainer::Trainer;

/// Settings of a training, of a pretrained network or its last layers on pictures of one's own.
///
/// Frozen layers run as in evaluation, without a graph: batch norms by their running statistics, no
/// dropout. (PyTorch's `requires_grad_(False)` alone leaves both in training.) Trained layers run
/// as in PyTorch's training. Every random number comes from the seed, the epoch and the batch or
/// picture it is for, so that a resumed run is the uninterrupted one.
///
/// ```
/// # use foveate_core as foveate;
/// use foveate::burn::tensor::{Device, Tensor};
/// use foveate::data::digits;
/// use foveate::models::{LeNet, Network};
/// use foveate::transfer::{FineTune, Labelled, Part, new_head};
///
/// let device = Device::default();
/// let lenet = LeNet::digits(&device)?;
/// let set = digits(40, 0);
/// let even: Vec<usize> = set.classes().iter().map(|digit| digit % 2).collect();
/// let training = Labelled { pictures: &set.images(), labels: &even };
///
/// let start = new_head(lenet.network().clone(), 2, 0);
/// let settings = FineTune { part: Part::Head, epochs: 2, ..Default::default() };
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
    /// Which layers are trained.
    pub part: Part,
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures a step; the last step of an epoch takes what is left. One picture that is left goes with
    /// the step before it, if a trained batch norm would see one value of each channel of it (ResNet18 at
    /// 32x32 pixels: the variance is 0).
    pub batch: usize,
    /// How gradients become steps.
    pub optimiser: Optimiser,
    /// Of the first step; larger than 0.
    pub learning_rate: f64,
    /// What becomes of it.
    pub schedule: Schedule,
    /// Random changes of the training pictures.
    pub augmentation: Augmentation,
    /// The share, in `[0, 1)`, of the target probability that is spread over all classes.
    pub label_smoothing: f32,
    /// Ends the training after so many epochs (from 1) without a better one on the validation
    /// pictures.
    pub patience: Option<usize>,
    /// Same seed, same device: same bits.
    pub seed: u64,
    /// A file written after every epoch. If it is there, the training goes on from it.
    pub checkpoint: Option<PathBuf>,
}

impl Default for FineTune {
    /// The whole network by Adam, with a small learning rate that falls to 0.
    fn default() -> Self {
        Self {
            part: Part::Whole,
            epochs: 15,
            batch: 32,
            optimiser: Optimiser::ADAM,
            learning_rate: 3e-4,
            schedule: Schedule::Cosine,
            augmentation: Augmentation::default(),
            label_smoothing: 0.0,
            patience: None,
            seed: 0,
            checkpoint: None,
        }
    }
}

/// Pictures and the class of each.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// Pictures of any sizes; of the network's size they need not be resized in every epoch.
    pub pictures: &'a [RgbImage],
    /// One label a picture, from 0 on.
    pub labels: &'a [usize],
}

/// A trained network.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FineTuned<N> {
    /// The network after its best epoch on the validation pictures (without them, after the last),
    /// out of training.
    pub network: N,
    /// How it went.
    pub history: History,
}

impl FineTune {
    /// Trains `network`, which gives one logit a class (see [`new_head`]), on the device it is on.
    /// Validation pictures choose the best epoch; they are never learned from.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: settings out of range, labels that are no classes, unusable pictures, a
    /// checkpoint that is damaged or of another training, a loss that is not finite.
    pub fn run<N: Network>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        training: Labelled<'_>,
        validation: Option<Labelled<'_>>,
    ) -> Result<FineTuned<N>, TransferError> {
        self.watched(network, preprocessing, training, validation, |_| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `watch` sees every epoch when it is over (and in the checkpoint), and
    /// may end the training.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn watched<N: Network>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        training: Labelled<'_>,
        validation: Option<Labelled<'_>>,
        mut watch: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<FineTuned<N>, TransferError> {
        self.check(validation)?;
        preprocessing.resize.check()?;
        let start = network.valid();
        let device = device_of(&start);
        let split = Split::new(&start.clone().train(), &self.part)?;
        let classes = classes(&start, preprocessing.size())?;
        training.check(classes)?;
        validation.map_or(Ok(()), |labelled| labelled.check(classes))?;

        let identity = || identity(self, &start, preprocessing, training, validation);
        let file = self.checkpoint.clone().map(|path| (path, identity()));
        let resumed = file
            .as_ref()
            .map(|(path, identity)| Checkpoint::read(path, identity, &self.optimiser, &start));
        let Checkpoint { network, mut kept, mut moments, epochs } =
            resumed.transpose()?.flatten().unwrap_or_else(|| Checkpoint::new(&start));
        let mut history = History { epochs };
        let (settings, frozen) = (self, start);
        let mut trainer =
            Trainer { settings, split, frozen, preprocessing, device, merges_rest: false };
        trainer.merge_rest(training)?;
        let mut network = network.train();
        while history.epochs.len() < self.epochs && !history.out_of_patience(self.patience) {
            let clock = Instant::now();
            let mut epoch =
                trainer.epoch(&mut network, &mut moments, history.epochs.len(), training)?;
            let plain = network.valid();
            epoch.validation = validation.map(|data| trainer.score(&plain, data)).transpose()?;
            if epoch.validation.is_some_and(|score| !score.loss.is_finite()) {
                let rate = epoch.learning_rate;
                let epoch = history.epochs.len() + 1;
                let step = trainer.steps(training.labels.len());
                return Err(TransferError::Diverged { epoch, step, rate });
            }
            epoch.seconds = clock.elapsed().as_secs_f64();
            if history.improves(&epoch) {
                kept = plain.clone();
            }
            history.epochs.push(epoch);
            if let Some((path, identity)) = &file {
                let now = Checkpoint { network: plain, kept, moments, epochs: history.epochs };
                now.write(path, identity)?;
                (kept, moments, history.epochs) = (now.kept, now.moments, now.epochs);
            }
            if watch(&epoch).is_break() {
                break;
            }
        }
        Ok(FineTuned { network: kept, history })
    }

    fn check(&self, validation: Option<Labelled<'_>>) -> Result<(), TransferError> {
        if self.batch == 0 {
            return SettingError::refuse("batch", self.batch, "one picture or more a step");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            let found = self.learning_rate;
            return SettingError::refuse("learning_rate", found, "a number larger than 0");
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let found = self.label_smoothing;
            return SettingError::refuse("label_smoothing", found, "a number in [0, 1)");
        }
        if self.patience.is_some() && validation.is_none() {
            let expected = "none, or pictures for validation";
            return SettingError::refuse("patience", "given", expected);
        }
        self.optimiser.check()?;
        self.schedule.check()?;
        self.augmentation.check()
    }
}

impl Labelled<'_> {
    fn check(&self, classes: usize) -> Result<(), TransferError> {
        let (pictures, labels) = (self.pictures.len(), self.labels.len());
        if pictures != labels {
            return Err(LearnError::Labels { rows: pictures, labels }.into());
        }
        if pictures == 0 {
            return Err(TransferError::NoPictures);
        }
        match self.labels.iter().position(|&label| label >= classes) {
            Some(row) => Err(LearnError::Label { row, label: self.labels[row], classes }.into()),
            None => Ok(()),
        }
    }
}

/// Logits of a network for pictures of this size.
fn classes(network: &impl Network, [height, width]: [usize; 2]) -> Result<usize, TransferError> {
    if let Some(found) = misfit(&network.layers(), [1, 3, height, width]) {
        return SettingError::refuse("preprocessing", found, "another size");
    }
    let layers = network.summary(height, width).layers;
    match layers.last().map(|layer| layer.output_shape) {
        Some([_, classes, 1, 1]) => Ok(classes),
        shape => {
            let found = format!("one that ends in activations of shape {shape:?}");
            SettingError::refuse("network", found, "one that ends in a score for each class")
        }
    }
}
