//! Layers by their sizes, with random weights.

use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;

/// A square convolution with `stride` and symmetric `padding`; weights initialized as PyTorch does.
pub(in crate::models) fn conv2d(
    [inputs, outputs]: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Conv2dConfig {
    assert!(outputs > 0, "a layer has at least one output");
    Conv2dConfig::new([inputs, outputs], [kernel; 2])
        .with_stride([stride; 2])
        .with_padding(pad(padding))
}

/// A fully connected layer; weights initialized as PyTorch does.
pub(in crate::models) fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    assert!(outputs > 0, "a layer has at least one output");
    LinearConfig::new(inputs, outputs).init(device)
}

/// Max pooling with a square window; `ceil` keeps a last, partial window.
pub(in crate::models) fn max_pool2d(
    kernel: usize,
    stride: usize,
    padding: usize,
    ceil: bool,
) -> MaxPool2d {
    MaxPool2dConfig::new([kernel; 2])
        .with_strides([stride; 2])
        .with_padding(pad(padding))
        .with_ceil_mode(ceil)
        .init()
}

fn pad(pixels: usize) -> PaddingConfig2d {
    match pixels {
        0 => PaddingConfig2d::Valid,
        p => PaddingConfig2d::Explicit(p, p, p, p),
    }
}

/// Device of a network's parameters.
pub(crate) fn device_of(module: &impl Module) -> Device {
    module.devices().into_iter().next().unwrap_or_default()
}
