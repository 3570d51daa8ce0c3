//! One epoch: pictures of two domains to gradients to steps, and how well it went.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::seq::SliceRandom;

use super::augmentation::Augmentation;
use super::history::Epoch;
use super::validator::{Evidence, Validator};
use super::{AdaptError, AdversarialTraining, Domain, Pace};
use crate::data::Pictures;
use crate::image::{Pixels, Preprocessing};
use crate::learn::Features;
use crate::models::{DomainAdversarial, Pass, device_of, position, run};
use crate::ops::{binary_cross_entropy, gradient_reversal};
use crate::train::{Moments, generator, highest, integers, progress_bar};

// From 1 on: weights are drawn from the first stream of the same seed.
const SHUFFLE_SOURCE: u64 = 1;
const SHUFFLE_TARGET: u64 = 2;
const SHUFFLE_ALTERNATE: u64 = 3;
const AUGMENT_SOURCE: u64 = 4;
const AUGMENT_TARGET: u64 = 5;
const AUGMENT_ALTERNATE: u64 = 6;
const DROPOUT: u64 = 7;
const DROPOUT_ALTERNATE: u64 = 8;

/// What stays the same through a training.
pub(super) struct Trainer<'a> {
    pub settings: &'a AdversarialTraining,
    pub preprocessing: &'a Preprocessing,
    /// Source and target.
    pub domains: [Domain<'a>; 2],
    /// Labels for some of the target's training pictures.
    pub guesses: Option<&'a [Option<u8>]>,
    pub device: Device,
}

