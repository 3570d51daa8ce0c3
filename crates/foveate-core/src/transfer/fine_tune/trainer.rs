//! The fine-tuning: images to gradients to steps, and how well it went.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use super::checkpoint::identity;
use super::history::{Epoch, History, Score, best, out_of_patience};
use super::labeled::Labeled;
use super::settings::FineTune;
use super::split::Split;
use crate::SettingError;
use crate::image::{self, Pixels, Preprocessing, RgbImage};
use crate::models::{Network, Pass, check_size, device_of};
use crate::progress::progress_bar;
use crate::random::step_stream;
use crate::train::{Epochs, OptimizerState, integers, last_good, run_epochs, shuffled};
use crate::transfer::error::TransferError;
use crate::values::argmax_rows;

/// A trained network.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FineTuned<N> {
    /// The network after its best epoch on the validation images (without them, after the last),
    /// in evaluation mode.
    pub network: N,
    /// How it went.
    pub history: History,
}

impl FineTune {
    /// Trains `network`, which gives one logit a class (see [`new_head`](super::new_head)), on the device it is on.
    /// Validation images choose the best epoch; they are never learned from.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: settings out of range, labels that are no classes, unusable images, a
    /// checkpoint that is damaged or of another training, a loss that is not finite.
    pub fn run<N: Network>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        training: Labeled<'_>,
        validation: Option<Labeled<'_>>,
    ) -> Result<FineTuned<N>, TransferError> {
        self.run_with(network, preprocessing, training, validation, |_| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `observe` sees every epoch when it is over (and in the checkpoint), and
    /// may end the training.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_with<N: Network>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        training: Labeled<'_>,
        validation: Option<Labeled<'_>>,
        observe: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<FineTuned<N>, TransferError> {
        preprocessing.resize.check()?;
        let start = network.valid();
        let device = device_of(&start);
        let split = Split::new(&start.clone().train(), &self.trainable)?;
        let classes = classes(&start, preprocessing.size())?;
        self.check(validation, classes)?;
        training.check(classes)?;
        validation.map_or(Ok(()), |labeled| labeled.check(classes))?;

        let file = match self.checkpoint.as_deref() {
            Some(path) => {
                Some((path, identity(self, &start, preprocessing, training, validation)?))
            }
            None => None,
        };
        let frozen = start.clone();
        let mut trainer = Trainer {
            settings: self,
            split,
            frozen,
            preprocessing,
            training,
            validation,
            device,
            merges_rest: false,
        };
        trainer.merge_rest(training)?;
        let (network, epochs) = run_epochs(&trainer, &start, &self.optimizer, file, observe)?;
        Ok(FineTuned { network, history: History { epochs } })
    }
}

impl<N: Network> Epochs<N> for Trainer<'_, N> {
    type Epoch = Epoch;
    type Error = TransferError;

    fn epoch(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        number: usize,
    ) -> Result<(N, Epoch), TransferError> {
        let clock = Instant::now();
        let mut epoch = self.train_epoch(network, optimizer_state, number)?;
        let valid = network.valid();
        epoch.validation = self.validation.map(|data| self.score(&valid, data)).transpose()?;
        if epoch.validation.is_some_and(|score| !score.loss.is_finite()) {
            let step = self.steps(self.training.len());
            return Err(self.diverged([number + 1, step], epoch.learning_rate));
        }
        epoch.seconds = clock.elapsed().as_secs_f64();
        Ok((valid, epoch))
    }

    fn is_best(&self, epochs: &[Epoch]) -> bool {
        best(epochs) == epochs.len().checked_sub(1)
    }

    fn is_over(&self, epochs: &[Epoch]) -> bool {
        epochs.len() >= self.settings.epochs || out_of_patience(epochs, self.settings.patience)
    }
}

const SHUFFLE: u64 = 0;
const AUGMENT: u64 = 1;
const DROPOUT: u64 = 2;

/// What stays the same through a training.
struct Trainer<'a, N> {
    settings: &'a FineTune,
    split: Split,
    /// The frozen layers stay as they are: one copy of them, in evaluation mode, serves every step.
    frozen: N,
    preprocessing: &'a Preprocessing,
    training: Labeled<'a>,
    validation: Option<Labeled<'a>>,
    device: Device,
    /// Whether a rest of one image is part of the step before.
    merges_rest: bool,
}

