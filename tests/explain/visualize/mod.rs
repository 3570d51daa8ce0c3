//! Images that networks make of themselves.

mod class_visualization;
mod feature_visualization;
mod fourier;
mod transformations;

use foveate::burn::tensor::{Device, Tensor};

use crate::support::devices;

/// Values between 0.2 and 0.8 that repeat nowhere.
fn image(shape: [usize; 4], device: &Device) -> Tensor<4> {
    devices::noise(shape, 7, device).mul_scalar(0.05).add_scalar(0.5).clamp(0.2, 0.8)
}
