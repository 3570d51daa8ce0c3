//! One iteration: the discriminator's steps, and the generator's.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngCore;
use rand::seq::SliceRandom;

use super::average::averaged;
use super::checkpoint::Checkpoint;
use super::history::{History, Step};
use super::loss::Loss;
use super::{AdversarialGeneration, GenerateError};
use crate::data::Pictures;
use crate::models::{Discriminator, Generator, Pass, device_of};
use crate::train::{Moments, generator as random, integers};

// From 1 on: weights are drawn from the first stream of the same seed.
const SHUFFLE: u64 = 1;
const NOISE: u64 = 2;
const LABELS: u64 = 3;
const DROPOUT: u64 = 4;

/// A training between two iterations; networks are in training.
pub(super) struct Trainer<'a> {
    settings: &'a AdversarialGeneration,
    pictures: &'a Pictures,
    device: Device,
    pub generator: Generator,
    pub discriminator: Discriminator,
    /// Out of training.
    average: Generator,
    /// Those of discriminator and generator.
    moments: [Moments; 2],
    pub history: History,
    /// The pass over the pictures that is going on, and its order.
    order: (usize, Vec<usize>),
}

impl<'a> Trainer<'a> {
    pub fn new(
        settings: &'a AdversarialGeneration,
        pictures: &'a Pictures,
        start: Checkpoint,
    ) -> Self {
        let Checkpoint { generator, discriminator, average, moments, history } = start;
        Self {
            settings,
            pictures,
            device: device_of(&generator),
            generator: generator.train(),
            discriminator: discriminator.train(),
            average,
            moments,
            history,
            order: (usize::MAX, Vec::new()),
        }
    }

