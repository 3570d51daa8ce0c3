//! Means and variances of a batch, and sums over channels.

use super::channel::{BatchStatistics, check_channels, check_values, for_each_channel, plane};
use crate::lanes::Sum;

/// Mean and biased variance of each channel.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `input`: of that shape
///
/// # Panics
///
/// If the slice has another length.
pub fn batch_statistics(shape: [usize; 3], input: &[f32]) -> BatchStatistics {
    check_values(shape, "input", input.len());
    let [batch, _, pixels] = shape;
    let count = (batch * pixels) as f64;
    // In f64, and shifted by one of the values: exact but for the last bits even where the mean is
    // large beside the deviation.
    let moments = for_each_channel(
        shape,
        #[inline(always)]
        |channel| {
            let shift = f64::from(input.get(channel * pixels).copied().unwrap_or_default());
            let (mut sum, mut squares) = (Sum::default(), Sum::default());
            for image in 0..batch {
                let plane = plane(shape, image, channel, input);
                sum.add(plane, |x| f64::from(x) - shift);
                squares.add(plane, |x| (f64::from(x) - shift) * (f64::from(x) - shift));
            }
            let mean = sum.total() / count;
            // A NaN stays one: max() would hide it.
            let variance = squares.total() / count - mean * mean;
            [shift + mean, if variance < 0.0 { 0.0 } else { variance }]
        },
    );
    BatchStatistics {
        mean: moments.iter().map(|m| m[0] as f32).collect(),
        variance: moments.iter().map(|m| m[1] as f32).collect(),
    }
}
/// The sum of each channel: the gradient of a bias.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `values`: of that shape
/// - `sums`: `[channels]`, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn channel_sums(shape: [usize; 3], values: &[f32], sums: &mut [f32]) {
    check_values(shape, "values", values.len());
    check_channels(shape, "sums", sums.len());
    let totals = for_each_channel(
        shape,
        #[inline(always)]
        |channel| {
            let mut sum = Sum::default();
            for image in 0..shape[0] {
                sum.add(plane(shape, image, channel, values), f64::from);
            }
            sum.total()
        },
    );
    for (sum, total) in sums.iter_mut().zip(totals) {
        *sum = total as f32;
    }
}
