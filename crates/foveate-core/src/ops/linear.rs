//! A fully connected layer with bias and activation in one step.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};
#[cfg(any(feature = "ndarray", feature = "flex"))]
use {burn::backend::ops::ModuleOps, foveate_ndarray as cpu};

use super::activation::{Activation, EpilogueOps};
use super::weighted::{Weighted, recorded, weighted};
use super::{Optional, backends, dispatched};

/// A matrix product, then the bias, then the activation; differentiable with respect to `input`,
/// `weight` and `bias`.
///
/// # Shapes
///
/// - input: `[n, inputs]`
/// - weight: `[inputs, outputs]`, burn's order, the transpose of PyTorch's
/// - bias: `[outputs]`
/// - output: `[n, outputs]`
///
/// # Panics
///
/// If the shapes do not fit one another, or a leaky ReLU has a negative slope.
pub fn linear(
    input: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let ([_, inputs], [rows, outputs]) = (input.dims(), weight.dims());
    assert_eq!(inputs, rows, "a weight of {rows} x {outputs} takes {rows} inputs");
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [outputs], "one bias for each output");
    }
    activation.check();
    let bias = bias.map_or(Optional::Absent, |bias| Optional::Given(dispatched(bias)));
    let (input, weight) = (dispatched(input), dispatched(weight));
    Tensor::from_dispatch(Dispatch::linear_fused(input, weight, bias, Plain, activation))
}

/// A fully connected layer has no options.
#[derive(Debug, Clone)]
pub(crate) struct Plain;

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait LinearOps: Backend {
    fn linear_fused(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        _options: Plain,
        activation: Activation,
    ) -> FloatTensor<Self> {
        stock::<Self>(input, weight, bias.into_option(), activation)
    }
}

/// The gradients; see [`Conv2dGradients`](super::conv2d::Conv2dGradients).
pub(crate) trait LinearGradients: Backend {
    fn linear_fused_input_gradient(
        _input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        _options: Plain,
    ) -> FloatTensor<Self> {
        Self::linear_x_backward(weight, gradient)
    }

    fn linear_fused_weight_gradient(
        input: FloatTensor<Self>,
        _weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        _options: Plain,
    ) -> FloatTensor<Self> {
        Self::linear_weight_backward(input, gradient)
    }
}

backends!(LinearOps {
    fn linear_fused(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        _options: Plain,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let bias = bias.into_option();
        cpu::linear(&input, &weight, bias.as_ref(), activation.into())
            .unwrap_or_else(|| stock::<Self>(input, weight, bias, activation))
    }
});

backends!(LinearGradients {
    fn linear_fused_input_gradient(
        _input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        _options: Plain,
    ) -> FloatTensor<Self> {
        cpu::linear_input_gradient(&weight, &gradient)
            .unwrap_or_else(|| Self::linear_x_backward(weight, gradient))
    }

    fn linear_fused_weight_gradient(
        input: FloatTensor<Self>,
        _weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        _options: Plain,
    ) -> FloatTensor<Self> {
        cpu::linear_weight_gradient(&input, &gradient)
            .unwrap_or_else(|| Self::linear_weight_backward(input, gradient))
    }
});

fn stock<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    activation: Activation,
) -> FloatTensor<B> {
    activation.apply::<B>(B::linear(input, weight, bias))
}

weighted!(
    LinearOps,
    LinearGradients,
    Plain,
    linear_fused,
    linear_fused_input_gradient,
    linear_fused_weight_gradient
);
