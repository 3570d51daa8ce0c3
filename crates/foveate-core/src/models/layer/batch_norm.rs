//! Batch norm.

use burn::module::RunningState;
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};

use super::Layer;
use crate::models::pass::Pass;
use crate::ops::{self, Activation, BatchNormMode};

impl Layer for BatchNorm {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let output = self.forward_activated(input.clone(), Activation::None, pass);
        pass.elementwise(input, output)
    }

    /// By the batch's statistics in training, which move the running ones, and by those otherwise.
    /// As in PyTorch (and unlike burn's layer), the running variance is that of the unbiased ones.
    fn forward_activated(
        &self,
        input: Tensor<4>,
        activation: Activation,
        pass: &Pass<'_>,
    ) -> Tensor<4> {
        let device = input.device();
        let [n, _, h, w] = input.dims();
        pass.normalizes(n * h * w);
        let (statistics, numbers) = if device.is_autodiff() && self.training.is_enabled() {
            let batch = ops::batch_statistics(input.clone());
            let move_towards = |running: &RunningState<Tensor<1>>, batch: Tensor<1>| {
                let kept = running.value_sync().to_device(&device) * (1.0 - self.momentum);
                running.update((kept + batch * self.momentum).detach());
            };
            move_towards(&self.running_mean, batch[0].clone());
            let unbiased = (n * h * w) as f64 / (n * h * w).saturating_sub(1).max(1) as f64;
            move_towards(&self.running_var, batch[1].clone() * unbiased);
            (BatchNormMode::Batch, batch)
        } else {
            (BatchNormMode::Given, running(self, &device))
        };
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        ops::batch_norm(input, gamma, beta, numbers, statistics, self.epsilon, activation)
    }

    fn batch_norm(&self) -> Option<&BatchNorm> {
        Some(self)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        input
    }

    fn multiply_adds(&self, _: [usize; 4]) -> u64 {
        0
    }

    fn parameters(&self) -> usize {
        self.gamma.lazy_shape().num_elements() + self.beta.lazy_shape().num_elements()
    }

    fn describe(&self) -> String {
        format!("BatchNorm2d({})", self.gamma.lazy_shape().num_elements())
    }
}

/// Running mean and variance.
fn running(norm: &BatchNorm, device: &Device) -> [Tensor<1>; 2] {
    [&norm.running_mean, &norm.running_var].map(|running| running.value().to_device(device))
}

/// Out of training, a batch norm is `scale x + shift` of each channel: `[scale, shift]`.
pub(super) fn affine(norm: &BatchNorm, device: &Device) -> [Tensor<1>; 2] {
    let [mean, variance] = running(norm, device);
    let scale = norm.gamma.val() / (variance + norm.epsilon).sqrt();
    let shift = norm.beta.val() - mean * scale.clone();
    [scale, shift]
}
