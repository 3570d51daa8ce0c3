//! From an image of any size to a network's input.

use burn::tensor::{Device, Tensor};
use image::{RgbImage, imageops};
use serde::{Deserialize, Serialize};

use super::error::{ImageError, MAX_PIXELS};
use super::pixels::{Input, Pixels};
use super::resample::bilinear;
use crate::SettingError;

/// How an image gets the size that a network takes, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resize {
    /// Stretched to this height and width; nothing is cut off.
    Exact {
        /// Pixels down.
        height: u32,
        /// Pixels across.
        width: u32,
    },
    /// The short side resized, then the central square cut out.
    ShortSideCrop {
        /// Length of the short side after resizing.
        short_side: u32,
        /// Side of the square.
        crop: u32,
    },
}

impl Resize {
    /// Height and width that come out, in pixels.
    pub fn size(self) -> [u32; 2] {
        match self {
            Self::Exact { height, width } => [height, width],
            Self::ShortSideCrop { crop, .. } => [crop; 2],
        }
    }

    /// What a network sees of an image of this width and height: left, top, width and height in its pixels.
    pub(crate) fn seen(self, (width, height): (u32, u32)) -> [u32; 4] {
        match self {
            Self::Exact { .. } => [0, 0, width, height],
            Self::ShortSideCrop { short_side, crop } => {
                let short = width.min(height);
                let side =
                    |pixels: u32| u64::from(pixels) * u64::from(short) / u64::from(short_side);
                let side = (side(crop) as u32).max(1);
                [(width - side) / 2, (height - side) / 2, side, side]
            }
        }
    }

    /// Whether an image can get this size.
    pub(crate) fn check(self) -> Result<(), SettingError> {
        let possible = !self.size().contains(&0)
            && !matches!(self, Self::ShortSideCrop { short_side, crop } if crop > short_side);
        match possible {
            true => Ok(()),
            false => {
                let expected = "sides above 0, and a crop of the short side at most";
                SettingError::refuse("resize", format!("{self:?}"), expected)
            }
        }
    }
}

/// A network's way to take images: their size, and its normalization `(pixels - mean) / std`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preprocessing {
    /// How an image gets its size.
    pub resize: Resize,
    /// Mean of the red, green and blue channel.
    pub mean: [f32; 3],
    /// Standard deviation of the red, green and blue channel.
    pub std: [f32; 3],
}

impl Preprocessing {
    /// The published evaluation on ImageNet: short side 256, central 224x224, ImageNet's mean and
    /// standard deviation.
    pub const IMAGENET: Self = Self {
        resize: Resize::ShortSideCrop { short_side: 256, crop: 224 },
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// The same, with another way to get the size.
    #[must_use]
    pub fn with_resize(self, resize: Resize) -> Self {
        Self { resize, ..self }
    }

    /// Height and width of the network's input, in pixels.
    pub fn size(&self) -> [usize; 2] {
        self.resize.size().map(|side| side as usize)
    }

    /// Resizes images of any sizes into one batch.
    ///
    /// # Errors
    ///
    /// [`ImageError::Shape`] for an image too small or too narrow.
    ///
    /// # Panics
    ///
    /// If there is no image, the size asked for is 0, or a crop larger than the short side.
    pub fn pixels(&self, images: &[RgbImage], device: &Device) -> Result<Pixels, ImageError> {
        let resized = images.iter().map(|image| resize(image, self.resize));
        Ok(Pixels::from_images(&resized.collect::<Result<Vec<_>, _>>()?, device))
    }

    /// `(pixels - mean) / std`, channel by channel. Part of the graph: gradients reach the pixels.
    pub fn normalize(&self, pixels: &Pixels) -> Input {
        let pixels = pixels.tensor();
        let channels = |values: [f32; 3]| {
            Tensor::<1>::from_floats(values, &pixels.device()).reshape([1, 3, 1, 1])
        };
        Input::new((pixels.clone() - channels(self.mean)) / channels(self.std))
    }
}

/// A [`Preprocessing`] in the description that a file holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Described {
    /// Height and width, or short side and crop.
    size: [u32; 2],
    stretched: bool,
    mean: [f32; 3],
    std: [f32; 3],
}

impl From<Preprocessing> for Described {
    fn from(Preprocessing { resize, mean, std }: Preprocessing) -> Self {
        let (size, stretched) = match resize {
            Resize::Exact { height, width } => ([height, width], true),
            Resize::ShortSideCrop { short_side, crop } => ([short_side, crop], false),
        };
        Self { size, stretched, mean, std }
    }
}

impl Described {
    /// None if no image can be taken so: sides of 0 or above 4096, a crop larger than the short side, a mean or
    /// deviation that is not finite, a deviation that is not above 0.
    pub fn preprocessing(self) -> Option<Preprocessing> {
        let Self { size: [first, second], stretched, mean, std } = self;
        let resize = match stretched {
            true => Resize::Exact { height: first, width: second },
            false => Resize::ShortSideCrop { short_side: first, crop: second },
        };
        let usable = resize.check().is_ok()
            && [first, second].iter().all(|&side| side <= 4096)
            && mean.iter().chain(&std).all(|value| value.is_finite())
            && std.iter().all(|&value| value > 0.0);
        usable.then_some(Preprocessing { resize, mean, std })
    }
}

/// Resizes as Pillow and torchvision do: bilinear, antialiased when shrinking, rounded to 8 bits
/// between the two passes; long sides are rounded down, odd crop margins to the even number.
///
/// # Errors
///
/// [`ImageError::Shape`] for a side below 8 pixels, or one more than 50 times the other;
/// [`ImageError::Enlarged`] if more than [`MAX_PIXELS`] come out.
///
/// # Panics
///
/// If the size asked for is 0, or a crop larger than the short side.
pub fn resize(image: &RgbImage, resize: Resize) -> Result<RgbImage, ImageError> {
    let (width, height) = image.dimensions();
    let (short, long) = (width.min(height), width.max(height));
    if short < 8 || u64::from(long) > 50 * u64::from(short) {
        return Err(ImageError::Shape { width, height });
    }
    let enlarged = |w: u32, h: u32| match u64::from(w) * u64::from(h) > MAX_PIXELS {
        true => Err(ImageError::Enlarged { width, height, to: [w, h] }),
        false => Ok(scale(image, w, h)),
    };
    Ok(match resize {
        Resize::Exact { height, width } => enlarged(width, height)?,
        Resize::ShortSideCrop { short_side, crop } => {
            assert!(
                crop <= short_side,
                "a crop of {crop} pixels from a short side of {short_side}"
            );
            let other = (u64::from(short_side) * u64::from(long) / u64::from(short)) as u32;
            let (w, h) = if width <= height { (short_side, other) } else { (other, short_side) };
            let resized = enlarged(w, h)?;
            // torchvision's CenterCrop: round((h - crop) / 2), halves to the even number.
            let margin = |side: u32| (f64::from(side - crop) / 2.0).round_ties_even() as u32;
            imageops::crop_imm(&resized, margin(w), margin(h), crop, crop).to_image()
        }
    })
}

pub(crate) fn scale(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    bilinear(image, width, height)
}
