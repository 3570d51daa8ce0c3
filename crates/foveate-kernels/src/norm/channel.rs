//! [`BatchNorm`]: what normalizes a channel, and checks of shapes.

use rayon::prelude::*;

use crate::dispatch;
use crate::sizes::product;

/// Values of one task, at least.
pub(super) const CHUNK: usize = 1 << 14;

/// Values that stay in the first cache from one loop to the next.
pub(super) const TILE: usize = 1 << 11;

/// The values of a batch normalization, one of each for every channel:
/// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` (Sergey Ioffe, Christian Szegedy, *Batch
/// Normalization*, 2015, <https://arxiv.org/abs/1502.03167>).
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    /// Subtracted: the mean of the batch, or the running mean.
    pub mean: &'a [f32],
    /// Divided by, under the root: the biased variance of the batch, or the running variance.
    pub variance: &'a [f32],
    /// Factor.
    pub gamma: &'a [f32],
    /// Summand.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// Mean and variance of each channel of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStatistics {
    /// The mean of all values of a channel; NaN where there are none.
    pub mean: Vec<f32>,
    /// Their mean squared deviation: biased, divided by their number.
    pub variance: Vec<f32>,
}

impl BatchNorm<'_> {
    pub(super) fn check(&self, shape: [usize; 3]) {
        let numbers = [
            ("mean", self.mean),
            ("variance", self.variance),
            ("gamma", self.gamma),
            ("beta", self.beta),
        ];
        for (name, numbers) in numbers {
            check_channels(shape, name, numbers.len());
        }
    }

    /// `1 / sqrt(variance + epsilon)`.
    pub(super) fn inverse_deviation(&self, channel: usize) -> f64 {
        1.0 / (f64::from(self.variance[channel]) + f64::from(self.epsilon)).sqrt()
    }

    /// What is subtracted from a channel, what it is multiplied by, what is added.
    #[inline(always)]
    pub(super) fn line(&self, channel: usize) -> [f32; 3] {
        let scale = f64::from(self.gamma[channel]) * self.inverse_deviation(channel);
        [self.mean[channel], scale as f32, self.beta[channel]]
    }
}

pub(super) fn check_channels(shape: [usize; 3], name: &str, len: usize) {
    assert_eq!(len, shape[1], "elements in the {name}, one a channel of {shape:?}");
}

pub(super) fn check_values(shape: [usize; 3], name: &str, len: usize) {
    assert_eq!(len, product(&shape, &shape), "elements in the {name} of {shape:?}");
}

/// Planes of one task, at least.
pub(super) fn planes([_, _, pixels]: [usize; 3]) -> usize {
    1 + CHUNK / pixels.max(1)
}
#[inline(always)]
pub(super) fn plane(shape: [usize; 3], image: usize, channel: usize, values: &[f32]) -> &[f32] {
    &values[(image * shape[1] + channel) * shape[2]..][..shape[2]]
}

/// What `task` gives for each channel, in order.
pub(super) fn for_each_channel<T: Send>(
    shape: [usize; 3],
    task: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let [batch, channels, pixels] = shape;
    let isa = dispatch::current();
    let task = &task;
    let tasks = (0..channels).into_par_iter().with_min_len(1 + CHUNK / (batch * pixels).max(1));
    tasks
        .map(|channel| {
            dispatch::on(
                isa,
                #[inline(always)]
                |_| task(channel),
            )
        })
        .collect()
}