impl Trainer<'_> {
    /// Once over the source's training pictures; the epoch is not validated yet.
    pub fn epoch<N: DomainAdversarial>(
        &self,
        network: &mut N,
        moments: &mut Moments,
        epoch: usize,
    ) -> Result<Epoch, AdaptError> {
        let AdversarialTraining { batch, seed, epochs, learning_rate, .. } = *self.settings;
        let [source, target] = self.domains.map(|domain| domain.training);
        let order = shuffled(source.len(), seed, SHUFFLE_SOURCE, epoch);
        let steps = source.len() / batch;
        let bar = progress_bar(steps, format!("epoch {}/{epochs}", epoch + 1));
        let mut sums = Sums::default();
        let (mut lambda, mut rate) = (0.0, 0.0);
        let cycle = |purpose, step| Cycle::new(target.len(), self.settings, purpose, step);
        let mut targets = cycle(SHUFFLE_TARGET, epoch * steps);
        let turns = self.settings.alternate.map_or(0, |alternate| epoch * steps / alternate.every);
        let mut alternated = cycle(SHUFFLE_ALTERNATE, turns);
        for step in 0..steps {
            let done = match self.settings.pace {
                Pace::Batch => epoch as f64 + step as f64 / steps as f64,
                Pace::Epoch => epoch as f64,
            };
            let progress = done / epochs as f64;
            lambda = self.settings.lambda.map_or(0.0, |lambda| lambda.at(progress));
            rate = self.settings.schedule.at(learning_rate, done, epochs);

            let chosen = [&order[step * batch..][..batch], targets.next()];
            let losses = self.losses(network, chosen, lambda, epoch, step)?;
            let domains = losses.domains.clone();
            let [class_loss, domain_loss] = [Some(losses.classes.clone()), domains]
                .map(|loss| loss.map_or(0.0, |loss| loss.into_scalar::<f32>()));
            let check = |losses| self.check_finite(losses, [lambda, rate], [epoch, step]);
            check([class_loss, domain_loss])?;
            let answers = classes_of(&losses.source_logits);
            let right =
                answers.iter().zip(chosen[0]).filter(|&(&class, &i)| class == source.labels[i]);
            sums.add(class_loss, domain_loss, right.count());
            let total = match losses.domains {
                Some(domains) => losses.classes + domains,
                None => losses.classes,
            };
            let gradients = GradientsParams::from_grads(total.backward(), network);
            *network = moments.step(&self.settings.optimiser, rate, network.clone(), gradients);
            if let Some(alternate) = self.settings.alternate
                && (epoch * steps + step + 1).is_multiple_of(alternate.every)
                && let (chosen, weight) = (alternated.next(), alternate.at(progress))
                && weight > 0.0
            {
                let loss = self.answered(network, chosen, epoch, step)?;
                check([loss.clone().into_scalar::<f32>(), domain_loss])?;
                let loss = loss * weight;
                let gradients = GradientsParams::from_grads(loss.backward(), network);
                *network = moments.step(&self.settings.optimiser, rate, network.clone(), gradients);
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
            lambda,
            learning_rate: rate,
            seconds: 0.0,
        })
    }

    /// An error for losses of classes and domains that are no numbers any more.
    fn check_finite(
        &self,
        [class_loss, domain_loss]: [f32; 2],
        [lambda, rate]: [f64; 2],
        [epoch, step]: [usize; 2],
    ) -> Result<(), AdaptError> {
        if class_loss.is_finite() && domain_loss.is_finite() {
            return Ok(());
        }
        let checkpoint = self.settings.checkpoint.clone().filter(|path| path.exists());
        let (epoch, step) = (epoch + 1, step + 1);
        Err(AdaptError::Diverged { epoch, step, class_loss, domain_loss, lambda, rate, checkpoint })
    }

    /// The losses of one step, for the chosen pictures of source and target. Both pass the features
    /// together, so that batch norms see both, as in evaluation.
    fn losses<N: DomainAdversarial>(
        &self,
        network: &N,
        [source, target]: [&[usize]; 2],
        lambda: f64,
        epoch: usize,
        step: usize,
    ) -> Result<Losses, AdaptError> {
        let seed = self.settings.seed;
        let [sources, targets] = self.domains.map(|domain| domain.training);
        let steps = sources.len() / self.settings.batch;
        let mut input = self.input(sources, source, self.settings.source_augmentation, |i| {
            generator(seed, AUGMENT_SOURCE, epoch, i)
        });
        // The target's pictures that have a label, by their place in the batch.
        let guessed: Vec<(usize, u8)> = self.guesses.map_or(vec![], |guesses| {
            let guess = |(place, &i): (usize, &usize)| Some((place, guesses[i]?));
            target.iter().enumerate().filter_map(guess).collect()
        });
        let adversarial = self.settings.lambda.is_some();
        if adversarial || !guessed.is_empty() {
            let changed = self.input(targets, target, self.settings.target_augmentation, |i| {
                generator(seed, AUGMENT_TARGET, epoch * steps + step, i)
            });
            input = Tensor::cat(vec![input, changed], 0);
        }
        let layers = network.layers();
        let cut = position(&layers, network.boundary())? + 1;
        let dropout = &mut generator(seed, DROPOUT, epoch, step);
        let pass = &Pass::training(dropout);
        let features = run(&layers[..cut], input.autodiff(), pass);

        let n = source.len();
        let mut labels: Vec<i64> = source.iter().map(|&i| i64::from(sources.labels[i])).collect();
        let mut labelled = features.clone().narrow(0, 0, n);
        if !guessed.is_empty() {
            labels.extend(guessed.iter().map(|&(_, label)| i64::from(label)));
            let rows = (0..n).chain(guessed.iter().map(|&(place, _)| n + place));
            labelled =
                features.clone().select(0, integers(rows.map(|i| i as i64), &features.device()));
        }
        let logits = run(&layers[cut..], labelled, pass).flatten(1, 3);
        let device = logits.device();
        let classes = CrossEntropyLossConfig::new()
            .init(&device)
            .forward(logits.clone(), integers(labels.into_iter(), &device));
        let domains = adversarial.then(|| {
            let reversed = gradient_reversal(features, lambda);
            let logits = run(&network.domain_layers(), reversed, pass).flatten::<2>(1, 3);
            let m = target.len();
            let (from_source, from_target) =
                (logits.clone().narrow(0, 0, n), logits.narrow(0, n, m));
            let zeros = from_source.zeros_like();
            let ones = from_target.ones_like();
            binary_cross_entropy(from_source, zeros) + binary_cross_entropy(from_target, ones)
        });
        Ok(Losses { classes, domains, source_logits: logits.narrow(0, 0, n) })
    }

    /// Cross-entropy of target pictures with the network's own answers.
    fn answered<N: DomainAdversarial>(
        &self,
        network: &N,
        chosen: &[usize],
        epoch: usize,
        step: usize,
    ) -> Result<Tensor<1>, AdaptError> {
        let set = self.domains[1].training;
        let plain =
            self.input(set, chosen, Augmentation::NONE, |_| unreachable!("nothing is drawn"));
        let answers = classes_of(&network.valid().forward(plain));
        let seed = self.settings.seed;
        let steps = self.domains[0].training.len() / self.settings.batch;
        let input = self.input(set, chosen, self.settings.target_augmentation, |i| {
            generator(seed, AUGMENT_ALTERNATE, epoch * steps + step, i)
        });
        let dropout = &mut generator(seed, DROPOUT_ALTERNATE, epoch, step);
        let logits =
            run(&network.layers(), input.autodiff(), &Pass::training(dropout)).flatten(1, 3);
        let labels = integers(answers.into_iter().map(i64::from), &logits.device());
        Ok(CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels))
    }

    fn input(
        &self,
        set: &Pictures,
        chosen: &[usize],
        augmentation: Augmentation,
        generator: impl Fn(usize) -> rand_chacha::ChaCha8Rng,
    ) -> Tensor<4> {
        let pixels = if augmentation == Augmentation::NONE {
            set.batch(chosen, &self.device)
        } else {
            let size = [set.height, set.width];
            let mut values = set.values(chosen);
            let pictures = values.chunks_exact_mut(3 * set.height * set.width);
            for (picture, &i) in pictures.zip(chosen) {
                augmentation.apply(picture, size, &mut generator(i));
            }
            let shape = [chosen.len(), 3, set.height, set.width];
            Pixels::new(Tensor::from_data(TensorData::new(values, shape), &self.device))
        };
        self.preprocessing.normalise(&pixels).into_tensor()
    }

    /// Measures a network out of training on the validation pictures.
    pub fn validate<N: DomainAdversarial>(
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
        let steps = self.domains[0].training.len() / self.settings.batch;
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

struct Losses {
    classes: Tensor<1>,
    domains: Option<Tensor<1>>,
    source_logits: Tensor<2>,
}

/// What a network says of pictures.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outputs {
    /// Classes of the network.
    pub classes: usize,
    /// `[n, classes]`, row by row.
    pub logits: Vec<f32>,
    /// `[n]`: above 0 for the target domain.
    pub domain_logits: Vec<f32>,
}

