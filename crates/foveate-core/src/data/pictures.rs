//! [`Pictures`]: many small pictures of one size, with labels.

use burn::tensor::{Device, Tensor, TensorData};

use crate::image::{Pixels, Preprocessing, Resize, RgbImage};

/// Pictures of one size, each with a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
    /// 1: grey, 3: RGB.
    pub channels: usize,
    /// `height * width * channels` bytes a picture, row by row, the channels of a pixel together.
    pub pixels: Vec<u8>,
    /// The class of each picture, from 0 on.
    pub labels: Vec<u8>,
}

impl Pictures {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of a picture.
    ///
    /// # Panics
    ///
    /// If there is no such picture.
    pub fn bytes(&self, at: usize) -> &[u8] {
        let size = self.height * self.width * self.channels;
        &self.pixels[at * size..][..size]
    }

    /// A picture; grey becomes RGB.
    ///
    /// # Panics
    ///
    /// If there is no such picture.
    pub fn picture(&self, at: usize) -> RgbImage {
        let rgb: Vec<u8> = self.rgb(at).flatten().collect();
        RgbImage::from_raw(self.width as u32, self.height as u32, rgb).expect("three bytes a pixel")
    }

    /// The pictures `chosen`, `[n, 3, height, width]`; grey becomes RGB.
    ///
    /// # Panics
    ///
    /// If there is no such picture, or none is chosen.
    pub fn batch(&self, chosen: &[usize], device: &Device) -> Pixels {
        assert!(!chosen.is_empty(), "a batch holds a picture");
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

    /// The pictures from `range` alone.
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

    /// Takes pictures of this size, normalised by the mean and the standard deviation of each channel
    /// over all pixels of these sets, each set weighing the same.
    ///
    /// # Panics
    ///
    /// If there is no set, one is empty, or their sizes differ.
    pub fn preprocessing(sets: &[&Self]) -> Preprocessing {
        let first = sets.first().expect("one set or more");
        let moments = |channel: usize| {
            let (mut mean, mut square) = (0.0, 0.0);
            for set in sets {
                assert!(!set.is_empty(), "a set without pictures has no mean");
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

    fn rgb(&self, at: usize) -> impl Iterator<Item = [u8; 3]> + '_ {
        let last = self.channels - 1;
        let pixels = self.bytes(at).chunks_exact(self.channels);
        pixels.map(move |pixel| [pixel[0], pixel[1.min(last)], pixel[last]])
    }
}
