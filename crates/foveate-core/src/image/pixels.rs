//! [`Pixels`] and [`Input`]: two tensors of one shape and two meanings.

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

/// A batch of pictures on a device: RGB in `[0, 1]`, shape `[n, 3, h, w]`.
#[derive(Debug, Clone)]
pub struct Pixels(Tensor<4>);

/// What a network takes: normalised pixels, shape `[n, 3, h, w]`. Made by
/// [`Preprocessing::normalise`](super::Preprocessing::normalise).
#[derive(Debug, Clone)]
pub struct Input(Tensor<4>);

impl Pixels {
    /// Takes a tensor `[n, 3, h, w]` of values in `[0, 1]`.
    ///
    /// # Panics
    ///
    /// If there are not three channels. The values are not looked at: that would wait for the GPU.
    pub fn new(tensor: Tensor<4>) -> Self {
        assert_eq!(tensor.dims()[1], 3, "pixels have the shape [n, 3, h, w]");
        Self(tensor)
    }

    /// Puts pictures of one size on a device.
    ///
    /// # Panics
    ///
    /// If there is no picture, or the sizes differ.
    pub fn from_pictures(pictures: &[RgbImage], device: &Device) -> Self {
        let (width, height) = pictures.first().expect("a batch holds a picture").dimensions();
        let [w, h] = [width as usize, height as usize];
        let mut values = Vec::with_capacity(pictures.len() * 3 * h * w);
        for picture in pictures {
            assert_eq!(
                picture.dimensions(),
                (width, height),
                "pictures of a batch are of one size"
            );
            for channel in 0..3 {
                values.extend(picture.pixels().map(|pixel| f32::from(pixel[channel]) / 255.0));
            }
        }
        Self(Tensor::from_data(TensorData::new(values, [pictures.len(), 3, h, w]), device))
    }

    /// The pictures, 8 bits a channel, values outside `[0, 1]` cut off.
    pub fn to_pictures(&self) -> Vec<RgbImage> {
        let [_, _, h, w] = self.0.dims();
        let values: Vec<f32> = self.0.to_data().iter::<f32>().collect();
        let picture = |values: &[f32]| {
            RgbImage::from_fn(w as u32, h as u32, |x, y| {
                let at = y as usize * w + x as usize;
                let grey = |channel: usize| {
                    (values[channel * h * w + at].clamp(0.0, 1.0) * 255.0).round() as u8
                };
                image::Rgb([grey(0), grey(1), grey(2)])
            })
        };
        values.chunks_exact(3 * h * w).map(picture).collect()
    }

    /// The tensor `[n, 3, h, w]`.
    pub fn tensor(&self) -> &Tensor<4> {
        &self.0
    }
}

impl Input {
    pub(super) fn new(tensor: Tensor<4>) -> Self {
        Self(tensor)
    }

    /// The tensor `[n, 3, h, w]`, to run a network on.
    pub fn into_tensor(self) -> Tensor<4> {
        self.0
    }
}