    /// The generator that pictures are made with.
    pub fn best(&self) -> &Generator {
        if self.settings.average.is_some() { &self.average } else { &self.generator }
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            generator: self.generator.valid(),
            discriminator: self.discriminator.valid(),
            average: self.average.clone(),
            moments: self.moments.clone(),
            history: self.history.clone(),
        }
    }

    /// One iteration; its seconds are not measured yet.
    pub fn step(&mut self) -> Result<Step, GenerateError> {
        let AdversarialGeneration { loss, discriminator_steps, seed, .. } = *self.settings;
        let done = self.history.steps.len();
        let rates = self.rates(done);
        let dropout = &mut random(seed, DROPOUT, done, 0);
        let pass = &Pass::training(dropout);
        let mut last = None;
        for turn in 0..discriminator_steps {
            let (real, real_labels) = self.real(done * discriminator_steps + turn);
            let (fake, fake_labels) = self.fake(done, turn, pass);
            let judge = |pictures: Tensor<4>, labels: &Option<Tensor<1, Int>>| {
                judged(&self.discriminator, pictures, labels, pass)
            };
            let of_real = judge(real.autodiff(), &real_labels);
            let of_fake = judge(fake.clone().detach(), &fake_labels);
            let [first, second] =
                loss.discriminator([of_real.clone(), of_fake.clone()], self.settings.real);
            let total = first + second;
            let gradients = GradientsParams::from_grads(total.backward(), &self.discriminator);
            self.discriminator = self.moments[0].step(
                &self.settings.discriminator_optimiser,
                rates[0],
                self.discriminator.clone(),
                gradients,
            );
            if let Loss::Wasserstein { clip } = loss {
                self.discriminator = self.discriminator.clone().map(&mut Clip(clip));
            }
            last = Some((total, of_real, of_fake, fake, fake_labels));
        }
        let (total, of_real, of_fake, fake, fake_labels) = last.expect("one step or more");

        // The discriminator only passes the gradient on.
        let fixed = self.discriminator.clone().no_grad();
        let of_fake_after = judged(&fixed, fake, &fake_labels, pass);
        let generator_loss = loss.generator(of_fake_after.clone());
        let gradients = GradientsParams::from_grads(generator_loss.backward(), &self.generator);
        self.generator = self.moments[1].step(
            &self.settings.generator_optimiser,
            rates[1],
            self.generator.clone(),
            gradients,
        );
        if let Some(decay) = self.settings.average {
            // Less at first: a running variance that begins at 1 and ends at 0.001 would rule a short training.
            let n = (done + 1) as f64;
            let decay = decay.min((1.0 + n) / (10.0 + n));
            let now = self.generator.valid();
            self.average = averaged(self.average.clone(), &now, decay);
        }

        // One reading for all numbers: each waits for the device.
        let mean = |logits: Tensor<1>| sigmoid(logits).mean();
        let numbers =
            vec![total, generator_loss, mean(of_real), mean(of_fake), mean(of_fake_after)];
        let numbers: Vec<f64> = Tensor::cat(numbers, 0).into_data().iter().collect();
        let [discriminator_loss, generator_loss, real, fake, fake_after] = numbers[..] else {
            unreachable!("five numbers");
        };
        let (iteration, seconds) = (done + 1, 0.0);
        let step =
            Step { iteration, discriminator_loss, generator_loss, real, fake, fake_after, seconds };
        match discriminator_loss.is_finite() && generator_loss.is_finite() {
            true => Ok(step),
            false => Err(self.diverged(&step)),
        }
    }

    /// Whether all parameters and running statistics are finite after an iteration.
    pub fn check_parameters(&self, step: &Step) -> Result<(), GenerateError> {
        let mut sums = Sums(Vec::new());
        self.generator.valid().visit(&mut sums);
        self.discriminator.valid().visit(&mut sums);
        let sums = Tensor::cat(sums.0, 0).into_data();
        match sums.iter::<f32>().all(f32::is_finite) {
            true => Ok(()),
            false => Err(self.diverged(step)),
        }
    }

    fn diverged(&self, step: &Step) -> GenerateError {
        GenerateError::Diverged {
            iteration: step.iteration,
            discriminator_loss: step.discriminator_loss,
            generator_loss: step.generator_loss,
            rates: self.rates(step.iteration - 1),
            checkpoint: self.settings.checkpoint.clone().filter(|path| path.exists()),
        }
    }

    /// Those of discriminator and generator.
    fn rates(&self, done: usize) -> [f64; 2] {
        let AdversarialGeneration { discriminator_rate, generator_rate, iterations, .. } =
            *self.settings;
        [discriminator_rate, generator_rate]
            .map(|first| self.settings.schedule.at(first, done as f64, iterations))
    }

    /// The batch of a turn, counted from the first of all; in each pass over the pictures, in a new order,
    /// those that do not fill a batch are left out.
    fn real(&mut self, turn: usize) -> (Tensor<4>, Option<Tensor<1, Int>>) {
        let AdversarialGeneration { batch, seed, .. } = *self.settings;
        let batches = self.pictures.len() / batch;
        let pass = turn / batches;
        if self.order.0 != pass {
            let mut order: Vec<usize> = (0..self.pictures.len()).collect();
            order.shuffle(&mut random(seed, SHUFFLE, pass, 0));
            self.order = (pass, order);
        }
        let chosen = &self.order.1[turn % batches * batch..][..batch];
        let labels = chosen.iter().map(|&i| i64::from(self.pictures.labels[i]));
        (self.pictures.signed(chosen, &self.device), self.labels(labels))
    }

    /// Pictures of new noise, with labels by chance.
    fn fake(
        &self,
        done: usize,
        turn: usize,
        pass: &Pass<'_>,
    ) -> (Tensor<4>, Option<Tensor<1, Int>>) {
        let AdversarialGeneration { batch, seed, .. } = *self.settings;
        let shape = [batch, self.generator.latent_dim()];
        let noise = self.settings.noise.draw(shape[0] * shape[1], random(seed, NOISE, done, turn));
        let noise = Tensor::<2>::from_data(TensorData::new(noise, shape), &self.device).autodiff();
        let classes = self.generator.classes() as u64;
        let mut chance = random(seed, LABELS, done, turn);
        // The share of 2^32 below a draw, in whole classes.
        let draw = |_| ((u64::from(chance.next_u32()) * classes) >> 32) as i64;
        let labels = self.labels((0..batch).map(draw));
        let made = self.generator.forward_in(noise, labels.clone(), pass);
        (made, labels)
    }

    fn labels(&self, labels: impl Iterator<Item = i64>) -> Option<Tensor<1, Int>> {
        (self.generator.classes() > 0).then(|| integers(labels, &self.device))
    }
}

impl Checkpoint {
    /// Before the first iteration.
    pub fn new(generator: Generator, discriminator: Discriminator) -> Self {
        // A copy of its own: clones share the running statistics.
        let average = generator.valid();
        let (moments, history) = Default::default();
        Self { generator, discriminator, average, moments, history }
    }
}

/// Logits in training; a discriminator without classes sees no labels.
fn judged(
    discriminator: &Discriminator,
    pictures: Tensor<4>,
    labels: &Option<Tensor<1, Int>>,
    pass: &Pass<'_>,
) -> Tensor<1> {
    let labels = labels.clone().filter(|_| discriminator.classes() > 0);
    discriminator.forward_in(pictures, labels, pass)
}

/// The mean size of each tensor's numbers: not finite if one of them is not.
struct Sums(Vec<Tensor<1>>);

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.0.push(parameter.val().abs().mean());
    }
}

/// Cuts parameters off.
struct Clip(f64);

impl ModuleMapper for Clip {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Running statistics are no parameters.
        if !parameter.is_require_grad() {
            return parameter;
        }
        parameter.map(|tensor| tensor.inner().clamp(-self.0, self.0).autodiff().require_grad())
    }
}
