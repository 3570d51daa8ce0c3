//! Maps of one value a pixel, as images.

use image::{Rgb, RgbImage};

/// A map of `height` x `width` values, row by row, as a gray image: the smallest value black, the
/// largest white; a map of one value throughout is black.
///
/// # Panics
///
/// If the number of values is not `height * width`.
pub fn gray_map(values: &[f32], height: usize, width: usize) -> RgbImage {
    assert_eq!(values.len(), height * width, "one value a pixel");
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scale = if most > least { 255.0 / (most - least) } else { 0.0 };
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let value = values[y as usize * width + x as usize];
        Rgb([((value - least) * scale).round() as u8; 3])
    })
}
