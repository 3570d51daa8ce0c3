//! [`Pixels`] and [`Input`]: two tensors of one shape and two meanings.

use std::ops::Deref;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

/// A batch of images on a device: RGB in `[0, 1]`, shape `[n, 3, h, w]`.
#[derive(Debug, Clone)]
pub struct Pixels(Tensor<4>);

/// What a network takes: normalized pixels, shape `[n, 3, h, w]`. Made by
/// [`Preprocessing::normalize`](super::Preprocessing::normalize).
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

    /// Puts images of one size on a device.
    ///
    /// # Panics
    ///
    /// If there is no image, or the sizes differ.
    pub fn from_images(images: &[RgbImage], device: &Device) -> Self {
        let (width, height) = images.first().expect("a batch holds an image").dimensions();
        let [w, h] = [width as usize, height as usize];
        let mut values = Vec::with_capacity(images.len() * 3 * h * w);
        for image in images {
            assert_eq!(image.dimensions(), (width, height), "images of a batch are of one size");
            for channel in 0..3 {
                values.extend(image.pixels().map(|pixel| f32::from(pixel[channel]) / 255.0));
            }
        }
        Self(Tensor::from_data(TensorData::new(values, [images.len(), 3, h, w]), device))
    }

    /// The images, 8 bits a channel, values clamped to `[0, 1]`.
    pub fn to_images(&self) -> Vec<RgbImage> {
        let [_, _, h, w] = self.0.dims();
        let values: Vec<f32> = self.0.to_data().iter::<f32>().collect();
        let image = |values: &[f32]| {
            RgbImage::from_fn(w as u32, h as u32, |x, y| {
                let at = y as usize * w + x as usize;
                let gray = |channel: usize| {
                    (values[channel * h * w + at].clamp(0.0, 1.0) * 255.0).round() as u8
                };
                image::Rgb([gray(0), gray(1), gray(2)])
            })
        };
        values.chunks_exact(3 * h * w).map(image).collect()
    }

    /// The tensor `[n, 3, h, w]`.
    pub fn tensor(&self) -> &Tensor<4> {
        &self.0
    }
}

/// Whatever reads a tensor reads pixels: `method.attribute(&classifier, &pixels, &target)`.
impl Deref for Pixels {
    type Target = Tensor<4>;

    fn deref(&self) -> &Tensor<4> {
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
