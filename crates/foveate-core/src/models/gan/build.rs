//! The layers that both networks of a pair are built of.

use burn::nn::conv::ConvTranspose2dConfig;
use burn::nn::{BatchNormConfig, DropoutConfig, LeakyReluConfig, Relu};
use burn::tensor::Device;

use crate::models::layer::build;
use crate::models::layer::{AnyLayer, Maxout};

pub(super) fn conv(
    channels: [usize; 2],
    stride: usize,
    padding: usize,
    device: &Device,
) -> AnyLayer {
    AnyLayer::Conv2d(build::conv2d(channels, 4, stride, padding).with_bias(false).init(device))
}

pub(super) fn conv_transpose(
    channels: [usize; 2],
    stride: usize,
    padding: usize,
    device: &Device,
) -> AnyLayer {
    let config = ConvTranspose2dConfig::new(channels, [4, 4])
        .with_stride([stride; 2])
        .with_padding([padding; 2])
        .with_bias(false);
    AnyLayer::ConvTranspose2d(config.init(device))
}

pub(super) fn linear(inputs: usize, outputs: usize, device: &Device) -> AnyLayer {
    AnyLayer::Linear(build::linear(inputs, outputs, device))
}

pub(super) fn norm(channels: usize, device: &Device) -> AnyLayer {
    AnyLayer::BatchNorm(BatchNormConfig::new(channels).init(device))
}

pub(super) fn relu() -> AnyLayer {
    AnyLayer::Relu(Relu::new())
}

pub(super) fn leaky_relu() -> AnyLayer {
    AnyLayer::LeakyRelu(LeakyReluConfig::new().with_negative_slope(0.2).init())
}

pub(super) fn maxout(pieces: usize) -> AnyLayer {
    AnyLayer::Maxout(Maxout { pieces })
}

pub(super) fn dropout() -> AnyLayer {
    AnyLayer::Dropout(DropoutConfig::new(0.5).init())
}
