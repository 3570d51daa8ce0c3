//! What a network is made of: the [`Layer`] trait, and its implementation for burn's layers.

mod norm;
mod plain;
mod weighted;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d};
use burn::nn::pool::{AdaptiveAvgPool2d, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, Dropout, LeakyRelu, Linear, LinearConfig, PaddingConfig2d, Relu, Tanh};
use burn::tensor::{Device, Tensor};

pub use norm::LocalResponseNorm;
pub use plain::Maxout;

use super::pass::Pass;
use super::squeezenet::Fire;
use crate::ops::Activation;

/// One step of a network: a function of activations `[n, c, h, w]`.
///
/// Activations keep four dimensions throughout, so that a network can be cut anywhere: a fully
/// connected layer flattens what it gets and gives `[n, features, 1, 1]`.
///
/// What the library asks of a layer has no default that could be wrong unseen; an example of a block of
/// one's own stands on the front page of [`models`](crate::models).
pub trait Layer {
    /// Runs the layer on `[n, c, h, w]` as a part of a pass: the gradient goes back by the pass's
    /// [`Rule`](super::Rule), and dropouts draw as it says. Layers inside get the same `pass`.
    fn forward_by(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4>;

    /// The shape that comes out for an input of shape `[n, c, h, w]`.
    fn output_shape(&self, input: [usize; 4]) -> [usize; 4];

    /// Trainable parameters (running statistics are not counted, as in PyTorch).
    fn parameters(&self) -> usize;

    /// Multiply-adds of convolutions and fully connected layers, for an input `[n, c, h, w]`.
    fn multiply_adds(&self, input: [usize; 4]) -> u64;

    /// The kind of layer with its sizes, for a person to read: `Conv2d(3, 64, 7x7, stride 2)`.
    fn describe(&self) -> String;

    /// Runs the layer on `[n, c, h, w]`, alone: the gradient is the gradient.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_by(input, &Pass::default())
    }

    /// [`forward_by`](Layer::forward_by) the gradient, then an activation: in one step where the layer can.
    fn forward_activated(
        &self,
        input: Tensor<4>,
        activation: Activation,
        pass: &Pass<'_>,
    ) -> Tensor<4> {
        activation.of(self.forward_by(input, pass))
    }

    /// [`forward_by`](Layer::forward_by), then a batch norm: one layer to relevance where this one is
    /// linear.
    fn forward_normalised(&self, input: Tensor<4>, norm: &BatchNorm, pass: &Pass<'_>) -> Tensor<4> {
        norm.forward_by(self.forward_by(input, pass), pass)
    }

    /// The activation that the layer is, which the layer before it may do in its stead.
    fn activation(&self) -> Activation {
        Activation::None
    }

    /// The batch norm that the layer is, which the layer before it may take in.
    fn batch_norm(&self) -> Option<&BatchNorm> {
        None
    }

    /// The probability with which the layer drops each value, if it is a dropout in training.
    fn dropout(&self) -> Option<f64> {
        None
    }

    /// Whether the layer can run on an input of shape `[n, c, h, w]`.
    fn takes(&self, _input: [usize; 4]) -> bool {
        true
    }
}

/// `pixels` after a window of `kernel` moved by `stride` over `pixels + 2 * padding`.
fn windows(pixels: usize, kernel: usize, stride: usize, padding: usize, ceil: bool) -> usize {
    let span = pixels + 2 * padding + if ceil { stride - 1 } else { 0 };
    let Some(room) = span.checked_sub(kernel) else { return 0 };
    let count = room / stride + 1;
    // As PyTorch: the last window must start inside the picture or its left padding.
    if ceil && (count - 1) * stride >= pixels + padding { count - 1 } else { count }
}

/// Pixels from the first to the last of a dilated kernel.
fn reach(kernel: [usize; 2], dilation: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|i| dilation[i] * (kernel[i] - 1) + 1)
}

/// Symmetric padding `[vertical, horizontal]` in pixels.
fn symmetric(padding: &PaddingConfig2d) -> [usize; 2] {
    match padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [*top, *left]
        }
        other => panic!("the networks here pad symmetrically, found {other:?}"),
    }
}

/// A layer of torchvision's `nn.Sequential`s, where it is known by its index alone.
#[derive(Module, Debug)]
#[non_exhaustive]
pub enum Unit {
    /// A 2-d convolution.
    Conv2d(Conv2d),
    /// A transposed 2-d convolution.
    ConvTranspose2d(ConvTranspose2d),
    /// A fully connected layer.
    Linear(Linear),
    /// Batch normalisation over channels.
    BatchNorm(BatchNorm),
    /// `max(x, 0)`.
    Relu(Relu),
    /// `x` where positive, else a factor times `x`.
    LeakyRelu(LeakyRelu),
    /// The hyperbolic tangent.
    Tanh(Tanh),
    /// The largest of each group of neighbouring channels.
    Maxout(Maxout),
    /// The largest value of each window.
    MaxPool2d(MaxPool2d),
    /// The means of a given number of windows.
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    /// In training, values that are dropped at random.
    Dropout(Dropout),
    /// SqueezeNet's module.
    Fire(Fire),
}

impl Unit {
    /// The layer inside.
    pub fn as_layer(&self) -> &dyn Layer {
        match self {
            Unit::Conv2d(layer) => layer,
            Unit::ConvTranspose2d(layer) => layer,
            Unit::Linear(layer) => layer,
            Unit::BatchNorm(layer) => layer,
            Unit::Relu(layer) => layer,
            Unit::LeakyRelu(layer) => layer,
            Unit::Tanh(layer) => layer,
            Unit::Maxout(layer) => layer,
            Unit::MaxPool2d(layer) => layer,
            Unit::AdaptiveAvgPool2d(layer) => layer,
            Unit::Dropout(layer) => layer,
            Unit::Fire(layer) => layer,
        }
    }
}

/// A square convolution with `stride` and symmetric `padding`; weights initialised as PyTorch does.
pub(super) fn conv2d(
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

/// A fully connected layer; weights initialised as PyTorch does.
pub(super) fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    assert!(outputs > 0, "a layer has at least one output");
    LinearConfig::new(inputs, outputs).init(device)
}

/// Max pooling with a square window; `ceil` keeps a last, partial window.
pub(super) fn max_pool2d(kernel: usize, stride: usize, padding: usize, ceil: bool) -> MaxPool2d {
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
