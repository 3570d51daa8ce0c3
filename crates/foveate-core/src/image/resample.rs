//! Pillow's bilinear resize, to the last bit (version 13, `src/libImaging/Resample.c`, 8 bits a channel). Faster libraries
//! have fewer bits in their weights and differ by one gray level in every seventh value, which changes a saliency map by
//! a third.

use image::RgbImage;

/// Weights are whole numbers of 2^-22: 8 bits of value, 22 of weight and 2 of room make 32.
const BITS: u32 = 22;
const HALF: i32 = 1 << (BITS - 1);

/// The source samples of a target sample, from `start` on, and their weights.
struct Taps {
    start: usize,
    weights: Vec<i32>,
}

/// An image of another size, by a triangle filter as wide as the step from one target sample to the next, or
/// two source samples: across and down, each rounded to 8 bits.
///
/// # Panics
///
/// If a side is 0.
pub fn bilinear(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let [old_width, old_height] = [image.width() as usize, image.height() as usize];
    let [new_width, new_height] = [width as usize, height as usize];
    assert!(
        [old_width, old_height, new_width, new_height].iter().all(|&side| side > 0),
        "no side is 0"
    );
    let (columns, rows) = (taps(old_width, new_width), taps(old_height, new_height));
    // As Pillow from version 13 on: down first where that leaves much less to do.
    let lost = |old: usize, new: usize| old as i64 - new as i64;
    let down_first = lost(old_height, new_height) > (2 * lost(old_width, new_width)).max(0);
    let bytes = match down_first {
        true => across(&down(image.as_raw(), old_width, &rows), old_width, &columns),
        false => down(&across(image.as_raw(), old_width, &columns), new_width, &rows),
    };
    RgbImage::from_raw(width, height, bytes).expect("three bytes a pixel")
}

fn across(bytes: &[u8], width: usize, columns: &[Taps]) -> Vec<u8> {
    let mut to = Vec::with_capacity(bytes.len() / width * columns.len());
    for row in bytes.chunks_exact(3 * width) {
        for Taps { start, weights } in columns {
            let mut sums = [HALF; 3];
            for (pixel, weight) in row[3 * start..].chunks_exact(3).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(value) * weight;
                }
            }
            to.extend(sums.map(rounded));
        }
    }
    to
}

fn down(bytes: &[u8], width: usize, rows: &[Taps]) -> Vec<u8> {
    let mut to = Vec::with_capacity(3 * width * rows.len());
    let mut sums = vec![HALF; 3 * width];
    for Taps { start, weights } in rows {
        sums.fill(HALF);
        for (row, weight) in bytes[start * 3 * width..].chunks_exact(3 * width).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        to.extend(sums.iter().map(|&sum| rounded(sum)));
    }
    to
}

fn rounded(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

/// `precompute_coeffs` and `normalize_coeffs_8bpc`.
fn taps(old: usize, new: usize) -> Vec<Taps> {
    let scale = old as f64 / new as f64;
    let support = scale.max(1.0);
    let taps = |i: usize| {
        let center = (i as f64 + 0.5) * scale;
        let start = (center - support + 0.5).max(0.0) as usize;
        let end = ((center + support + 0.5) as usize).min(old);
        let near = |x: usize| {
            let distance = ((x as f64 - center + 0.5) * (1.0 / support)).abs();
            (1.0 - distance).max(0.0)
        };
        let weights: Vec<f64> = (start..end).map(near).collect();
        let sum: f64 = weights.iter().sum();
        let whole = |weight: f64| (0.5 + weight / sum * f64::from(1 << BITS)) as i32;
        Taps { start, weights: weights.into_iter().map(whole).collect() }
    };
    (0..new).map(taps).collect()
}