impl<N: Network> Trainer<'_, N> {
    /// Once over the training images; the epoch is not validated yet.
    fn train_epoch(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        epoch: usize,
    ) -> Result<Epoch, TransferError> {
        let FineTune { batch, seed, epochs, learning_rate, .. } = *self.settings;
        let data = self.training;
        let order = shuffled(data.len(), seed, SHUFFLE, epoch);
        let steps = self.steps(order.len());
        let loss = CrossEntropyLossConfig::new()
            .with_smoothing(Some(self.settings.label_smoothing).filter(|&share| share > 0.0))
            .with_weights(self.settings.class_weights.clone())
            .init(&self.device.clone().autodiff());
        let bar = progress_bar(steps, format!("epoch {}/{epochs}", epoch + 1));
        let mut sums = Sums::default();
        let mut rate = learning_rate;
        for step in 0..steps {
            let end = if step + 1 == steps { order.len() } else { (step + 1) * batch };
            let chosen = &order[step * batch..end];
            let resize = self.preprocessing.resize;
            let augmented = chosen.par_iter().map(|&i| {
                let generator = &mut step_stream(seed, AUGMENT, epoch, i);
                self.settings.augmentation.apply(&*data.image(i)?, resize, generator)
            });
            let input = self.input(&augmented.collect::<Result<Vec<_>, _>>()?);
            let labels: Vec<usize> = chosen.iter().map(|&i| data.label(i)).collect();
            rate = self.settings.schedule.at(
                learning_rate,
                epoch as f64 + step as f64 / steps as f64,
                epochs,
            );

            let activations = self.split.frozen(&self.frozen, input)?.autodiff();
            let dropout = &mut step_stream(seed, DROPOUT, epoch, step);
            let logits = self.split.trained(network, activations, &Pass::training(dropout));
            let loss = loss.forward(
                logits.clone(),
                integers(labels.iter().map(|&label| label as i64), &logits.device()),
            );
            let value = loss.clone().into_scalar::<f32>();
            if !value.is_finite() {
                return Err(self.diverged([epoch + 1, step + 1], rate));
            }
            let gradients = GradientsParams::from_grads(loss.backward(), network);
            *network =
                optimizer_state.step(&self.settings.optimizer, rate, network.clone(), gradients);
            sums.add(value, logits, &labels);
            bar.inc(1);
            bar.set_message(format!("loss {:.3}", sums.score().loss));
        }
        bar.finish_and_clear();
        Ok(Epoch { training: sums.score(), validation: None, learning_rate: rate, seconds: 0.0 })
    }

    fn diverged(&self, [epoch, step]: [usize; 2], rate: f64) -> TransferError {
        let checkpoint = last_good(&self.settings.checkpoint);
        TransferError::Diverged { epoch, step, rate, checkpoint }
    }

    /// Loss (without smoothing) and accuracy of a network in evaluation mode, images as they are.
    fn score(&self, network: &N, data: Labeled<'_>) -> Result<Score, TransferError> {
        let mut sums = Sums::default();
        let loss = CrossEntropyLoss::new(None, &self.device);
        let all: Vec<usize> = (0..data.len()).collect();
        for chosen in all.chunks(self.settings.batch) {
            let labels: Vec<usize> = chosen.iter().map(|&i| data.label(i)).collect();
            let resize = self.preprocessing.resize;
            let resized = chosen.par_iter().map(|&i| image::resize(&*data.image(i)?, resize));
            let logits = network.forward(self.input(&resized.collect::<Result<Vec<_>, _>>()?));
            let loss = loss.forward(
                logits.clone(),
                integers(labels.iter().map(|&label| label as i64), &self.device),
            );
            sums.add(loss.into_scalar::<f32>(), logits, &labels);
        }
        Ok(sums.score())
    }

    /// Sees to it that no step has one image alone where a batch norm would see one value of each
    /// channel: it is its own mean, and the variance 0 would go into the running ones. PyTorch refuses it.
    fn merge_rest(&mut self, data: Labeled<'_>) -> Result<(), TransferError> {
        let (images, batch) = (data.len(), self.settings.batch);
        if batch > 1 && images % batch != 1 {
            return Ok(());
        }
        let image = image::resize(&*data.image(0)?, self.preprocessing.resize)?;
        let activations = self.split.frozen(&self.frozen, self.input(&[image]))?;
        let pass = Pass::default();
        self.split.trained(&self.frozen, activations, &pass);
        self.merges_rest = pass.saw_one_value();
        if self.merges_rest && images.min(batch) == 1 {
            let found = format!("{batch}, for {images} images");
            let expected =
                "two images or more a step: of one, a batch norm sees one value of each channel";
            return SettingError::refuse("batch", found, expected);
        }
        Ok(())
    }

    /// Steps of an epoch.
    fn steps(&self, images: usize) -> usize {
        images.div_ceil(self.settings.batch) - usize::from(self.merges_rest)
    }

    fn input(&self, images: &[RgbImage]) -> Tensor<4> {
        self.preprocessing.normalize(&Pixels::from_images(images, &self.device)).into_tensor()
    }
}

/// What a [`Score`] is the mean of.
#[derive(Default)]
struct Sums {
    loss: f64,
    right: usize,
    images: usize,
}

impl Sums {
    fn add(&mut self, loss: f32, logits: Tensor<2>, labels: &[usize]) {
        self.loss += f64::from(loss) * labels.len() as f64;
        self.right += argmax_rows(&logits).iter().zip(labels).filter(|(a, b)| a == b).count();
        self.images += labels.len();
    }

    fn score(&self) -> Score {
        let images = self.images as f64;
        Score { loss: self.loss / images, accuracy: self.right as f64 / images }
    }
}

/// Logits of a network for images of this size.
fn classes(network: &impl Network, [height, width]: [usize; 2]) -> Result<usize, TransferError> {
    check_size(&network.layers(), [height, width])?;
    let layers = network.summary(height, width).layers;
    match layers.last().map(|layer| layer.output_shape) {
        Some([_, classes, 1, 1]) => Ok(classes),
        shape => {
            let found = format!("one that ends in activations of shape {shape:?}");
            SettingError::refuse("network", found, "one that ends in a score for each class")
        }
    }
}
