//! The library behind [`foveate`](https://docs.rs/foveate): depend on that crate, which adds the
//! backends and the choice of a device. Examples say `foveate`, as a program that depends on it does.
//!
//! - [`adapt`]: a classifier for a domain without labels.
//! - [`data`]: pictures to learn from.
//! - [`explain`]: why a network answers as it does, and how to fool it.
//! - [`generate`]: pictures from noise.
//! - [`image`]: pictures in, pixels out: decode, resize, normalise; sheets of pictures.
//! - [`models`]: the networks, one paper a file; their weights; a classifier over them.
//! - [`ops`]: differentiable operations that burn lacks, or that are faster here.
//! - [`train`]: optimisers and schedules, shared by everything that is trained here.
//! - [`transfer`]: features of pretrained networks, and what is learned from them.

pub mod adapt;
pub mod data;
pub mod explain;
mod features;
pub mod generate;
pub mod image;
pub mod models;
pub mod ops;
mod setting;
mod store;
pub mod train;
pub mod transfer;

pub use burn;
pub use setting::SettingError;
