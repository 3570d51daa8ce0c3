//! Which changes of an image are allowed, and how they are measured.

use burn::tensor::{Tensor, TensorData};

use super::run::{factors, pick};
use crate::explain::model::values;

/// How the size of a change is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Norm {
    /// The largest change of a value.
    LInf,
    /// The Euclidean length.
    L2,
}

/// The images in `[0, 1]` whose distance from an original is at most `epsilon`: at most in exact
/// arithmetic, not within rounding.
pub(super) struct Ball {
    original: Tensor<4>,
    norm: Norm,
    epsilon: f32,
    low: Tensor<4>,
    high: Tensor<4>,
}

impl Ball {
    pub fn new(original: &Tensor<4>, norm: Norm, epsilon: f32) -> Self {
        let box_of = |bound: &dyn Fn(f32) -> f32| match norm {
            Norm::LInf => {
                let bounds: Vec<f32> = values(original).into_iter().map(bound).collect();
                Tensor::from_data(TensorData::new(bounds, original.dims()), &original.device())
            }
            Norm::L2 => original.full_like(bound(f32::NAN)),
        };
        Self {
            norm,
            epsilon,
            low: box_of(&|x| lowest(x, epsilon).max(0.0)),
            high: box_of(&|x| highest(x, epsilon).min(1.0)),
            original: original.clone(),
        }
    }

    /// The nearest images that are allowed; with [`Norm::L2`] within rounding: see
    /// [`enclose`](Ball::enclose).
    pub fn project(&self, x: Tensor<4>, places: &[usize]) -> Tensor<4> {
        let x = match self.norm {
            Norm::LInf => x,
            Norm::L2 => {
                let original = pick(&self.original, places);
                let change = x - original.clone();
                let shrink =
                    |norm: f32| if norm > self.epsilon { self.epsilon / norm } else { 1.0 };
                let shrink = lengths(&change).into_iter().map(shrink).collect();
                original + change.clone() * factors(shrink, &change)
            }
        };
        // Values are chosen, not computed: the bounds hold to the last bit.
        x.max_pair(pick(&self.low, places)).min_pair(pick(&self.high, places))
    }

    /// Takes from changes in [`Norm::L2`] what rounding has added to `epsilon`.
    pub fn enclose(&self, x: Tensor<4>) -> Tensor<4> {
        if self.norm == Norm::LInf {
            return x;
        }
        let (original, mut changed) = (values(&self.original), values(&x));
        let [n, c, h, w] = x.dims();
        for (from, to) in original.chunks(c * h * w).zip(changed.chunks_mut(c * h * w)) {
            let mut shrink = 1.0 - 1e-7;
            while length(from, to) > f64::from(self.epsilon) {
                let factor = shrink * (f64::from(self.epsilon) / length(from, to)).min(1.0);
                for (&from, to) in from.iter().zip(to.iter_mut()) {
                    let from = f64::from(from);
                    *to = (from + factor * (f64::from(*to) - from)) as f32;
                }
                shrink *= shrink;
            }
        }
        Tensor::from_data(TensorData::new(changed, [n, c, h, w]), &x.device())
    }
}

fn length(from: &[f32], to: &[f32]) -> f64 {
    let change = from.iter().zip(to).map(|(&a, &b)| f64::from(b) - f64::from(a));
    change.map(|v| v * v).sum::<f64>().sqrt()
}

/// The largest number that is at most `epsilon` above `x`; rounding `x + epsilon` may pass it.
fn highest(x: f32, epsilon: f32) -> f32 {
    let high = x + epsilon;
    if f64::from(high) - f64::from(x) > f64::from(epsilon) { high.next_down() } else { high }
}

fn lowest(x: f32, epsilon: f32) -> f32 {
    let low = x - epsilon;
    if f64::from(x) - f64::from(low) > f64::from(epsilon) { low.next_up() } else { low }
}

/// The Euclidean length of each image, also where the squares of its values are below or beyond f32.
pub(super) fn lengths(x: &Tensor<4>) -> Vec<f32> {
    let largest = values(&x.clone().max_abs_dims(&[1, 2, 3]));
    let lengths = values(&scaled(x.clone()).square().sum_dims(&[1, 2, 3]).sqrt());
    largest.into_iter().zip(lengths).map(|(largest, length)| largest * length).collect()
}

/// Each image divided by its largest absolute value, so that squares and sums of tiny gradients
/// are not lost; one that is 0 stays 0.
pub(super) fn scaled(x: Tensor<4>) -> Tensor<4> {
    let largest = x.clone().max_abs_dims(&[1, 2, 3]);
    let zero = largest.clone().equal_scalar(0.0);
    x / largest.mask_fill(zero, 1.0)
}

/// Each image with Euclidean length 1; one that is 0 stays 0.
pub(super) fn unit(x: Tensor<4>) -> Tensor<4> {
    let x = scaled(x);
    let length = x.clone().square().sum_dims(&[1, 2, 3]).sqrt();
    let zero = length.clone().equal_scalar(0.0);
    x / length.mask_fill(zero, 1.0)
}
