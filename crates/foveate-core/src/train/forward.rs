//! The forward pass of a training: as in evaluation, but with dropout, and batch norms by the batch.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::models::{NamedLayer, fused};

/// A generator for one purpose at one place: nothing else draws from it.
pub(crate) fn generator(seed: u64, purpose: u64, epoch: usize, place: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(purpose << 60 | (epoch as u64) << 32 | place as u64);
    generator
}

/// Activations `[n, c, h, w]` after all layers, with dropout. Its masks are drawn here, since a device
/// has one generator for the whole process: whoever else draws would change the training.
pub(crate) fn forward(
    layers: &[NamedLayer<'_>],
    input: Tensor<4>,
    generator: &mut ChaCha8Rng,
) -> Tensor<4> {
    fused(layers).fold(input, |input, (layer, activation)| match layer.dropout() {
        Some(probability) => activation.of(dropped(input, probability, generator)),
        None => layer.forward_activated(input, activation),
    })
}

/// Whole numbers on a device: labels, or rows to select.
pub(crate) fn integers(values: impl Iterator<Item = i64>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.collect();
    let shape = [values.len()];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Index of the highest number, the first among equals; 0 if there is none.
pub(crate) fn highest(row: &[f32]) -> usize {
    (0..row.len()).reduce(|a, b| if row[b] > row[a] { b } else { a }).unwrap_or(0)
}

fn dropped(activations: Tensor<4>, probability: f64, generator: &mut ChaCha8Rng) -> Tensor<4> {
    let shape = activations.dims();
    let mask = TensorData::new(mask(shape.iter().product(), probability, generator), shape);
    let mask = Tensor::from_data(mask, &activations.device());
    activations * mask
}

/// 0 with this probability, and otherwise what makes the mean 1.
fn mask(length: usize, probability: f64, generator: &mut ChaCha8Rng) -> Vec<f32> {
    let kept = 1.0 - probability;
    let (below, scale) = ((kept * 2f64.powi(32)) as u64, (1.0 / kept) as f32);
    let draw = |_| if u64::from(generator.next_u32()) < below { scale } else { 0.0 };
    (0..length).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_mean() {
        for probability in [0.0, 0.2, 0.5, 0.9] {
            let mask = mask(100_000, probability, &mut ChaCha8Rng::seed_from_u64(1));
            let scale = (1.0 / (1.0 - probability)) as f32;
            assert!(mask.iter().all(|&value| value == 0.0 || value == scale));
            let mean = mask.iter().map(|&value| f64::from(value)).sum::<f64>() / 1e5;
            // Five standard deviations of the mean.
            let deviation = (probability / (1.0 - probability) / 1e5).sqrt();
            assert!((mean - 1.0).abs() <= 5.0 * deviation, "{mean} at {probability}");
        }
    }
}
