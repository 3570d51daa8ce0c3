//! The library behind [`foveate`](https://docs.rs/foveate): depend on that crate, which adds the
//! backends and the choice of a device.
//!
//! - [`image`]: pictures in, pixels out: decode, resize, normalise; sheets of pictures.
//! - [`models`]: the networks, one paper a file; their weights; a classifier over them.

pub mod image;
pub mod models;

pub use burn;
