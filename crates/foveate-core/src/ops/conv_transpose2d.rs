//! Transposed 2-d convolution with bias and activation in one step.

#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::backend::TensorMetadata;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Shape, Tensor};
#[cfg(any(feature = "ndarray", feature = "flex"))]
use foveate_ndarray as cpu;

use super::activation::{Activation, EpilogueOps};
use super::algorithm::Planned;
use super::weighted::{Weighted, recorded, weighted};
use super::{Optional, backends, dispatched};

/// Transposed 2-d convolution, the adjoint of a convolution, then the bias, then the activation;
/// differentiable with respect to `input`, `weight` and `bias`.
///
/// # Shapes
///
/// - input: `[n, c_in, h, w]`
/// - weight: `[c_in, c_out / groups, kh, kw]`
/// - bias: `[c_out]`
/// - output: `[n, c_out, h_out, w_out]`, where
///   `h_out = (h - 1) stride - 2 padding + dilation (kh - 1) + 1 + padding_out`
///
/// # Panics
///
/// If the shapes do not fit one another or the number of groups, nothing is left of the output, or
/// a leaky ReLU has a negative slope.
pub fn conv_transpose2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvTransposeOptions<2>,
    activation: Activation,
) -> Tensor<4> {
    let [_, channels_in, height, width] = input.dims();
    let [rows, per_group, kernel_height, kernel_width] = weight.dims();
    let groups = options.groups;
    assert!(
        rows == channels_in && channels_in.is_multiple_of(groups),
        "a transposed convolution of {channels_in} channels in {groups} groups has no weight {:?}",
        weight.dims()
    );
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [per_group * groups], "one bias for each output channel");
    }
    for (i, (pixels, kernel)) in
        [(height, kernel_height), (width, kernel_width)].into_iter().enumerate()
    {
        let reach = options.dilation[i] * (kernel - 1) + 1 + options.padding_out[i];
        let whole = pixels.saturating_sub(1) * options.stride[i] + reach;
        let cut = 2 * options.padding[i];
        assert!(whole > cut, "of {whole} pixels {cut} are cut off: nothing is left");
    }
    activation.check();

    let bias = bias.map_or(Optional::Absent, |bias| Optional::Given(dispatched(bias)));
    let (input, weight) = (dispatched(input), dispatched(weight));
    let planned = Planned::now(options);
    Tensor::from_dispatch(Dispatch::conv_transpose2d_fused(
        input, weight, bias, planned, activation,
    ))
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait ConvTranspose2dOps: Backend {
    fn conv_transpose2d_fused(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        planned: Planned<ConvTransposeOptions<2>>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        stock::<Self>(input, weight, bias.into_option(), planned.options, activation)
    }
}

/// The gradients; see [`Conv2dGradients`](super::conv2d::Conv2dGradients).
pub(crate) trait ConvTranspose2dGradients: Backend {
    fn conv_transpose2d_input_gradient(
        _input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvTransposeOptions<2>>,
    ) -> FloatTensor<Self> {
        stock_input_gradient::<Self>(weight, gradient, planned.options)
    }

    fn conv_transpose2d_weight_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvTransposeOptions<2>>,
    ) -> FloatTensor<Self> {
        stock_weight_gradient::<Self>(input, weight, gradient, planned.options)
    }
}

backends!(ConvTranspose2dOps {
    fn conv_transpose2d_fused(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        planned: Planned<ConvTransposeOptions<2>>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let bias = bias.into_option();
        let Planned { options, algorithm } = planned;
        let (algorithm, fused) = (algorithm.into(), activation.into());
        cpu::conv_transpose2d(&input, &weight, bias.as_ref(), &options, algorithm, fused)
            .unwrap_or_else(|| stock::<Self>(input, weight, bias, options, activation))
    }
});

backends!(ConvTranspose2dGradients {
    fn conv_transpose2d_input_gradient(
        input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvTransposeOptions<2>>,
    ) -> FloatTensor<Self> {
        let Planned { options, algorithm } = planned;
        let algorithm = algorithm.into();
        cpu::conv_transpose2d_input_gradient(input.dims(), &weight, &gradient, &options, algorithm)
            .unwrap_or_else(|| stock_input_gradient::<Self>(weight, gradient, options))
    }

    fn conv_transpose2d_weight_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvTransposeOptions<2>>,
    ) -> FloatTensor<Self> {
        let options = planned.options;
        cpu::conv_transpose2d_weight_gradient(&input, weight.shape().dims(), &gradient, &options)
            .unwrap_or_else(|| stock_weight_gradient::<Self>(input, weight, gradient, options))
    }
});

fn stock<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    options: ConvTransposeOptions<2>,
    activation: Activation,
) -> FloatTensor<B> {
    activation.apply::<B>(B::conv_transpose2d(input, weight, bias, options))
}

fn stock_input_gradient<B: Backend>(
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
    options: ConvTransposeOptions<2>,
) -> FloatTensor<B> {
    B::conv_transpose2d_x_backward(weight, gradient, options)
}

fn stock_weight_gradient<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
    options: ConvTransposeOptions<2>,
) -> FloatTensor<B> {
    B::conv_transpose2d_weight_backward(input, weight, gradient, options)
}

weighted!(
    ConvTranspose2dOps,
    ConvTranspose2dGradients,
    Planned<ConvTransposeOptions<2>>,
    conv_transpose2d_fused,
    conv_transpose2d_input_gradient,
    conv_transpose2d_weight_gradient
);
