//! One epoch: pictures to gradients to steps, and how well it went.

use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;

use super::history::{Epoch, Score};
use super::split::Split;
use super::{FineTune, Labelled, TransferError};
use crate::SettingError;
use crate::image::{self, Pixels, Preprocessing, RgbImage};
use crate::models::{Network, Pass};
use crate::train::{Moments, generator, integers, progress_bar};

const SHUFFLE: u64 = 0;
const AUGMENT: u64 = 1;
const DROPOUT: u64 = 2;

/// What stays the same through a training.
pub(super) struct Trainer<'a, N> {
    pub settings: &'a FineTune,
    pub split: Split,
    /// The frozen layers stay as they are: one copy of them, out of training, serves every step.
    pub frozen: N,
    pub preprocessing: &'a Preprocessing,
    pub device: Device,
    /// Whether a rest of one picture is part of the step before.
    pub merges_rest: bool,
}

impl<N: Network> Trainer<'_, N> {
    /// Once over the training pictures; the epoch is not validated yet.
    pub fn epoch(
        &self,
        network: &mut N,
        moments: &mut Moments,
        epoch: usize,
        data: Labelled<'_>,
    ) -> Result<Epoch, TransferError> {
        let FineTune { batch, seed, epochs, learning_rate, .. } = *self.settings;
        let mut order: Vec<usize> = (0..data.pictures.len()).collect();
        order.shuffle(&mut generator(seed, SHUFFLE, epoch, 0));
        let steps = self.steps(order.len());
        let loss = CrossEntropyLossConfig::new()
            .with_smoothing(Some(self.settings.label_smoothing).filter(|&share| share > 0.0))
            .init(&self.device.clone().autodiff());
        let bar = progress_bar(steps, format!("epoch {}/{epochs}", epoch + 1));
        let mut sums = Sums::default();
        for step in 0..steps {
            let end = if step + 1 == steps { order.len() } else { (step + 1) * batch };
            let chosen = &order[step * batch..end];
            let augmented = chosen.iter().map(|&i| {
                let generator = &mut generator(seed, AUGMENT, epoch, i);
                let resize = self.preprocessing.resize;
                self.settings.augmentation.apply(&data.pictures[i], resize, generator)
            });
            let input = self.input(&augmented.collect::<Result<Vec<_>, _>>()?);
            let labels: Vec<usize> = chosen.iter().map(|&i| data.labels[i]).collect();
            let rate = self.settings.schedule.at(
                learning_rate,
                epoch as f64 + step as f64 / steps as f64,
                epochs,
            );

            let activations = self.split.frozen(&self.frozen, input)?.autodiff();
            let dropout = &mut generator(seed, DROPOUT, epoch, step);
            let logits = self.split.trained(network, activations, &Pass::training(dropout));
            let loss = loss.forward(
                logits.clone(),
                integers(labels.iter().map(|&label| label as i64), &logits.device()),
            );
            let value = loss.clone().into_scalar::<f32>();
            if !value.is_finite() {
                return Err(TransferError::Diverged { epoch: epoch + 1, step: step + 1, rate });
            }
            let gradients = GradientsParams::from_grads(loss.backward(), network);
            *network = moments.step(&self.settings.optimiser, rate, network.clone(), gradients);
            sums.add(value, logits, &labels);
            bar.inc(1);
            bar.set_message(format!("loss {:.3}", sums.score().loss));
        }
        bar.finish_and_clear();
        let rate = self.settings.schedule.at(learning_rate, epoch as f64, epochs);
        Ok(Epoch { training: sums.score(), validation: None, learning_rate: rate, seconds: 0.0 })
    }

    /// Loss (without smoothing) and accuracy of a network out of training, pictures as they are.
    pub fn score(&self, network: &N, data: Labelled<'_>) -> Result<Score, TransferError> {
        let mut sums = Sums::default();
        let loss = CrossEntropyLoss::new(None, &self.device);
        let batches = data.pictures.chunks(self.settings.batch);
        for (pictures, labels) in batches.zip(data.labels.chunks(self.settings.batch)) {
            let resized = pictures.iter().map(|one| image::resize(one, self.preprocessing.resize));
            let logits = network.forward(self.input(&resized.collect::<Result<Vec<_>, _>>()?));
            let loss = loss.forward(
                logits.clone(),
                integers(labels.iter().map(|&label| label as i64), &self.device),
            );
            sums.add(loss.into_scalar::<f32>(), logits, labels);
        }
        Ok(sums.score())
    }

    /// Sees to it that no step has one picture alone where a batch norm would see one value of each
    /// channel: it is its own mean, and the variance 0 would go into the running ones. PyTorch refuses it.
    pub fn merge_rest(&mut self, data: Labelled<'_>) -> Result<(), TransferError> {
        let (pictures, batch) = (data.pictures.len(), self.settings.batch);
        if batch > 1 && pictures % batch != 1 {
            return Ok(());
        }
        let picture = image::resize(&data.pictures[0], self.preprocessing.resize)?;
        let activations = self.split.frozen(&self.frozen, self.input(&[picture]))?;
        let pass = Pass::default();
        self.split.trained(&self.frozen, activations, &pass);
        self.merges_rest = pass.saw_one_value();
        if self.merges_rest && pictures.min(batch) == 1 {
            let found = format!("{batch}, for {pictures} pictures");
            let expected =
                "two pictures or more a step: of one, a batch norm sees one value of each channel";
            return SettingError::refuse("batch", found, expected);
        }
        Ok(())
    }

    /// Steps of an epoch.
    pub fn steps(&self, pictures: usize) -> usize {
        pictures.div_ceil(self.settings.batch) - usize::from(self.merges_rest)
    }

    fn input(&self, pictures: &[RgbImage]) -> Tensor<4> {
        self.preprocessing.normalise(&Pixels::from_pictures(pictures, &self.device)).into_tensor()
    }
}

/// What a [`Score`] is the mean of.
#[derive(Default)]
struct Sums {
    loss: f64,
    right: usize,
    pictures: usize,
}

impl Sums {
    fn add(&mut self, loss: f32, logits: Tensor<2>, labels: &[usize]) {
        let found: Vec<i64> = logits.argmax(1).into_data().iter::<i64>().collect();
        self.loss += f64::from(loss) * labels.len() as f64;
        self.right += found.iter().zip(labels).filter(|&(&a, &b)| a == b as i64).count();
        self.pictures += labels.len();
    }

    fn score(&self) -> Score {
        let pictures = self.pictures as f64;
        Score { loss: self.loss / pictures, accuracy: self.right as f64 / pictures }
    }
}
