//! Images in, pixels out: decode, resize, normalize; heat maps, films, charts and sheets of
//! images to look at.
//!
//! Three types keep apart what is often mixed up:
//!
//! - a *image* ([`RgbImage`]) is what a file holds, 8 bits a channel, of any size;
//! - [`Pixels`] are a batch of one size on a device, RGB in `[0, 1]`;
//! - [`Input`] is what a network takes: pixels normalized by [`Preprocessing`].
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::image::{Preprocessing, RgbImage};
//!
//! let image = RgbImage::new(640, 480);
//! let pixels = Preprocessing::IMAGENET.pixels(&[image], &Device::default())?;
//! assert_eq!(pixels.tensor().dims(), [1, 3, 224, 224]);
//! # Ok::<(), foveate::image::ImageError>(())
//! ```

mod animation;
pub mod chart;
mod error;
mod file;
mod heat_map;
mod jpeg;
mod map;
mod pixels;
mod preprocessing;
mod resample;
pub mod sheet;
mod text;

pub use ::image::{RgbImage, imageops};
pub use animation::{AnimationError, save_gif};
pub use error::{ImageError, MAX_PIXELS};
pub use file::{decode, open};
pub(crate) use file::{read, recognize};
pub use heat_map::{Colors, HeatMap, overlay, overlay_on_original};
pub use map::gray_map;
pub use pixels::{Input, Pixels};
pub(crate) use preprocessing::{Described, scale};
pub use preprocessing::{Preprocessing, Resize, resize};
