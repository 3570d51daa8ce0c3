//! Adapt: a classifier for a domain without labels, by domain-adversarial training.
//!
//! Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016,
//! <https://arxiv.org/abs/1505.07818>: features are learned that tell the classes of labelled source
//! pictures, and of which a second head cannot tell the domain. The head learns to tell it; on the way
//! back to the features its gradient is reversed ([`gradient_reversal`](crate::ops::gradient_reversal)),
//!
//! `features <- features - mu (dL_class - lambda dL_domain)`.
//!
//! - [`AdversarialTraining`]: the training. Labels of the target domain are never learned from.
//! - [`PseudoLabels`], [`Alternate`]: the network's own sure answers as labels.
//! - [`Validator`]: which epoch to take, where no label can tell.
//! - [`Embedding`], [`proxy_a_distance`]: how far apart two domains are.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::adapt::{AdversarialTraining, Domain, Validator, outputs};
//! use foveate::burn::tensor::Device;
//! use foveate::data::{Pictures, TwoDomains};
//! use foveate::models::{DannConfig, initialised};
//!
//! // So little teaches nothing: 12,800 digits, 64 a step and 8 epochs do.
//! let data = TwoDomains::drawn(32, 20, 0);
//! let source = Domain { training: &data.source, validation: &data.source_validation };
//! let target = Domain { training: &data.target, validation: &data.target_validation };
//! let preprocessing = Pictures::preprocessing(&[&data.source, &data.target]);
//! let network = initialised(DannConfig::new().init(&Device::default()), 0);
//! let training = AdversarialTraining { epochs: 1, batch: 16, ..Default::default() };
//! let adapted = training.run(network, &preprocessing, source, target)?;
//! println!("{}", adapted.history.csv());
//!
//! let best = adapted.history.chosen(Validator::InformationMaximisation);
//! assert_eq!(best, Some(0)); // of one epoch, the first
//! let answers = outputs(&adapted.network, &preprocessing, &data.target_validation);
//! let accuracy = answers.accuracy(&data.target_validation.labels);
//! assert_eq!(accuracy, adapted.history.epochs[0].target_accuracy);
//! # Ok::<(), foveate::adapt::AdaptError>(())
//! ```

mod alternate;
mod augmentation;
mod checkpoint;
mod domain_distance;
mod embedding;
mod error;
mod history;
mod pseudo_labels;
mod schedule;
mod trainer;
mod validator;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

pub use alternate::Alternate;
pub use augmentation::Augmentation;
pub use domain_distance::proxy_a_distance;
pub use embedding::{Embedding, embedding_csv};
pub use error::AdaptError;
pub use history::{Epoch, History};
pub use pseudo_labels::{PseudoLabels, Round, select};
pub use schedule::{Lambda, Pace};
pub use trainer::{Outputs, features, outputs};
pub use validator::{Evidence, UnknownValidator, Validator};

use crate::SettingError;
use crate::data::Pictures;
use crate::image::Preprocessing;
use crate::models::{DomainAdversarial, device_of, position};
use crate::train::{Checkpoint, Optimiser, Schedule};
use checkpoint::identity;
use trainer::Trainer;

/// Settings of a domain-adversarial training: Ganin et al., 2016; see the [module](self).
#[derive(Debug, Clone, PartialEq)]
pub struct AdversarialTraining {
    /// Passes over the source's training pictures.
    pub epochs: usize,
    /// Pictures of each domain a step; what is left at the end of an epoch is left out.
    pub batch: usize,
    /// How gradients become steps.
    pub optimiser: Optimiser,
    /// The first learning rate mu0, larger than 0.
    pub learning_rate: f64,
    /// What becomes of it.
    pub schedule: Schedule,
    /// The reversed gradient's factor; None learns from the source alone, without a domain head.
    pub lambda: Option<Lambda>,
    /// How often the two are looked up.
    pub pace: Pace,
    /// Random changes of the source's training pictures.
    pub source_augmentation: Augmentation,
    /// Random changes of the target's.
    pub target_augmentation: Augmentation,
    /// Steps on the target with the network's own answers, between the others.
    pub alternate: Option<Alternate>,
    /// Whose best epoch is kept, one of [`Validator::ALL`]; None keeps the last.
    pub validator: Option<Validator>,
    /// Same seed, same device: same bits.
    pub seed: u64,
    /// A file written after every epoch. If it is there, the training goes on from it.
    pub checkpoint: Option<PathBuf>,
}

impl Default for AdversarialTraining {
    /// The schedules of Ganin et al., 64 + 64 pictures a step.
    fn default() -> Self {
        Self {
            epochs: 20,
            batch: 64,
            optimiser: Optimiser::SGD,
            learning_rate: 0.01,
            schedule: Schedule::DANN,
            lambda: Some(Lambda::PAPER),
            pace: Pace::Batch,
            source_augmentation: Augmentation::NONE,
            target_augmentation: Augmentation::NONE,
            alternate: None,
            validator: None,
            seed: 0,
            checkpoint: None,
        }
    }
}