impl Outputs {
    /// The class of the highest logit of each picture.
    ///
    /// # Panics
    ///
    /// If there are more than 256 classes: labels are bytes.
    pub fn answers(&self) -> Vec<u8> {
        assert!(self.classes <= 256, "{} classes do not fit a byte", self.classes);
        let highest = |row: &[f32]| highest(row) as u8;
        self.logits.chunks_exact(self.classes.max(1)).map(highest).collect()
    }

    /// Share of pictures whose answer is their label.
    ///
    /// # Panics
    ///
    /// If there is not one label a picture, or as [`answers`](Self::answers).
    pub fn accuracy(&self, labels: &[u8]) -> f64 {
        let answers = self.answers();
        assert_eq!(answers.len(), labels.len(), "one label a picture");
        let right = answers.iter().zip(labels).filter(|(a, b)| a == b).count();
        right as f64 / labels.len() as f64
    }
}

/// What `network`, out of training, says of all pictures of a set.
///
/// # Panics
///
/// If the network's boundary is none of its layers.
pub fn outputs<N: DomainAdversarial>(
    network: &N,
    preprocessing: &Preprocessing,
    set: &Pictures,
) -> Outputs {
    let network = network.valid();
    let device = device_of(&network);
    let mut outputs = Outputs { classes: 0, logits: vec![], domain_logits: vec![] };
    let all: Vec<usize> = (0..set.len()).collect();
    for chosen in all.chunks(AT_ONCE) {
        let input = preprocessing.normalise(&set.batch(chosen, &device)).into_tensor();
        let boundary = network.boundary();
        let features = network.features(input, boundary).expect("the boundary is a layer");
        let domains = network.domain(features.clone(), 0.0);
        let logits = network.head(features, boundary).expect("the boundary is a layer");
        outputs.classes = logits.dims()[1];
        outputs.logits.extend(logits.into_data().iter::<f32>());
        outputs.domain_logits.extend(domains.into_data().iter::<f32>());
    }
    outputs
}

/// Features of all pictures of a set after the network's boundary, one row a picture.
///
/// # Panics
///
/// If the network's boundary is none of its layers, or there is no picture.
pub fn features<N: DomainAdversarial>(
    network: &N,
    preprocessing: &Preprocessing,
    set: &Pictures,
) -> Features {
    let network = network.valid();
    let device = device_of(&network);
    let mut all = Vec::new();
    let indices: Vec<usize> = (0..set.len()).collect();
    for chosen in indices.chunks(AT_ONCE) {
        let input = preprocessing.normalise(&set.batch(chosen, &device)).into_tensor();
        let found = network.features(input, network.boundary()).expect("the boundary is a layer");
        all.extend(found.into_data().iter::<f32>());
    }
    assert!(!set.is_empty(), "features are of pictures");
    let columns = all.len() / set.len();
    Features::new(all, columns)
}

/// Pictures that pass a network together, outside of training.
const AT_ONCE: usize = 250;

/// Numbers from 0 to `count - 1` in random order.
fn shuffled(count: usize, seed: u64, purpose: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut generator(seed, purpose, epoch, 0));
    order
}

/// Batches of the target's pictures: over and over, each time in another order.
struct Cycle {
    count: usize,
    batch: usize,
    seed: u64,
    purpose: u64,
    /// Batches taken since the training began.
    step: usize,
    round: usize,
    order: Vec<usize>,
}

impl Cycle {
    fn new(count: usize, settings: &AdversarialTraining, purpose: u64, step: usize) -> Self {
        let AdversarialTraining { batch, seed, .. } = *settings;
        Self { count, batch, seed, purpose, step, round: usize::MAX, order: vec![] }
    }

    fn next(&mut self) -> &[usize] {
        let a_round = self.count / self.batch;
        let (round, place) = (self.step / a_round, self.step % a_round);
        if round != self.round {
            self.round = round;
            self.order = shuffled(self.count, self.seed, self.purpose, round);
        }
        self.step += 1;
        &self.order[place * self.batch..][..self.batch]
    }
}

fn classes_of(logits: &Tensor<2>) -> Vec<u8> {
    logits.clone().argmax(1).into_data().iter::<i64>().map(|class| class as u8).collect()
}

/// What an epoch's numbers are the means of.
#[derive(Default)]
struct Sums {
    class_loss: f64,
    domain_loss: f64,
    right: usize,
}

impl Sums {
    fn add(&mut self, class_loss: f32, domain_loss: f32, right: usize) {
        self.class_loss += f64::from(class_loss);
        self.domain_loss += f64::from(domain_loss);
        self.right += right;
    }
}
