//! The measures of attributions against captum, torch-cam and scipy, and against closed forms.

mod average_drop;
mod completeness;
mod curve;
mod error;
mod infidelity;
mod localization;
mod randomization;
mod spearman;

use foveate::burn::tensor::{Tensor, TensorData};

use crate::support::devices;

fn map<const N: usize>(values: [f32; N], shape: [usize; 4]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &devices::any())
}

/// Perturbation `k` of tests/golden/perturbation.py.
fn perturbation(k: usize, shape: [usize; 4]) -> Tensor<4> {
    let wave = |p: usize| (0.02 * (p as f64 * (0.37 + 0.11 * k as f64)).sin()) as f32;
    let values: Vec<f32> = (0..shape.iter().product()).map(wave).collect();
    Tensor::from_data(TensorData::new(values, shape), &devices::any())
}

/// Without equal pixels: which of several equal values a max pooling's gradient goes to is left to
/// rounding, and the two images have flat backgrounds.
fn uneven(input: Tensor<4>) -> Tensor<4> {
    let noise = perturbation(5, input.dims());
    input + noise
}
