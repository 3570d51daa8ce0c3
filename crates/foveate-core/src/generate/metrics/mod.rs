//! How good generated images are, in numbers: of features that a network makes of them
//! ([`Features`], a row an image), of its class probabilities, or of the labels it gives.
//!
//! - [`frechet_distance`] (FID) and [`kernel_distance`] (KID): how far two sets lie apart;
//! - [`Prdc`]: how many samples look real, and how much of the data they cover;
//! - [`InceptionScore`], [`ModeCoverage`], [`conditional_accuracy`]: what a classifier says of samples;
//! - [`Scorer`], [`Score`]: all of them, by a fixed network;
//! - [`nearest`]: whether samples are copies of the data.
//!
//! Numbers compare with numbers of the same features alone: the same network, layer, size and
//! normalization of images; FID, the inception score and recall also with the same number of samples only.
//!
//! ```text
//! FID        |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2     means m, covariances S
//! KID        mean k(a, a') + mean k(b, b') - 2 mean k(a, b)               k(x, y) = (x.y / columns + 1)^3
//! precision  share of generated rows in a ball of a real one     ball(x): as far as the k-th nearest of its set
//! recall     share of real rows in a ball of a generated one
//! density    mean number of real balls around a generated row, divided by k
//! coverage   share of real balls that hold a generated row
//! IS         exp mean KL(p(class | image) || mean p(class))
//! modes      classes with a sample, and KL(classes of samples || classes of data)
//! ```
//!
//! (papers: with the items).
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::generate::metrics::{Score, Scorer};
//!
//! let scorer = Scorer::digits(&Device::default())?;
//! let [real, generated] = [0, 1].map(|seed| scorer.activations(&digits(500, seed)));
//! let score = Score::of(&real, &generated, None)?;
//! println!("{score}");
//! assert_eq!(score.modes.covered, 10);
//! let same = Score::of(&real, &real, None)?;
//! assert!(same.frechet < 1e-6 && same.frechet < score.frechet);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod frechet_distance;
mod inception_score;
mod kernel_distance;
mod mode_coverage;
mod nearest;
mod pairs;
mod prdc;
mod scorer;

pub use crate::learn::Features;
pub use error::MetricError;
pub use frechet_distance::{FeatureMoments, frechet_distance, frechet_distance_of};
pub use inception_score::{InceptionScore, InceptionSettings};
pub use kernel_distance::{KernelDistance, KernelSettings, kernel_distance};
pub use mode_coverage::{ModeCoverage, conditional_accuracy};
pub use nearest::{Nearest, nearest};
pub use prdc::Prdc;
pub use scorer::{Activations, Score, Scorer};
