//! What the training rows have in common.

use foveate::burn::nn::PaddingConfig2d;
use foveate::burn::nn::conv::Conv2dConfig;
use foveate::burn::optim::{AdamConfig, ModuleOptimizer};
use foveate::burn::tensor::{Distribution, Tensor};
use foveate::ops::{self, PoolOptions};

/// Max pooling of 2x2 windows side by side.
pub fn max_pool(input: Tensor<4>) -> Tensor<4> {
    let two = [2, 2];
    let window = PoolOptions {
        kernel: two,
        stride: two,
        padding: [0, 0],
        dilation: [1, 1],
        ceil_mode: false,
    };
    ops::max_pool2d(input, window)
}

/// Drops half of the channels.
pub fn dropout_channels(input: Tensor<4>) -> Tensor<4> {
    let [n, c, ..] = input.dims();
    let kept = Distribution::Bernoulli(0.5);
    let mask = Tensor::random([n, c, 1, 1], kept, &input.device());
    input * (mask * 2.0)
}

/// The input; its gradient is turned round and scaled.
pub fn reverse_gradient<const D: usize>(input: Tensor<D>, scale: f32) -> Tensor<D> {
    input.clone().detach() * (1.0 + scale) - input * scale
}

/// A square convolution's configuration.
pub fn conv2d(channels: [usize; 2], kernel: usize, stride: usize, padding: usize) -> Conv2dConfig {
    let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
    Conv2dConfig::new(channels, [kernel; 2]).with_stride([stride; 2]).with_padding(padding)
}

/// Adam with PyTorch's epsilon.
pub fn adam(beta_1: f32, beta_2: f32) -> ModuleOptimizer {
    AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(1e-8).init()
}
