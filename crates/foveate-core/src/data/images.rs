//! [`Images`]: many small images of one size, with labels.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::error::DataError;
use super::folder::{ImageFolder, Loaded};
use crate::image::{ImageError, Pixels, Preprocessing, Resize, RgbImage, scale};
use crate::store::hex;

/// Images of one size, each with a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
    /// 1: gray, 3: RGB.
    pub channels: usize,
    /// `height * width * channels` bytes an image, row by row, the channels of a pixel together.
    pub pixels: Vec<u8>,
    /// The class of each image, from 0 on.
    pub labels: Vec<usize>,
}

impl Images {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of an image.
    ///
    /// # Panics
    ///
    /// If there is no such image.
    pub fn bytes(&self, at: usize) -> &[u8] {
        let size = self.height * self.width * self.channels;
        &self.pixels[at * size..][..size]
    }

    /// An image; gray becomes RGB.
    ///
    /// # Panics
    ///
    /// If there is no such image.
    pub fn image(&self, at: usize) -> RgbImage {
        let rgb: Vec<u8> = self.rgb(at).flatten().collect();
        RgbImage::from_raw(self.width as u32, self.height as u32, rgb).expect("three bytes a pixel")
    }

    /// The images `chosen`, `[n, 3, height, width]`; gray becomes RGB.
    ///
    /// # Panics
    ///
    /// If there is no such image, or none is chosen.
    pub fn batch(&self, chosen: &[usize], device: &Device) -> Pixels {
        assert!(!chosen.is_empty(), "a batch holds an image");
        let shape = [chosen.len(), 3, self.height, self.width];
        Pixels::new(Tensor::from_data(TensorData::new(self.values(chosen), shape), device))
    }

    /// The values of [`batch`](Self::batch), in `[0, 1]`.
    pub(crate) fn values(&self, chosen: &[usize]) -> Vec<f32> {
        let plane = self.height * self.width;
        let mut values = vec![0.0; chosen.len() * 3 * plane];
        for (values, &at) in values.chunks_exact_mut(3 * plane).zip(chosen) {
            for (i, rgb) in self.rgb(at).enumerate() {
                for (channel, value) in rgb.into_iter().enumerate() {
                    values[channel * plane + i] = f32::from(value) / 255.0;
                }
            }
        }
        values
    }

    /// The images `chosen`, `[n, channels, height, width]`, from -1 to 1: as generators make them.
    ///
    /// # Panics
    ///
    /// If there is no such image, or none is chosen.
    pub fn signed(&self, chosen: &[usize], device: &Device) -> Tensor<4> {
        assert!(!chosen.is_empty(), "a batch holds an image");
        let shape = [chosen.len(), self.channels, self.height, self.width];
        let mut values = vec![0.0; shape.iter().product()];
        let images = values.chunks_exact_mut(shape[1..].iter().product());
        for (values, &at) in images.zip(chosen) {
            let planes = values.chunks_exact_mut(self.height * self.width).enumerate();
            for (channel, plane) in planes {
                let bytes = self.bytes(at).iter().skip(channel).step_by(self.channels);
                for (value, &byte) in plane.iter_mut().zip(bytes) {
                    *value = f32::from(byte) / 127.5 - 1.0;
                }
            }
        }
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// The images, with labels 0, of `[n, channels, height, width]` from -1 to 1: rounded to bytes.
    pub fn from_signed(images: Tensor<4>) -> Self {
        let [n, channels, height, width] = images.dims();
        let bytes = ((images + 1.0) * 127.5).round().clamp(0.0, 255.0).permute([0, 2, 3, 1]);
        let pixels = bytes.into_data().iter::<f32>().map(|byte| byte as u8).collect();
        Self { height, width, channels, pixels, labels: vec![0; n] }
    }

    /// Images of one size, each with a label from 0 on.
    ///
    /// # Errors
    ///
    /// [`DataError::Sizes`] if an image is of another size than the first, [`DataError::NoImages`] if
    /// there is none.
    ///
    /// # Panics
    ///
    /// If there is not one label an image.
    pub fn from_images(images: &[RgbImage], labels: Vec<usize>) -> Result<Self, DataError> {
        assert_eq!(images.len(), labels.len(), "one label an image");
        let expected = images.first().ok_or(DataError::NoImages)?.dimensions();
        let other = images.iter().position(|image| image.dimensions() != expected);
        if let Some(image) = other {
            let found = images[image].dimensions();
            return Err(DataError::Sizes { image, found, expected });
        }
        let (width, height) = expected;
        let pixels = images.iter().flat_map(|image| image.as_raw()).copied().collect();
        Ok(Self { height: height as usize, width: width as usize, channels: 3, pixels, labels })
    }

    /// All readable images of a folder, stretched to one size, with the folder's classes; and what cannot be read.
    ///
    /// # Errors
    ///
    /// [`DataError::NoImages`] if none can be read.
    ///
    /// # Panics
    ///
    /// If a side of the size is 0.
    pub fn from_folder(
        folder: &ImageFolder,
        [height, width]: [usize; 2],
    ) -> Result<(Self, Vec<ImageError>), DataError> {
        let size = Resize::Exact { height: height as u32, width: width as u32 };
        let Loaded { images, labels, unreadable, .. } = folder.load(size);
        Ok((Self::from_images(&images, labels)?, unreadable))
    }

    /// The images side by side, row by row, so many in a row; places without an image are black.
    ///
    /// # Panics
    ///
    /// If there is no image or no column.
    pub fn grid(&self, columns: usize) -> RgbImage {
        assert!(!self.is_empty() && columns > 0, "a grid holds an image");
        let (width, height) = (self.width as u32, self.height as u32);
        let rows = self.len().div_ceil(columns) as u32;
        let mut grid = RgbImage::new(columns as u32 * width, rows * height);
        for at in 0..self.len() {
            let (x, y) = ((at % columns) as u32 * width, (at / columns) as u32 * height);
            ::image::imageops::replace(&mut grid, &self.image(at), x.into(), y.into());
        }
        grid
    }

    /// The images, scaled to other sizes (bilinear with antialiasing, as torchvision's `Resize`).
    ///
    /// # Panics
    ///
    /// If a size is 0.
    #[must_use]
    pub fn resized(&self, height: usize, width: usize) -> Self {
        assert!(height > 0 && width > 0, "images of {height}x{width} pixels are asked for");
        let pixels = (0..self.len()).into_par_iter().flat_map_iter(|at| {
            let resized = scale(&self.image(at), width as u32, height as u32);
            // A gray image's three channels are the same.
            resized.into_raw().into_iter().step_by(3 / self.channels)
        });
        let pixels = pixels.collect();
        Self { height, width, pixels, labels: self.labels.clone(), channels: self.channels }
    }

    /// The images, one by one.
    pub fn images(&self) -> Vec<RgbImage> {
        (0..self.len()).map(|at| self.image(at)).collect()
    }

    /// The images from `range` alone.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let size = self.height * self.width * self.channels;
        let pixels = self.pixels[range.start * size..range.end * size].to_vec();
        Self { pixels, labels: self.labels[range].to_vec(), ..*self }
    }

