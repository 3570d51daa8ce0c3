//! The domain-adversarial training: images of two domains to gradients to steps, and how well it went.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::checkpoint::identity;
use super::dann_training::{DannTraining, Domain, check_domains};
use super::error::AdaptError;
use super::history::{Epoch, History, chosen};
use super::outputs::outputs;
use super::schedule::UpdateEvery;
use super::validator::{Evidence, Validator};
use crate::image::Preprocessing;
use crate::models::{DomainAdversarial, device_of};
use crate::progress::progress_bar;
use crate::train::{Cycle, Epochs, OptimizerState, last_good, run_epochs, shuffled};
use crate::values::argmax_rows;

/// An adapted network.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Adapted<N> {
    /// The network after the epoch that was kept, in evaluation mode.
    pub network: N,
    /// How it went.
    pub history: History,
}

impl DannTraining {
    /// Trains `network` on the device it is on.
    ///
    /// # Errors
    ///
    /// [`AdaptError`]: settings out of range, too few images or of several sizes, labels that are no
    /// classes, a checkpoint that is damaged or of another training, a loss that is not finite.
    pub fn run<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.run_with(network, preprocessing, source, target, |_| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `observe` sees every epoch when it is over (and in the checkpoint), and may
    /// end the training.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_with<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
        observe: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.run_on(network, preprocessing, [source, target], None, observe)
    }

    /// As [`run_with`](Self::run_with), with labels for some of the target's training images.
    pub(super) fn run_on<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        domains: [Domain<'_>; 2],
        pseudo_labels: Option<&[Option<usize>]>,
        observe: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.check()?;
        let start = network.valid();
        let device = device_of(&start);
        check_domains(&start, preprocessing, domains, self.batch)?;
        let identity = || identity(self, &start, preprocessing, domains, pseudo_labels);
        let file = self.checkpoint.as_deref().map(|path| (path, identity()));
        let trainer = Trainer { settings: self, preprocessing, domains, pseudo_labels, device };
        let (network, epochs) = run_epochs(&trainer, &start, &self.optimizer, file, observe)?;
        Ok(Adapted { network, history: History { epochs } })
    }
}

impl<N: DomainAdversarial> Epochs<N> for Trainer<'_> {
    type Epoch = Epoch;
    type Error = AdaptError;

    fn epoch(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        number: usize,
    ) -> Result<(N, Epoch), AdaptError> {
        let clock = Instant::now();
        let mut epoch = self.train_epoch(network, optimizer_state, number)?;
        let valid = network.valid();
        self.validate(&valid, &mut epoch, number)?;
        epoch.seconds = clock.elapsed().as_secs_f64();
        Ok((valid, epoch))
    }

    fn is_best(&self, epochs: &[Epoch]) -> bool {
        let last = epochs.len().checked_sub(1);
        self.settings.validator.is_none_or(|validator| chosen(epochs, validator) == last)
    }

    fn is_over(&self, epochs: &[Epoch]) -> bool {
        epochs.len() >= self.settings.epochs
    }
}

// Purposes of random streams, from 1 on: weights are drawn from the first stream of the same seed.
const SHUFFLE_SOURCE: u64 = 1;
const SHUFFLE_TARGET: u64 = 2;
const SHUFFLE_PSEUDO_LABELS: u64 = 3;
pub(super) const AUGMENT_SOURCE: u64 = 4;
pub(super) const AUGMENT_TARGET: u64 = 5;
pub(super) const AUGMENT_PSEUDO_LABELS: u64 = 6;
pub(super) const DROPOUT: u64 = 7;
pub(super) const DROPOUT_PSEUDO_LABELS: u64 = 8;

/// What stays the same through a training.
pub(super) struct Trainer<'a> {
    pub settings: &'a DannTraining,
    pub preprocessing: &'a Preprocessing,
    /// Source and target.
    pub domains: [Domain<'a>; 2],
    /// Labels for some of the target's training images.
    pub pseudo_labels: Option<&'a [Option<usize>]>,
    pub device: Device,
}

