//! The library behind [`foveate`](https://docs.rs/foveate): depend on that crate, which adds the
//! backends and the choice of a device. Examples say `foveate`, as a program that depends on it does.
//!
//! - [`adapt`]: a classifier for a domain without labels.
//! - [`data`]: images to learn from.
//! - [`explain`]: why a network predicts what it does, and how to fool it.
//! - [`generate`]: images from noise.
//! - [`image`]: images in, pixels out: decode, resize, normalize; sheets of images.
//! - [`models`]: the networks, one paper a file; their weights; a classifier over them.
//! - [`ops`]: differentiable operations that burn lacks, or that are faster here.
//! - [`train`]: optimizers and schedules, shared by everything that is trained here.
//! - [`transfer`]: features of pretrained networks, and what is learned from them.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::explain::{Attribution, Saliency, Target};
//! use foveate::models::LeNet;
//!
//! // Draws a digit, names it, and explains why: nothing is downloaded.
//! let device = Device::default();
//! let classifier = LeNet::digits(&device)?;
//! let drawn = digits(1, 0);
//! let guess = &classifier.classify(&drawn.images(), 1)?[0][0];
//! assert_eq!(guess.class, drawn.labels[0]);
//! let pixels = classifier.preprocessing().pixels(&drawn.images(), &device)?;
//! let map = Saliency.attribute(&classifier, &pixels, &Target::Class(guess.class))?;
//! assert_eq!(map.dims(), [1, 3, 28, 28]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![doc(test(attr(deny(deprecated))))]

pub mod adapt;
pub mod data;
pub mod explain;
pub mod generate;
pub mod image;
mod learn;
pub mod models;
pub mod ops;
mod progress;
mod random;
mod setting;
mod store;
pub mod train;
pub mod transfer;
mod values;

pub use burn;
pub use setting::SettingError;
