//! What the steps of all trainings need: random numbers of their own, labels, and the best of a row.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A generator for one purpose at one place: nothing else draws from it.
pub(crate) fn generator(seed: u64, purpose: u64, epoch: usize, place: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(purpose << 60 | (epoch as u64) << 32 | place as u64);
    generator
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
