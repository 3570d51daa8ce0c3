//! The adversarial training, iteration by iteration: the discriminator's steps, and the generator's.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngCore;

use super::average::averaged;
use super::checkpoint::{Checkpoint, identity};
use super::error::GenerateError;
use super::gan_training::GanTraining;
use super::history::{History, Step};
use super::loss::Loss;
use crate::SettingError;
use crate::data::Images;
use crate::models::{Discriminator, Generator, Pass, device_of};
use crate::progress::progress_bar;
use crate::random::step_stream;
use crate::train::{Cycle, OptimizerState, integers, last_good};

/// A pair of trained networks, in evaluation mode.
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

impl GanTraining {
    /// Trains a pair of networks on the device that they are on. If the generator has classes, it learns
    /// to draw the images' labels; the discriminator sees them if it has classes.
    ///
    /// # Errors
    ///
    /// [`GenerateError`]: settings out of range, too few images or of another size, labels that are no
    /// classes, a checkpoint that is damaged or of another training, a loss that is not finite.
    ///
    /// # Panics
    ///
    /// If the discriminator does not take the generator's images, or has other classes.
    pub fn run(
        &self,
        generator: Generator,
        discriminator: Discriminator,
        images: &Images,
    ) -> Result<Generated, GenerateError> {
        self.run_with(generator, discriminator, images, |_, _| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `observe` sees every iteration when it is over, with the generator (or its
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
    pub fn run_with(
        &self,
        generator: Generator,
        discriminator: Discriminator,
        images: &Images,
        mut observe: impl FnMut(&Step, &Generator) -> ControlFlow<()>,
    ) -> Result<Generated, GenerateError> {
        self.check()?;
        let (generator, discriminator) = (generator.valid(), discriminator.valid());
        self.check_images(&generator, &discriminator, images)?;
        let file = self
            .checkpoint
            .as_ref()
            .map(|path| (path, identity(self, &generator, &discriminator, images)));
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
        let mut trainer = Trainer::new(self, images, now);
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
            let over = observe(&step, trainer.best()).is_break()
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
}

// From 1 on: weights are drawn from the first stream of the same seed.
const SHUFFLE: u64 = 1;
const NOISE: u64 = 2;
const LABELS: u64 = 3;
const DROPOUT: u64 = 4;

/// Images, and their labels if there are classes.
type Batch = (Tensor<4>, Option<Tensor<1, Int>>);

/// A training between two iterations; networks are in training mode.
struct Trainer<'a> {
    settings: &'a GanTraining,
    images: &'a Images,
    device: Device,
    generator: Generator,
    discriminator: Discriminator,
    /// Out of training.
    average: Generator,
    /// Those of discriminator and generator.
    optimizers: [OptimizerState; 2],
    history: History,
    /// Real images.
    batches: Cycle,
}

impl<'a> Trainer<'a> {
    pub fn new(settings: &'a GanTraining, images: &'a Images, start: Checkpoint) -> Self {
        let Checkpoint { generator, discriminator, average, optimizers, history } = start;
        Self {
            settings,
            images,
            device: device_of(&generator),
            generator: generator.train(),
            discriminator: discriminator.train(),
            average,
            optimizers,
            history,
            batches: Cycle::new(images.len(), settings.batch, settings.seed, SHUFFLE),
        }
    }

    /// The generator that images are made with.
    fn best(&self) -> &Generator {
        if self.settings.ema_decay.is_some() { &self.average } else { &self.generator }
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            generator: self.generator.valid(),
            discriminator: self.discriminator.valid(),
            average: self.average.clone(),
            optimizers: self.optimizers.clone(),
            history: self.history.clone(),
        }
    }

    /// One iteration; its seconds are not measured yet.
    fn step(&mut self) -> Result<Step, GenerateError> {
        let GanTraining { loss, discriminator_steps, seed, .. } = *self.settings;
        let done = self.history.steps.len();
        let rates = self.rates(done);
        let dropout = &mut step_stream(seed, DROPOUT, done, 0);
        let pass = &Pass::training(dropout);
        let mut last = None;
        for turn in 0..discriminator_steps {
            let real = self.real(done * discriminator_steps + turn);
            let fake = self.fake(done, turn, pass);
            last = Some((self.discriminator_step(real, &fake, rates[0], pass), fake));
        }
        let (([of_real, of_fake], total), (fake, fake_labels)) = last.expect("one step or more");

        // The discriminator only passes the gradient on.
        let fixed = self.discriminator.clone().no_grad();
        let of_fake_after = judged(&fixed, fake, &fake_labels, pass);
        let generator_loss = loss.generator(of_fake_after.clone());
        let gradients = GradientsParams::from_grads(generator_loss.backward(), &self.generator);
        self.generator = self.optimizers[1].step(
            &self.settings.generator_optimizer,
            rates[1],
            self.generator.clone(),
            gradients,
        );
        if let Some(decay) = self.settings.ema_decay {
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

    /// One step of the discriminator: its logits of real and generated images, and its loss.
    fn discriminator_step(
        &mut self,
        (real, real_labels): Batch,
        (fake, fake_labels): &Batch,
        rate: f64,
        pass: &Pass<'_>,
    ) -> ([Tensor<1>; 2], Tensor<1>) {
        let GanTraining { loss, real_label, .. } = *self.settings;
        let of_real = judged(&self.discriminator, real.autodiff(), &real_labels, pass);
        let of_fake = judged(&self.discriminator, fake.clone().detach(), fake_labels, pass);
        let [first, second] = loss.discriminator([of_real.clone(), of_fake.clone()], real_label);
        let total = first + second;
        let gradients = GradientsParams::from_grads(total.backward(), &self.discriminator);
        self.discriminator = self.optimizers[0].step(
            &self.settings.discriminator_optimizer,
            rate,
            self.discriminator.clone(),
            gradients,
        );
        if let Loss::Wasserstein { clip } = loss {
            self.discriminator = self.discriminator.clone().map(&mut Clip(clip));
        }
        ([of_real, of_fake], total)
    }

    /// Whether all parameters and running statistics are finite after an iteration.
    fn check_parameters(&self, step: &Step) -> Result<(), GenerateError> {
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
            checkpoint: last_good(&self.settings.checkpoint),
        }
    }

    /// Those of discriminator and generator.
    fn rates(&self, done: usize) -> [f64; 2] {
        let GanTraining {
            discriminator_learning_rate, generator_learning_rate, iterations, ..
        } = *self.settings;
        [discriminator_learning_rate, generator_learning_rate]
            .map(|first| self.settings.schedule.at(first, done as f64, iterations))
    }

    /// The batch of a turn, counted from the first of all.
    fn real(&mut self, turn: usize) -> Batch {
        let chosen = self.batches.batch(turn).to_vec();
        let labels = chosen.iter().map(|&i| self.images.labels[i] as i64);
        (self.images.signed(&chosen, &self.device), self.labels(labels))
    }

    /// Images of new noise, with labels by chance.
    fn fake(&self, done: usize, turn: usize, pass: &Pass<'_>) -> Batch {
        let GanTraining { batch, seed, .. } = *self.settings;
        let shape = [batch, self.generator.latent_dim()];
        let noise =
            self.settings.noise.draw(shape[0] * shape[1], step_stream(seed, NOISE, done, turn));
        let noise = Tensor::<2>::from_data(TensorData::new(noise, shape), &self.device).autodiff();
        let classes = self.generator.classes() as u64;
        let mut chance = step_stream(seed, LABELS, done, turn);
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

/// Logits in training mode; a discriminator without classes sees no labels.
fn judged(
    discriminator: &Discriminator,
    images: Tensor<4>,
    labels: &Option<Tensor<1, Int>>,
    pass: &Pass<'_>,
) -> Tensor<1> {
    let labels = labels.clone().filter(|_| discriminator.classes() > 0);
    discriminator.forward_in(images, labels, pass)
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
