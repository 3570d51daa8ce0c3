//! Adapt: a classifier for a domain without labels, by domain-adversarial training.
//!
//! Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016,
//! <https://arxiv.org/abs/1505.07818>: features are learned that tell the classes of labeled source
//! images, and of which a second head cannot tell the domain. The head learns to tell it; on the way
//! back to the features its gradient is reversed ([`gradient_reversal`](crate::ops::gradient_reversal)),
//!
//! `features <- features - mu (dL_class - lambda dL_domain)`.
//!
//! - [`DannTraining`]: the training. Labels of the target domain are never learned from.
//! - [`PseudoLabels`], [`PseudoLabelSteps`]: the network's own confident predictions as labels (pseudo-labels).
//! - [`Validator`]: which epoch to take, where no label can tell.
//! - [`Tsne`], [`proxy_a_distance`]: how far apart two domains are.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::adapt::{DannTraining, Domain, Validator, outputs};
//! use foveate::burn::tensor::Device;
//! use foveate::data::{Images, TwoDomains};
//! use foveate::models::{DannConfig, initialized};
//!
//! // So little teaches nothing: 12,800 digits, 64 a step and 8 epochs do.
//! let data = TwoDomains::synthetic(32, 20, 0);
//! let source = Domain { training: &data.source, validation: &data.source_validation };
//! let target = Domain { training: &data.target, validation: &data.target_validation };
//! let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
//! let network = initialized(DannConfig::new().init(&Device::default()), 0);
//! let training = DannTraining { epochs: 1, batch: 16, ..Default::default() };
//! let adapted = training.run(network, &preprocessing, source, target)?;
//! println!("{}", adapted.history.csv());
//!
//! let best = adapted.history.best_by(Validator::InformationMaximization);
//! assert_eq!(best, Some(0)); // of one epoch, the first
//! let found = outputs(&adapted.network, &preprocessing, &data.target_validation);
//! let accuracy = found.accuracy(&data.target_validation.labels);
//! assert_eq!(accuracy, adapted.history.epochs[0].target_accuracy);
//! # Ok::<(), foveate::adapt::AdaptError>(())
//! ```

mod checkpoint;
mod dann_training;
mod domain_distance;

mod error;
mod history;
mod losses;
mod outputs;
mod pseudo_label_steps;
mod pseudo_labels;
mod schedule;
mod trainer;
mod tsne;
mod validator;

pub use dann_training::{DannTraining, Domain};
pub use domain_distance::proxy_a_distance;
pub use error::AdaptError;
pub use history::{Epoch, History};
pub use outputs::{Outputs, features, outputs};
pub use pseudo_label_steps::PseudoLabelSteps;
pub use pseudo_labels::{PseudoLabelRound, PseudoLabels, select_confident};
pub use schedule::{Lambda, UpdateEvery};
pub use trainer::Adapted;
pub use tsne::{Tsne, tsne_csv};
pub use validator::{Evidence, UnknownValidator, Validator};
