//! What a network is made of: the [`Layer`] trait, its implementations for burn's layers, and layers that burn lacks.

mod any;
mod batch_norm;
pub(super) mod build;
mod fire;
mod local_response_norm;
mod maxout;
mod weighted;
mod weightless;

pub use any::AnyLayer;
pub(super) use any::{replace_head, sequential};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::Tensor;
pub use fire::Fire;
pub use local_response_norm::LocalResponseNorm;
pub use maxout::Maxout;

use super::pass::Pass;
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
    /// [`BackwardRule`](super::BackwardRule), and dropouts draw as it says. Layers inside get the same `pass`.
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4>;

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
        self.forward_with(input, &Pass::default())
    }

    /// [`forward_with`](Layer::forward_with) the gradient, then an activation: in one step where the layer can.
    fn forward_activated(
        &self,
        input: Tensor<4>,
        activation: Activation,
        pass: &Pass<'_>,
    ) -> Tensor<4> {
        activation.of(self.forward_with(input, pass))
    }

    /// [`forward_with`](Layer::forward_with), then a batch norm: one layer to relevance where this one is
    /// linear.
    fn forward_normalized(&self, input: Tensor<4>, norm: &BatchNorm, pass: &Pass<'_>) -> Tensor<4> {
        norm.forward_with(self.forward_with(input, pass), pass)
    }

    /// The activation that the layer is, which the layer before it may do in its stead.
    fn activation(&self) -> Activation {
        Activation::None
    }

    /// The batch norm that the layer is, which the layer before it may take in.
    fn batch_norm(&self) -> Option<&BatchNorm> {
        None
    }

    /// The probability with which the layer drops each value, if it is a dropout in training mode mode.
    fn dropout(&self) -> Option<f64> {
        None
    }

    /// Whether the layer can run on an input of shape `[n, c, h, w]`.
    fn takes(&self, _input: [usize; 4]) -> bool {
        true
    }
}

/// A layer with torchvision's name for it.
pub struct NamedLayer<'a> {
    /// Name in torchvision's state dict, `features.28` or `layer3.1`.
    pub name: String,
    /// The layer.
    pub layer: &'a dyn Layer,
}

impl<'a> NamedLayer<'a> {
    /// A layer and its name.
    pub fn new(name: impl Into<String>, layer: &'a dyn Layer) -> Self {
        Self { name: name.into(), layer }
    }
}

/// `pixels` after a window of `kernel` moved by `stride` over `pixels + 2 * padding`.
fn windows(pixels: usize, kernel: usize, stride: usize, padding: usize, ceil: bool) -> usize {
    let span = pixels + 2 * padding + if ceil { stride - 1 } else { 0 };
    let Some(room) = span.checked_sub(kernel) else { return 0 };
    let count = room / stride + 1;
    // As PyTorch: the last window must start inside the image or its left padding.
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