/// Where in a training a step is.
struct Progress {
    /// The share of the training that is done.
    progress: f64,
    lambda: f64,
    /// The learning rate.
    rate: f64,
}

impl Trainer<'_> {
    /// Once over the source's training images; the epoch is not validated yet.
    fn train_epoch<N: DomainAdversarial>(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        epoch: usize,
    ) -> Result<Epoch, AdaptError> {
        let DannTraining { batch, seed, epochs, pseudo_label_steps, .. } = *self.settings;
        let [source, target] = self.domains.map(|domain| domain.training);
        let order = shuffled(source.len(), seed, SHUFFLE_SOURCE, epoch);
        let cycle = |purpose| Cycle::new(target.len(), batch, seed, purpose);
        let (mut targets, mut between_batches) =
            (cycle(SHUFFLE_TARGET), cycle(SHUFFLE_PSEUDO_LABELS));
        let steps = self.steps();
        let bar = progress_bar(steps, format!("epoch {}/{epochs}", epoch + 1));
        let mut sums = Sums::default();
        let mut pace = self.pace(epoch, 0, steps);
        for step in 0..steps {
            pace = self.pace(epoch, step, steps);
            let number = epoch * steps + step;
            let chosen = [&order[step * batch..][..batch], targets.batch(number)];
            let [class_loss, domain_loss] =
                self.step(network, optimizer_state, chosen, &pace, [epoch, step], &mut sums)?;
            if let Some(between) = pseudo_label_steps
                && (number + 1).is_multiple_of(between.every)
                && let weight = between.at(pace.progress)
                && weight > 0.0
            {
                let chosen = between_batches.batch(number / between.every);
                let loss = self.pseudo_label_loss(network, chosen, epoch, step)?;
                let losses = [loss.clone().into_scalar::<f32>(), domain_loss];
                self.check_finite(losses, [pace.lambda, pace.rate], [epoch, step])?;
                self.descend(network, optimizer_state, loss * weight, pace.rate);
            }
            bar.inc(1);
            if step % 10 == 0 {
                bar.set_message(format!("classes {class_loss:.3}, domains {domain_loss:.3}"));
            }
        }
        bar.finish_and_clear();
        let steps = steps as f64;
        Ok(Epoch {
            class_loss: sums.class_loss / steps,
            domain_loss: self.settings.lambda.map(|_| sums.domain_loss / steps),
            training_accuracy: sums.right as f64 / (steps * batch as f64),
            source_accuracy: f64::NAN,
            target_accuracy: f64::NAN,
            domain_accuracy: None,
            validators: [f64::NAN; Validator::ALL.len()],
            lambda: pace.lambda,
            learning_rate: pace.rate,
            seconds: 0.0,
        })
    }

    /// Steps of an epoch.
    pub fn steps(&self) -> usize {
        self.domains[0].training.len() / self.settings.batch
    }

    /// How far the training is at a step, and what follows from it.
    fn pace(&self, epoch: usize, step: usize, steps: usize) -> Progress {
        let DannTraining { epochs, learning_rate, .. } = *self.settings;
        let done = match self.settings.update_every {
            UpdateEvery::Batch => epoch as f64 + step as f64 / steps as f64,
            UpdateEvery::Epoch => epoch as f64,
        };
        let progress = done / epochs as f64;
        let lambda = self.settings.lambda.map_or(0.0, |lambda| lambda.at(progress));
        Progress { progress, lambda, rate: self.settings.schedule.at(learning_rate, done, epochs) }
    }

    /// One step on a batch of either domain; the losses of classes and domains.
    fn step<N: DomainAdversarial>(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        chosen: [&[usize]; 2],
        pace: &Progress,
        [epoch, step]: [usize; 2],
        sums: &mut Sums,
    ) -> Result<[f32; 2], AdaptError> {
        let losses = self.losses(network, chosen, pace.lambda, epoch, step)?;
        let domains = losses.domains.clone();
        let values = [Some(losses.classes.clone()), domains]
            .map(|loss| loss.map_or(0.0, |loss| loss.into_scalar::<f32>()));
        self.check_finite(values, [pace.lambda, pace.rate], [epoch, step])?;
        let labels = &self.domains[0].training.labels;
        let predictions = argmax_rows(&losses.source_logits);
        let pairs = predictions.iter().zip(chosen[0]);
        sums.add(values, pairs.filter(|&(&class, &i)| class == labels[i]).count());
        let total = match losses.domains {
            Some(domains) => losses.classes + domains,
            None => losses.classes,
        };
        self.descend(network, optimizer_state, total, pace.rate);
        Ok(values)
    }

    fn descend<N: DomainAdversarial>(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        loss: Tensor<1>,
        rate: f64,
    ) {
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        *network = optimizer_state.step(&self.settings.optimizer, rate, network.clone(), gradients);
    }

    /// An error for losses of classes and domains that are not finite.
    fn check_finite(
        &self,
        [class_loss, domain_loss]: [f32; 2],
        [lambda, rate]: [f64; 2],
        [epoch, step]: [usize; 2],
    ) -> Result<(), AdaptError> {
        if class_loss.is_finite() && domain_loss.is_finite() {
            return Ok(());
        }
        let checkpoint = last_good(&self.settings.checkpoint);
        let (epoch, step) = (epoch + 1, step + 1);
        Err(AdaptError::Diverged { epoch, step, class_loss, domain_loss, lambda, rate, checkpoint })
    }

    /// Measures a network in evaluation mode on the validation images.
    fn validate<N: DomainAdversarial>(
        &self,
        network: &N,
        epoch: &mut Epoch,
        number: usize,
    ) -> Result<(), AdaptError> {
        let [source, target] = self.domains.map(|domain| domain.validation);
        let [of_source, of_target] =
            [source, target].map(|set| outputs(network, self.preprocessing, set));
        // The last step may have been the one too far.
        let largest = [
            largest(&of_source.logits).max(largest(&of_target.logits)),
            largest(&of_source.domain_logits).max(largest(&of_target.domain_logits)),
        ];
        let steps = self.steps();
        self.check_finite(largest, [epoch.lambda, epoch.learning_rate], [number, steps - 1])?;

        epoch.source_accuracy = of_source.accuracy(&source.labels);
        epoch.target_accuracy = of_target.accuracy(&target.labels);
        epoch.domain_accuracy = epoch.domain_loss.map(|_| {
            let right = of_source.domain_logits.iter().filter(|&&logit| logit < 0.0).count()
                + of_target.domain_logits.iter().filter(|&&logit| logit >= 0.0).count();
            right as f64 / (source.len() + target.len()) as f64
        });
        let evidence = Evidence {
            source_logits: &of_source.logits,
            source_labels: &source.labels,
            target_logits: &of_target.logits,
            classes: of_source.classes,
        };
        epoch.validators = Validator::ALL.map(|validator| validator.score(&evidence));
        Ok(())
    }
}

/// The largest size; infinite if one is not finite.
fn largest(logits: &[f32]) -> f32 {
    let size = |logit: &f32| if logit.is_finite() { logit.abs() } else { f32::INFINITY };
    logits.iter().map(size).fold(0.0, f32::max)
}

/// What an epoch's numbers are the means of.
#[derive(Default)]
struct Sums {
    class_loss: f64,
    domain_loss: f64,
    right: usize,
}

impl Sums {
    fn add(&mut self, [class_loss, domain_loss]: [f32; 2], right: usize) {
        self.class_loss += f64::from(class_loss);
        self.domain_loss += f64::from(domain_loss);
        self.right += right;
    }
}
