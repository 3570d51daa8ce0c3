//! Random changes under which an image must hold; see [`Transformations`].

use burn::tensor::ops::{GridSampleOptions, GridSamplePaddingMode, InterpolateMode, PadMode};
use burn::tensor::{Tensor, TensorData, grid::affine_grid_2d};
use rand::Rng;

use super::SHARED;
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::noise::{Purpose, generator};
use crate::setting::{below_one, in_range};

/// Padding with gray, a shift, a change of scale and a turn about the center, another shift. What
/// moves in from outside the padding is black.
///
/// Section "Transformation robustness" of *Feature Visualization* (see
/// [`FeatureVisualization`](super::FeatureVisualization)), with the numbers of lucid and lucent. Deviations:
/// scale and angle are drawn from intervals, not from lists of eleven and twenty-six; both are one bilinear
/// sampling, and the image keeps its size under them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transformations {
    /// Pixels of gray on each side.
    pub pad: usize,
    /// A window of so many pixels fewer is cut out at a random place.
    pub first_jitter: usize,
    /// The scale lies between `1 - scale` and `1 + scale`; at least 0, below 1.
    pub scale: f32,
    /// Largest angle to either side, in degrees; at least 0.
    pub degrees: f32,
    /// A window of so many pixels fewer is cut out in the end.
    pub last_jitter: usize,
}

/// lucid's standard transformations.
impl Default for Transformations {
    fn default() -> Self {
        Self { pad: 12, first_jitter: 8, scale: 0.1, degrees: 10.0, last_jitter: 4 }
    }
}

impl Transformations {
    /// None at all.
    pub const NONE: Self =
        Self { pad: 0, first_jitter: 0, scale: 0.0, degrees: 0.0, last_jitter: 0 };

    /// Transforms `[n, c, h, w]`, all images alike, to `[n, c, h', w']` with
    /// `h' = h + 2 * pad - first_jitter - last_jitter`: at random by the seed and the number of the
    /// step. Part of the graph.
    ///
    /// # Errors
    ///
    /// [`ExplainError::Setting`]: a setting out of its range, or too few pixels for the jitter.
    pub fn apply(
        &self,
        pixels: Tensor<4>,
        seed: u64,
        step: u64,
    ) -> Result<Tensor<4>, ExplainError> {
        let [_, _, height, width] = pixels.dims();
        self.validate([height, width])?;
        let generator = &mut generator(seed, Purpose::FeatureVisualization, SHARED - step);
        let pad = self.pad;
        let padded = match pad {
            0 => pixels,
            _ => pixels.pad((pad, pad, pad, pad), PadMode::Constant(0.5)),
        };
        let moved = window(padded, self.first_jitter, generator);
        let mut between = |most: f32| (2.0 * generator.random::<f32>() - 1.0) * most;
        let (scale, angle) = (1.0 + between(self.scale), between(self.degrees).to_radians());
        let turned = match self.scale > 0.0 || self.degrees > 0.0 {
            true => turned(moved, scale, angle),
            false => moved,
        };
        Ok(window(turned, self.last_jitter, generator))
    }

    fn validate(&self, [height, width]: [usize; 2]) -> Result<(), ExplainError> {
        below_one("scale", self.scale)?;
        in_range("degrees", self.degrees, 0.0..=180.0)?;
        let left = height.min(width).saturating_add(self.pad.saturating_mul(2));
        let cut = self.first_jitter.saturating_add(self.last_jitter);
        if cut.saturating_add(1) >= left {
            let expected = format!("below {}, so that pixels are left", left.saturating_sub(1));
            return SettingError::refuse("first_jitter + last_jitter", cut, expected);
        }
        Ok(())
    }
}

/// A window, `cut` pixels smaller, at a random place.
fn window(pixels: Tensor<4>, cut: usize, generator: &mut impl Rng) -> Tensor<4> {
    if cut == 0 {
        return pixels;
    }
    let [_, _, h, w] = pixels.dims();
    // u32: what is drawn must not depend on the machine's word.
    let [top, left] = [(); 2].map(|()| generator.random_range(0..=cut as u32) as usize);
    pixels.slice_dim(2, top..top + h - cut).slice_dim(3, left..left + w - cut)
}

/// Enlarged by a scale and turned about the center by an angle in radians, in the same frame.
fn turned(pixels: Tensor<4>, scale: f32, angle: f32) -> Tensor<4> {
    let [n, c, h, w] = pixels.dims();
    // From a place in the result to the place in the image, both from -1 to 1 from the first to
    // the last pixel: a turn of places in pixels.
    let [sides_x, sides_y] = [w - 1, h - 1].map(|side| side as f32);
    let (sin, cos) = (angle.sin() / scale, angle.cos() / scale);
    let place = [cos, sin * sides_y / sides_x, 0.0, -sin * sides_x / sides_y, cos, 0.0];
    let place = TensorData::new(place.repeat(n), [n, 2, 3]);
    let place = Tensor::<3>::from_data(place, &pixels.device().inner());
    let options = GridSampleOptions::new(InterpolateMode::Bilinear)
        .with_padding_mode(GridSamplePaddingMode::Zeros)
        .with_align_corners(true);
    let grid = affine_grid_2d(place, [n, c, h, w]);
    let grid = if pixels.is_tracked() { grid.autodiff() } else { grid };
    pixels.grid_sample_2d(grid, options)
}
