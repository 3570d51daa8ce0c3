//! From a map to an object: a mask and a bounding box; see [`Localizer`].

use burn::tensor::Tensor;

use super::pixel_values;
use crate::explain::baseline::blur;
use crate::explain::error::ExplainError;
use crate::setting::{at_least_zero, share};

/// Finds the object in a map `[n, c, h, w]`, whose channels are added.
///
/// What exceeds a part of the maximum, of it the largest connected region, and the box around
/// it: section 3.2 of Bolei Zhou et al., *Learning Deep Features for Discriminative Localization*, 2016,
/// <https://arxiv.org/abs/1512.04150>. So Karen Simonyan, Andrea Vedaldi, Andrew Zisserman, *Deep Inside
/// Convolutional Networks*, 2014, <https://arxiv.org/abs/1312.6034>, section 3.2, localize without having
/// been taught to; they cut the object out by colors, which this does not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Localizer {
    /// Standard deviation, in pixels, of a Gaussian that joins the specks of a gradient's map
    /// first; 0 leaves the map as it is.
    pub sigma: f32,
    /// Pixels count from this part of the (smoothed) map's maximum on; in `(0, 1]`.
    pub fraction: f32,
}

/// 20 % of the maximum, as Zhou et al., after smoothing with 4 pixels.
impl Default for Localizer {
    fn default() -> Self {
        Self { sigma: 4.0, fraction: 0.2 }
    }
}

/// A region of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Localization {
    /// `h * w` values, row by row, true on the object.
    pub mask: Vec<bool>,
    /// The smallest box around it.
    pub bounds: BoundingBox,
}

/// A box in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundingBox {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Localizer {
    /// The object of each image: of the regions of pixels that touch at a side or a corner
    /// (8-connected) the largest, the first in reading order if several are. None where no value of
    /// the map is positive.
    ///
    /// # Errors
    ///
    /// [`ExplainError::Empty`], [`ExplainError::MapNotFinite`], [`ExplainError::Setting`].
    pub fn find(&self, map: &Tensor<4>) -> Result<Vec<Option<Localization>>, ExplainError> {
        at_least_zero("sigma", self.sigma)?;
        share("fraction", self.fraction)?;
        let found @ [_, _, _, w] = map.dims();
        if found.contains(&0) {
            return Err(ExplainError::Empty { found });
        }
        let maps = pixel_values(map, found)?;
        Ok(maps.into_iter().map(|map| self.find_in(map, w)).collect())
    }

    fn find_in(&self, map: Vec<f32>, width: usize) -> Option<Localization> {
        let map = match self.sigma {
            0.0 => map,
            sigma => blur(&map, width, (3.0 * sigma).ceil() as usize, sigma),
        };
        let most = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if most <= 0.0 {
            return None;
        }
        let mut left: Vec<bool> = map.iter().map(|&value| value >= self.fraction * most).collect();
        let mut largest = Vec::new();
        for start in 0..left.len() {
            let region = region(&mut left, width, start);
            if region.len() > largest.len() {
                largest = region;
            }
        }
        let mut mask = vec![false; map.len()];
        largest.iter().for_each(|&pixel| mask[pixel] = true);
        let span = |place: fn(usize, usize) -> usize| {
            let places = || largest.iter().map(|&pixel| place(pixel, width));
            let first = places().min().unwrap_or(0);
            (first, places().max().unwrap_or(0) - first + 1)
        };
        let (top, height) = span(|pixel, width| pixel / width);
        let (left, width) = span(|pixel, width| pixel % width);
        Some(Localization { mask, bounds: BoundingBox { top, left, height, width } })
    }
}

/// Takes the region around a pixel out of those that are left.
fn region(left: &mut [bool], width: usize, start: usize) -> Vec<usize> {
    if !std::mem::take(&mut left[start]) {
        return Vec::new();
    }
    let height = left.len() / width;
    let mut region = vec![start];
    let mut seen = 0;
    while let Some(&pixel) = region.get(seen) {
        seen += 1;
        let (y, x) = (pixel / width, pixel % width);
        for y in y.saturating_sub(1)..(y + 2).min(height) {
            for x in x.saturating_sub(1)..(x + 2).min(width) {
                if std::mem::take(&mut left[y * width + x]) {
                    region.push(y * width + x);
                }
            }
        }
    }
    region
}
