//! Maps of one value a pixel in colors, and laid over images.

use burn::tensor::Tensor;
use image::{Rgb, RgbImage, imageops};

use super::preprocessing::{Resize, scale};

/// Colors for values: equal steps of value look like equal steps of color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Colors {
    /// Violet for 0, green, yellow for the largest. Negative values are drawn as 0.
    Viridis,
    /// Black for 0, red, light yellow for the largest. Negative values are drawn as 0.
    Inferno,
    /// Blue for negative values, white for 0, red for positive ones; both sides on one scale.
    Signed,
}

/// How a map is drawn as an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatMap {
    /// The colors.
    pub colors: Colors,
    /// The largest values that make up so many percent of the map's sum (of absolute values, for
    /// [`Colors::Signed`]) all get the last color, so that a few do not leave the rest dark: 2 as in
    /// captum; 0 cuts nothing off.
    pub outliers: f32,
}

/// Viridis, 2 % outliers.
impl Default for HeatMap {
    fn default() -> Self {
        Self { colors: Colors::Viridis, outliers: 2.0 }
    }
}

impl HeatMap {
    /// Draws `height` x `width` values, row by row. NaN is drawn as 0.
    ///
    /// # Panics
    ///
    /// If the number of values is not `height * width`, or `outliers` not from 0 to 100.
    pub fn draw(&self, values: &[f32], height: usize, width: usize) -> RgbImage {
        assert_eq!(values.len(), height * width, "one value a pixel");
        let most = self.most(values);
        RgbImage::from_fn(width as u32, height as u32, |x, y| {
            let value = f64::from(values[y as usize * width + x as usize]);
            let share = if most > 0.0 && !value.is_nan() { value / most } else { 0.0 };
            let color = match self.colors {
                Colors::Viridis => colorous::VIRIDIS.eval_continuous(share),
                Colors::Inferno => colorous::INFERNO.eval_continuous(share),
                Colors::Signed => colorous::RED_BLUE.eval_continuous(0.5 - 0.5 * share),
            };
            Rgb(color.as_array())
        })
    }

    /// Draws each map of `[n, 1, h, w]` on a scale of its own.
    ///
    /// # Panics
    ///
    /// If there is more than one channel, or as [`draw`](HeatMap::draw).
    pub fn draw_batch(&self, maps: &Tensor<4>) -> Vec<RgbImage> {
        let [_, channels, height, width] = maps.dims();
        assert_eq!(channels, 1, "maps have the shape [n, 1, h, w]");
        let values: Vec<f32> = maps.to_data().iter::<f32>().collect();
        values.chunks_exact(height * width).map(|map| self.draw(map, height, width)).collect()
    }

    /// The value of the last color: captum's `_cumulative_sum_threshold`, the smallest value that
    /// makes up, with all smaller ones, what is left of the sum without outliers.
    fn most(&self, values: &[f32]) -> f64 {
        assert!((0.0..=100.0).contains(&self.outliers), "outliers are from 0 to 100 percent");
        let signed = self.colors == Colors::Signed;
        let sizes = values.iter().filter(|value| value.is_finite());
        let sizes =
            sizes.map(|&value| f64::from(if signed { value.abs() } else { value.max(0.0) }));
        let mut sizes: Vec<f64> = sizes.collect();
        sizes.sort_by(f64::total_cmp);
        let kept = sizes.iter().sum::<f64>() * (1.0 - f64::from(self.outliers) / 100.0);
        let mut sum = 0.0;
        let reached = sizes.iter().find(|&&size| {
            sum += size;
            sum >= kept
        });
        reached.or(sizes.last()).copied().unwrap_or(0.0)
    }
}

/// Lays an image over another of the same size: `(1 - alpha) * below + alpha * above`.
///
/// # Panics
///
/// If the sizes differ, or `alpha` is not in `[0, 1]`.
pub fn overlay(below: &RgbImage, above: &RgbImage, alpha: f32) -> RgbImage {
    assert_eq!(below.dimensions(), above.dimensions(), "images of one size");
    assert!((0.0..=1.0).contains(&alpha), "alpha is from 0 to 1");
    let mixed = |(&below, &above): (&u8, &u8)| {
        ((1.0 - alpha) * f32::from(below) + alpha * f32::from(above)).round() as u8
    };
    let bytes = below.as_raw().iter().zip(above.as_raw()).map(mixed).collect();
    RgbImage::from_raw(below.width(), below.height(), bytes).expect("as many bytes as below")
}

/// Lays an image of the size that a network takes over the original: `above` covers what the network has seen of
/// `original` by this resize, scaled back (bilinear); what the crop cut off stays as it is.
///
/// # Panics
///
/// If `above` is not of the resize's size, or `alpha` is not in `[0, 1]`.
pub fn overlay_on_original(
    original: &RgbImage,
    above: &RgbImage,
    resize: Resize,
    alpha: f32,
) -> RgbImage {
    let [rows, columns] = resize.size();
    assert_eq!(above.dimensions(), (columns, rows), "an image of the network's size");
    let [left, top, width, height] = resize.seen(original.dimensions());
    let above = scale(above, width, height);
    let below = imageops::crop_imm(original, left, top, width, height).to_image();
    let mut whole = original.clone();
    imageops::replace(&mut whole, &overlay(&below, &above, alpha), left.into(), top.into());
    whole
}