    /// Takes images of this size, normalized by the mean and the standard deviation of each channel
    /// over all pixels of these sets, each set with the same weight.
    ///
    /// # Panics
    ///
    /// If there is no set, one is empty, or their sizes differ.
    pub fn preprocessing(sets: &[&Self]) -> Preprocessing {
        let first = sets.first().expect("one set or more");
        let moments = |channel: usize| {
            let (mut mean, mut square) = (0.0, 0.0);
            for set in sets {
                assert!(!set.is_empty(), "a set without images has no mean");
                assert_eq!([set.height, set.width], [first.height, first.width], "one size");
                let channel = channel.min(set.channels - 1);
                // Whole numbers: their sum is the same in every order.
                let values = set.pixels.iter().skip(channel).step_by(set.channels);
                let (count, sum, squares) = values.fold((0_u64, 0_u64, 0_u64), |(n, s, q), &v| {
                    let v = u64::from(v);
                    (n + 1, s + v, q + v * v)
                });
                mean += sum as f64 / count as f64 / 255.0;
                square += squares as f64 / count as f64 / (255.0 * 255.0);
            }
            let (mean, square) = (mean / sets.len() as f64, square / sets.len() as f64);
            (mean as f32, (square - mean * mean).max(1e-12).sqrt() as f32)
        };
        let [red, green, blue] = [0, 1, 2].map(moments);
        Preprocessing {
            resize: Resize::Exact { height: first.height as u32, width: first.width as u32 },
            mean: [red.0, green.0, blue.0],
            std: [red.1, green.1, blue.1],
        }
    }

    /// SHA-256 of everything, in hex.
    pub(crate) fn fingerprint(&self) -> String {
        let Self { height, width, channels, pixels, labels } = self;
        let mut hasher = Sha256::new_with_prefix(format!("{height} {width} {channels}"));
        hasher.update(pixels);
        labels.iter().for_each(|label| hasher.update(label.to_le_bytes()));
        hex(&hasher.finalize())
    }

    fn rgb(&self, at: usize) -> impl Iterator<Item = [u8; 3]> + '_ {
        let last = self.channels - 1;
        let pixels = self.bytes(at).chunks_exact(self.channels);
        pixels.map(move |pixel| [pixel[0], pixel[1.min(last)], pixel[last]])
    }
}
