//! The pointing game; see [`pointing_game`].

use burn::tensor::Tensor;

use super::pixel_values;
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::values::argmax;

/// Whether the largest value of each map lies on the object, or within `tolerance` pixels of it
/// (the paper: 15). `masks`: for each image `h * w` values, row by row, true on the object.
///
/// Jianming Zhang, Zhe Lin, Jonathan Brandt, Xiaohui Shen, Stan Sclaroff, *Top-down Neural Attention by
/// Excitation Backprop*, 2016, <https://arxiv.org/abs/1608.00507>, section 4.1.
///
/// # Errors
///
/// [`ExplainError::MapNotFinite`]; [`ExplainError::Setting`]: not one mask for each image and one
/// value for each pixel.
pub fn pointing_game(
    map: &Tensor<4>,
    masks: &[Vec<bool>],
    tolerance: usize,
) -> Result<Vec<bool>, ExplainError> {
    let found @ [n, _, h, w] = map.dims();
    if found.contains(&0) {
        return Err(ExplainError::Empty { found });
    }
    if masks.len() != n {
        let expected = format!("{n}, one for each image");
        return SettingError::refuse("the number of masks", masks.len(), expected);
    }
    if let Some(mask) = masks.iter().find(|mask| mask.len() != h * w) {
        let expected = format!("{}, one for each of {h}x{w} pixels", h * w);
        return SettingError::refuse("the mask's length", mask.len(), expected);
    }
    let hits = pixel_values(map, map.dims())?.into_iter().zip(masks).map(|(map, mask)| {
        let largest = argmax(map);
        let (y, x) = (largest / w, largest % w);
        let near = |pixel: usize| {
            let (down, across) = (y.abs_diff(pixel / w), x.abs_diff(pixel % w));
            down * down + across * across <= tolerance.saturating_mul(tolerance)
        };
        mask.iter().enumerate().any(|(pixel, &object)| object && near(pixel))
    });
    Ok(hits.collect())
}
