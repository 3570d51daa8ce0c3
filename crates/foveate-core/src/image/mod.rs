//! Pictures in, pixels out: decode, resize, normalise; heat maps, films, charts and sheets of
//! pictures to look at.
//!
//! Three types keep apart what is often mixed up:
//!
//! - a *picture* ([`RgbImage`]) is what a file holds, 8 bits a channel, of any size;
//! - [`Pixels`] are a batch of one size on a device, RGB in `[0, 1]`;
//! - [`Input`] is what a network takes: pixels normalised by [`Preprocessing`].
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::image::{Preprocessing, RgbImage};
//!
//! let picture = RgbImage::new(640, 480);
//! let pixels = Preprocessing::IMAGENET.pixels(&[picture], &Device::default())?;
//! assert_eq!(pixels.tensor().dims(), [1, 3, 224, 224]);
//! # Ok::<(), foveate::image::PictureError>(())
//! ```

pub mod chart;
mod film;
mod heat_map;
mod jpeg;
mod map;
mod picture;
mod pixels;
mod preprocessing;
mod resample;
pub mod sheet;
mod text;

pub use ::image::{RgbImage, imageops};
pub use film::{FilmError, save_gif};
pub use heat_map::{Colours, HeatMap, overlay};
pub use map::grey_map;
pub use picture::{MAX_PIXELS, PictureError, decode, open};
pub(crate) use picture::{read, recognize};
pub use pixels::{Input, Pixels};
pub(crate) use preprocessing::{Described, scale};
pub use preprocessing::{Preprocessing, Resize, resize};
