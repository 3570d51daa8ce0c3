//! Images that a network makes of itself: what a class looks like to it, what a channel responds
//! to.
//!
//! An image is climbed to from noise, by the gradient of what it is to raise:
//!
//! ```text
//! ClassVisualization      argmax over x of logit(x)[class] - l2_reg |x|^2
//! FeatureVisualization    argmax over s of activation(transformed(pixels of the spectrum s))
//! ```
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::explain::visualize::{
//!     ClassVisualization, FeatureVisualization, Objective, Transformations,
//! };
//! use foveate::image::Preprocessing;
//! use foveate::models::LeNet;
//!
//! let device = Device::default();
//! let classifier = LeNet::digits(&device)?;
//! let Preprocessing { mean, std, .. } = *classifier.preprocessing();
//! let (iterations, learning_rate, max_jitter) = (10, 2.0, 1);
//! let method = ClassVisualization {
//!     iterations, learning_rate, max_jitter, mean, std, ..Default::default()
//! };
//! let noise = method.noise(1, [28, 28], &device);
//! let snapshots = method.run(&classifier, &noise, &[3])?; // what a 3 looks like
//! let [first, .., last] = &snapshots[..] else { panic!("the first and the last") };
//! assert!(last.scores[0] > first.scores[0]);
//!
//! let transformations = Transformations::NONE;
//! let method = FeatureVisualization { steps: 10, transformations, ..Default::default() };
//! let channel = [Objective::Channel(2)];
//! let snapshots = method.run(&classifier, "features.3", &channel, [28, 28], &device)?;
//! assert!(snapshots[1].activations > snapshots[0].activations);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class_visualization;
mod feature_visualization;
mod fourier;
mod transformations;

use burn::tensor::{Device, Tensor, TensorData};

pub use class_visualization::{ClassSnapshot, ClassVisualization};
pub use feature_visualization::{FeatureSnapshot, FeatureVisualization, Objective};
pub use fourier::{COLOR_CORRELATION, FourierImage};
pub use transformations::Transformations;

/// The place of the random numbers that are no image's own: what moves all images alike.
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
