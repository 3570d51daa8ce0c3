//! What the steps of all trainings need: labels, and the best of a row.

use burn::tensor::{Device, Int, Tensor, TensorData};

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
