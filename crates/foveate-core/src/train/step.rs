//! What the steps of all trainings need: integers on a device.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Whole numbers on a device: labels, or rows to select.
pub(crate) fn integers(values: impl Iterator<Item = i64>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.collect();
    let shape = [values.len()];
    Tensor::from_data(TensorData::new(values, shape), device)
}
