//! Activations fused into the operation before them.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, get_or_init_device_settings};
use burn::tensor::{Tensor, activation};
#[cfg(any(feature = "ndarray", feature = "flex"))]
use foveate_ndarray as cpu;

use super::backends;

/// What is done to each value of an operation's output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x` where positive, else this factor, at least 0, times `x`.
    LeakyRelu(f32),
}

impl Activation {
    /// The activation of each value.
    pub fn of<const D: usize>(self, tensor: Tensor<D>) -> Tensor<D> {
        match self {
            Self::None => tensor,
            Self::Relu => activation::relu(tensor),
            Self::LeakyRelu(slope) => activation::leaky_relu(tensor, slope.into()),
        }
    }

    /// The same on a backend.
    pub(super) fn apply<B: Backend>(self, tensor: FloatTensor<B>) -> FloatTensor<B> {
        match self {
            Self::None => tensor,
            Self::Relu => B::relu(tensor),
            Self::LeakyRelu(slope) => B::leaky_relu(tensor, slope.into()),
        }
    }

    /// # Panics
    ///
    /// If the slope is negative: the gradient could not be told from the output's sign.
    pub(super) fn check(self) {
        if let Self::LeakyRelu(slope) = self {
            assert!(slope >= 0.0, "a fused leaky ReLU has a slope of at least 0, not {slope}");
        }
    }
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
impl From<Activation> for cpu::Activation {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::None => Self::None,
            Activation::Relu => Self::Relu,
            Activation::LeakyRelu(slope) => Self::LeakyRelu(slope),
        }
    }
}

/// Gradients of an operation's last steps, its bias and its activation.
pub(crate) trait EpilogueOps: Backend {
    /// The gradient of what comes before the activation, from its output and that one's gradient.
    fn activation_gradient(
        activation: Activation,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        stock_gradient::<Self>(activation, output, gradient)
    }

    /// Sums `[c]` over all but the channels of `[n, c, h, w]`: the gradient of a bias.
    fn channel_sums(tensor: FloatTensor<Self>) -> FloatTensor<Self> {
        stock_sums::<Self>(tensor)
    }
}

backends!(EpilogueOps {
    fn activation_gradient(
        activation: Activation,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        cpu::activation_gradient(activation.into(), &output, gradient)
            .unwrap_or_else(|gradient| stock_gradient::<Self>(activation, output, gradient))
    }

    fn channel_sums(tensor: FloatTensor<Self>) -> FloatTensor<Self> {
        cpu::channel_sums(&tensor).unwrap_or_else(|| stock_sums::<Self>(tensor))
    }
});

fn stock_gradient<B: Backend>(
    activation: Activation,
    output: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    match activation {
        Activation::None => gradient,
        Activation::Relu => B::relu_backward(output, gradient),
        Activation::LeakyRelu(slope) => {
            let bool_dtype = get_or_init_device_settings::<B>(&output.device()).bool_dtype;
            let positive = B::float_greater_elem(output, 0.into(), bool_dtype);
            let scaled = B::float_mul_scalar(gradient.clone(), slope.into());
            B::float_mask_where(scaled, positive, gradient)
        }
    }
}

fn stock_sums<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let [_, channels, ..] = tensor.shape().dims::<4>();
    B::float_reshape(B::float_sum_dims(tensor, &[0, 2, 3]), [channels].into())
}
