//! What stands where an image is masked.

use burn::tensor::{Tensor, TensorData};

use super::error::ExplainError;
use super::model::{Model, values};
use crate::SettingError;

/// What stands where a part of an image is masked. It is of the model's input: pixels in
/// `[0, 1]` for a [`Classifier`](crate::models::Classifier), for which 0 is black. The mean color
/// of the training images, often the choice elsewhere, is 0 only after normalization:
/// [`Mean`](Baseline::Mean).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Baseline {
    /// One value everywhere.
    Constant(f32),
    /// One value for each channel: a color.
    Channels(Vec<f32>),
    /// The model's [mean](Model::mean): the mean color of a classifier's training images, 0 of
    /// inputs that are normalized before.
    Mean,
    /// The image itself, blurred as in the code of RISE's authors: by 11x11 pixels, with the
    /// [mean](Model::mean) around the image.
    ///
    /// Their kernel is meant for a Gaussian of sigma 5, but is one of what an image of 11x11 pixels mirrored
    /// again and again makes of a single pixel: nearly a box, at the edge 0.936 of the middle.
    RiseBlur,
    /// The image itself, blurred by a Gaussian.
    Blurred {
        /// Pixels from the center of the kernel to its border, at least 1.
        radius: usize,
        /// Standard deviation in pixels, positive.
        sigma: f32,
    },
    /// Another image for each, `[n, c, h, w]`, or one for all, `[1, c, h, w]`.
    Images(Tensor<4>),
}

impl Baseline {
    /// A baseline `[n, c, h, w]` for an input of this shape.
    pub(super) fn of<M: Model + ?Sized>(
        &self,
        model: &M,
        input: &Tensor<4>,
    ) -> Result<Tensor<4>, ExplainError> {
        let shape @ [n, c, h, w] = input.dims();
        let device = input.device();
        let baseline = match self {
            Self::Constant(value) => Tensor::full(shape, *value, &device),
            Self::Mean => {
                let mean = model.mean().unwrap_or_else(|| vec![0.0; c]);
                return Self::Channels(mean).of(model, input);
            }
            Self::RiseBlur => {
                // Zeros around the image less the mean are the mean around the image.
                let mean = Self::Mean.of(model, input)?;
                let maps = values(&(input.clone() - mean.clone()));
                let blurred = maps.chunks_exact(h * w).flat_map(|map| rise_blur(map, w));
                let blurred = TensorData::new(blurred.collect::<Vec<_>>(), shape);
                Tensor::from_data(blurred, &device) + mean
            }
            Self::Channels(color) if color.len() == c => {
                let color = TensorData::new(color.clone(), [1, c, 1, 1]);
                Tensor::<4>::from_data(color, &device).expand(shape)
            }
            Self::Channels(color) => {
                let found = format!("a color of {} values", color.len());
                return SettingError::refuse("the baseline", found, format!("{c}, one a channel"));
            }
            Self::Blurred { radius, sigma } => {
                if *radius == 0 || !(sigma.is_finite() && *sigma > 0.0) {
                    let found = format!("blurred with radius {radius}, sigma {sigma}");
                    return SettingError::refuse("the baseline", found, "both positive");
                }
                let maps = values(input);
                let blurred =
                    maps.chunks_exact(h * w).flat_map(|map| blur(map, w, *radius, *sigma));
                Tensor::from_data(TensorData::new(blurred.collect::<Vec<_>>(), shape), &device)
            }
            Self::Images(images) => {
                let found @ [given, ..] = images.dims();
                if found[1..] != shape[1..] || (given != n && given != 1) {
                    let expected = format!("{shape:?}, or one image of it");
                    return SettingError::refuse("the baseline", format!("{found:?}"), expected);
                }
                images.clone().inner().to_device(&device).expand(shape)
            }
        };
        match values(&baseline).into_iter().find(|value| !value.is_finite()) {
            Some(value) => SettingError::refuse("the baseline", value, "finite numbers"),
            None => Ok(baseline),
        }
    }
}

/// A map with rows of `width` values, zeros around it, convolved with the kernel of RISE's authors: scipy's
/// `gaussian_filter` (sigma 5, cut off at 20 pixels, mirrored at the border) of a single pixel in the
/// middle of 11x11.
fn rise_blur(map: &[f32], width: usize) -> Vec<f32> {
    const SIDE: i64 = 11;
    let height = map.len() / width;
    let gaussian = |i: i64| (-0.5 * (i as f64 / 5.0).powi(2)).exp();
    let whole: f64 = (-20..=20).map(gaussian).sum();
    // All places that mirrors show the middle at.
    let mirrored = |i: i64| match i.rem_euclid(2 * SIDE) {
        i if i < SIDE => i,
        i => 2 * SIDE - 1 - i,
    };
    let kernel: Vec<f32> = (0..SIDE)
        .map(|i| {
            let shown = (-20..=20).filter(|j| mirrored(i + j) == SIDE / 2);
            (shown.map(gaussian).sum::<f64>() / whole) as f32
        })
        .collect();
    let middle = kernel.len() / 2;
    let blurred = |length: usize, i: usize, at: &dyn Fn(usize) -> f32| -> f32 {
        let inside = i.saturating_sub(middle)..(i + middle + 1).min(length);
        inside.map(|j| kernel[j + middle - i] * at(j)).sum()
    };
    let pixels = || (0..map.len()).map(|i| (i / width, i % width));
    let rows: Vec<f32> =
        pixels().map(|(y, x)| blurred(width, x, &|x| map[y * width + x])).collect();
    pixels().map(|(y, x)| blurred(height, y, &|y| rows[y * width + x])).collect()
}

/// A map with rows of `width` values, convolved with a Gaussian of `2 * radius + 1` pixels. At the
/// border the kernel's inner part is scaled to the sum 1, so that images do not darken there.
pub(super) fn blur(map: &[f32], width: usize, radius: usize, sigma: f32) -> Vec<f32> {
    let height = map.len() / width;
    // Farther pixels are outside any image.
    let radius = radius.min(height.max(width));
    let kernel: Vec<f32> =
        (0..=radius).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let blurred = |length: usize, i: usize, at: &dyn Fn(usize) -> f32| {
        let inside = i.saturating_sub(radius)..(i + radius + 1).min(length);
        let (sum, weight) = inside.fold((0.0, 0.0), |(sum, weight), j| {
            let k = kernel[i.abs_diff(j)];
            (sum + k * at(j), weight + k)
        });
        sum / weight
    };
    let pixels = || (0..map.len()).map(|i| (i / width, i % width));
    let rows: Vec<f32> =
        pixels().map(|(y, x)| blurred(width, x, &|x| map[y * width + x])).collect();
    pixels().map(|(y, x)| blurred(height, y, &|y| rows[y * width + x])).collect()
}
