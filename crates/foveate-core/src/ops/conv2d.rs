//! 2-d convolution with bias and activation in one step.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Shape, Tensor};
#[cfg(any(feature = "ndarray", feature = "flex"))]
use foveate_ndarray as cpu;

use super::activation::{Activation, EpilogueOps};
use super::algorithm::Planned;
use super::weighted::{Weighted, recorded, weighted};
use super::{Optional, backends, dispatched};

/// 2-d convolution, then the bias, then the activation; differentiable with respect to `input`,
/// `weight` and `bias`.
///
/// # Shapes
///
/// - input: `[n, c_in, h, w]`
/// - weight: `[c_out, c_in / groups, kh, kw]`
/// - bias: `[c_out]`
/// - output: `[n, c_out, h_out, w_out]`
///
/// # Panics
///
/// If the shapes do not fit one another or the number of groups, the kernel is larger than the
/// padded input, or a leaky ReLU has a negative slope.
pub fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    options: ConvOptions<2>,
    activation: Activation,
) -> Tensor<4> {
    let [_, channels_in, height, width] = input.dims();
    let [channels_out, per_group, kernel_height, kernel_width] = weight.dims();
    let groups = options.groups;
    assert!(
        per_group * groups == channels_in && channels_out.is_multiple_of(groups),
        "a convolution of {channels_in} channels in {groups} groups has no weight {:?}",
        weight.dims()
    );
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [channels_out], "one bias for each output channel");
    }
    let pixels = [(height, kernel_height), (width, kernel_width)];
    for (i, (pixels, kernel)) in pixels.into_iter().enumerate() {
        let padded = pixels + options.padding[i].0 + options.padding[i].1;
        let reach = options.dilation[i] * (kernel - 1) + 1;
        assert!(reach <= padded, "a kernel of {reach} pixels is larger than {padded} pixels");
    }
    activation.check();

    let bias = bias.map_or(Optional::Absent, |bias| Optional::Given(dispatched(bias)));
    let (input, weight) = (dispatched(input), dispatched(weight));
    let planned = Planned::now(options);
    Tensor::from_dispatch(Dispatch::conv2d_fused(input, weight, bias, planned, activation))
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait Conv2dOps: Backend {
    fn conv2d_fused(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        planned: Planned<ConvOptions<2>>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        stock::<Self>(input, weight, bias.into_option(), planned.options, activation)
    }
}

/// The gradients. Not in the trait above, all of which is compiled for `Autodiff` too: there these
/// default bodies would pull in the gradients of the gradients, and double the build time.
pub(crate) trait Conv2dGradients: Backend {
    fn conv2d_input_gradient(
        input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvOptions<2>>,
    ) -> FloatTensor<Self> {
        stock_input_gradient::<Self>(input, weight, gradient, planned.options)
    }

    fn conv2d_weight_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvOptions<2>>,
    ) -> FloatTensor<Self> {
        stock_weight_gradient::<Self>(input, weight, gradient, planned.options)
    }
}

backends!(Conv2dOps {
    fn conv2d_fused(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        planned: Planned<ConvOptions<2>>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let bias = bias.into_option();
        let Planned { options, algorithm } = planned;
        cpu::conv2d(&input, &weight, bias.as_ref(), &options, algorithm.into(), activation.into())
            .unwrap_or_else(|| stock::<Self>(input, weight, bias, options, activation))
    }
});

backends!(Conv2dGradients {
    fn conv2d_input_gradient(
        input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvOptions<2>>,
    ) -> FloatTensor<Self> {
        let Planned { options, algorithm } = planned;
        cpu::conv2d_input_gradient(input.dims(), &weight, &gradient, &options, algorithm.into())
            .unwrap_or_else(|| stock_input_gradient::<Self>(input, weight, gradient, options))
    }

    fn conv2d_weight_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        planned: Planned<ConvOptions<2>>,
    ) -> FloatTensor<Self> {
        let options = planned.options;
        cpu::conv2d_weight_gradient(&input, weight.shape().dims(), &gradient, &options)
            .unwrap_or_else(|| stock_weight_gradient::<Self>(input, weight, gradient, options))
    }
});

fn stock<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    options: ConvOptions<2>,
    activation: Activation,
) -> FloatTensor<B> {
    activation.apply::<B>(B::conv2d(input, weight, bias, options))
}

fn stock_input_gradient<B: Backend>(
    input: Shape,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    // burn asks for the input, and reads its shape alone.
    let input = B::float_empty(input, &weight.device(), weight.dtype().into());
    B::conv2d_x_backward(input, weight, gradient, options)
}

fn stock_weight_gradient<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    B::conv2d_weight_backward(input, weight, gradient, options)
}

weighted!(
    Conv2dOps,
    Conv2dGradients,
    Planned<ConvOptions<2>>,
    conv2d_fused,
    conv2d_input_gradient,
    conv2d_weight_gradient
);
