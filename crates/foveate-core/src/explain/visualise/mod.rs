//! Pictures that a network makes of itself: what a class looks like to it, what a channel answers
//! to.

mod class_visualisation;
mod feature_visualisation;
mod fourier;
mod transformations;

use burn::tensor::{Device, Tensor, TensorData};

pub use class_visualisation::{ClassSnapshot, ClassVisualisation};
pub use feature_visualisation::{FeatureSnapshot, FeatureVisualisation, Objective};
pub use fourier::{COLOUR_CORRELATION, FourierImage};
pub use transformations::Transformations;

/// The place of the random numbers that are no picture's own: what moves all pictures alike.
const SHARED: u64 = u64::MAX;

/// A matrix `[1, 1, rows, columns]` of a function of row and column, computed in f64.
fn matrix(
    [rows, columns]: [usize; 2],
    value: impl Fn(usize, usize) -> f64,
    device: &Device,
) -> Tensor<4> {
    let at = |i: usize| value(i / columns, i % columns) as f32;
    let values: Vec<f32> = (0..rows * columns).map(at).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, rows, columns]), device)
}
