//! Generate: images from noise, by adversarial training.
//!
//! Ian Goodfellow et al., *Generative Adversarial Nets*, 2014, <https://arxiv.org/abs/1406.2661>: a
//! discriminator D learns to tell real images x from a generator's images G(z), and the generator to
//! mislead it,
//!
//! `min over G, max over D of E ln D(x) + E ln (1 - D(G(z)))`.
//!
//! - [`GanTraining`]: the training, with or without labels, for any [`Loss`].
//! - [`metrics`]: how good images are.
//! - [`Noise`], [`sample`], [`interpolate`]: images of a trained generator.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::generate::{GanTraining, Noise, sample};
//! use foveate::models::{DcganConfig, Initialization};
//!
//! // So little teaches nothing: 2,000 iterations of the defaults do.
//! let device = Device::default();
//! let config = DcganConfig::new().with_size(16).with_ngf(4).with_ndf(4);
//! let generator = Initialization::Dcgan.of(config.generator(&device), 0);
//! let discriminator = Initialization::Dcgan.of(config.discriminator(&device), 1);
//! let training = GanTraining { iterations: 2, batch: 8, ..Default::default() };
//! let made = training.run(generator, discriminator, &digits(16, 0).resized(16, 16))?;
//! let images = sample(&made.generator, &Noise::Normal.rows(10, config.latent_dim, 0), &[]);
//! assert_eq!((images.len(), images.height), (10, 16)); // images.grid(5).save("made.png")
//! // D(x) and D(G(z)): what to watch. At 1 and 0 the discriminator has won, and the generator stands still.
//! assert!(made.history.steps.iter().all(|step| step.real < 1.0 && step.fake > 0.0));
//! # Ok::<(), foveate::generate::GenerateError>(())
//! ```

mod average;
mod checkpoint;
mod error;
mod gan_training;
mod history;
mod loss;
pub mod metrics;
mod sample;
mod trainer;

pub use error::GenerateError;
pub use gan_training::GanTraining;
pub use history::{History, Step};
pub use loss::Loss;
pub use sample::{Interpolation, Noise, interpolate, sample};
pub use trainer::Generated;