/// The pictures of a domain. Labels of the target are used only to report accuracies.
#[derive(Debug, Clone, Copy)]
pub struct Domain<'a> {
    /// To learn from.
    pub training: &'a Pictures,
    /// To measure and to choose by.
    pub validation: &'a Pictures,
}

/// An adapted network.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Adapted<N> {
    /// The network after the epoch that was kept, out of training.
    pub network: N,
    /// How it went.
    pub history: History,
}

impl AdversarialTraining {
    /// Trains `network` on the device it is on.
    ///
    /// # Errors
    ///
    /// [`AdaptError`]: settings out of range, too few pictures or of several sizes, labels that are no
    /// classes, a checkpoint that is damaged or of another training, a loss that is not finite.
    ///
    /// # Panics
    ///
    /// If the network does not take pictures of this size.
    pub fn run<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.watched(network, preprocessing, source, target, |_| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `watch` sees every epoch when it is over (and in the checkpoint), and may
    /// end the training.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn watched<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
        watch: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.with_guesses(network, preprocessing, [source, target], None, watch)
    }

    /// As [`watched`](Self::watched), with labels for some of the target's training pictures.
    fn with_guesses<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        domains: [Domain<'_>; 2],
        guesses: Option<&[Option<u8>]>,
        mut watch: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.check()?;
        let start = network.valid();
        let device = device_of(&start);
        check_domains(&start, preprocessing, domains, self.batch)?;
        let identity = || identity(self, &start, preprocessing, domains, guesses);
        let file = self.checkpoint.as_ref().map(|path| (path, identity()));
        let resumed = file
            .as_ref()
            .map(|(path, identity)| Checkpoint::read(path, identity, &self.optimiser, &start));
        let Checkpoint { network, mut kept, mut moments, epochs } =
            resumed.transpose()?.flatten().unwrap_or_else(|| Checkpoint::new(&start));
        let mut history = History { epochs };
        let trainer = Trainer { settings: self, preprocessing, domains, guesses, device };
        let mut network = network.train();
        while history.epochs.len() < self.epochs {
            let clock = Instant::now();
            let mut epoch = trainer.epoch(&mut network, &mut moments, history.epochs.len())?;
            let plain = network.valid();
            trainer.validate(&plain, &mut epoch, history.epochs.len())?;
            epoch.seconds = clock.elapsed().as_secs_f64();
            history.epochs.push(epoch);
            let last = Some(history.epochs.len() - 1);
            if self.validator.is_none_or(|validator| history.chosen(validator) == last) {
                kept = plain.clone();
            }
            if let Some((path, identity)) = &file {
                let now = Checkpoint { network: plain, kept, moments, epochs: history.epochs };
                now.write(path, identity)?;
                (kept, moments, history.epochs) = (now.kept, now.moments, now.epochs);
            }
            if watch(&epoch).is_break() {
                break;
            }
        }
        Ok(Adapted { network: kept, history })
    }

    fn check(&self) -> Result<(), AdaptError> {
        if self.batch < 2 {
            let expected = "two pictures or more of each domain a step";
            return SettingError::refuse("batch", self.batch, expected);
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            let found = self.learning_rate;
            return SettingError::refuse("learning_rate", found, "a number larger than 0");
        }
        if let Some(validator) = self.validator.filter(|one| !Validator::ALL.contains(one)) {
            let expected = "one of Validator::ALL, whose scores the history holds";
            return SettingError::refuse("validator", format!("{validator:?}"), expected);
        }
        self.optimiser.check()?;
        self.schedule.check()?;
        self.lambda.map_or(Ok(()), |lambda| lambda.check())?;
        self.alternate.map_or(Ok(()), |alternate| alternate.check())
    }
}

/// Whether the sets are of the size that the network is to take, hold a batch (one picture, to validate),
/// and the source's labels are classes.
fn check_domains(
    network: &impl DomainAdversarial,
    preprocessing: &Preprocessing,
    [source, target]: [Domain<'_>; 2],
    batch: usize,
) -> Result<(), AdaptError> {
    let expected = preprocessing.size();
    position(&network.layers(), network.boundary())?;
    let layers = network.summary(expected[0], expected[1]).layers;
    let classes = layers.last().map_or(0, |layer| layer.output_shape[1]);
    if classes > 256 {
        return SettingError::refuse("network", format!("one of {classes} classes"), "256 at most");
    }
    for (set, pictures, needed) in [
        ("source's training set", source.training, batch),
        ("source's validation set", source.validation, 1),
        ("target's training set", target.training, batch),
        // Soft neighbourhood density looks at pairs.
        ("target's validation set", target.validation, 2),
    ] {
        if pictures.len() < needed {
            return Err(AdaptError::TooFew { set, found: pictures.len(), needed });
        }
        let found = [pictures.height, pictures.width];
        if found != expected {
            return Err(AdaptError::Size { set, found, expected });
        }
        let wrong = pictures.labels.iter().position(|&label| usize::from(label) >= classes);
        if let (Some(picture), true) = (wrong, set.starts_with("source")) {
            let label = pictures.labels[picture];
            return Err(AdaptError::Label { set, picture, label, classes });
        }
    }
    Ok(())
}
