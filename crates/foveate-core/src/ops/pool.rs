//! Max and average pooling.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
#[cfg(any(feature = "ndarray", feature = "flex"))]
use {burn::backend::ops::ModuleOps, foveate_ndarray as cpu};

use super::{backends, dispatched};

/// How a window moves over the pixels: `[vertical, horizontal]`, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Pixels from one window to the next.
    pub stride: [usize; 2],
    /// Pixels around the input that count for nothing.
    pub padding: [usize; 2],
    /// Pixels from one value of a window to the next.
    pub dilation: [usize; 2],
    /// Whether a last window may hang over the edge, as in PyTorch.
    pub ceil_mode: bool,
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
impl PoolOptions {
    fn sizes(self) -> [[usize; 2]; 4] {
        [self.kernel, self.stride, self.padding, self.dilation]
    }
}

/// The largest value of each window; differentiable. Of equal values the first takes the gradient.
///
/// # Shapes
///
/// - input: `[n, c, h, w]`
/// - output: `[n, c, h_out, w_out]`
///
/// # Panics
///
/// If a side of the kernel, stride or dilation is 0, or the padding more than half a kernel.
pub fn max_pool2d(input: Tensor<4>, window: PoolOptions) -> Tensor<4> {
    let positive = [window.kernel, window.stride, window.dilation];
    let padded = [0, 1].iter().all(|&i| 2 * window.padding[i] <= window.kernel[i]);
    assert!(
        positive.as_flattened().iter().all(|&n| n > 0) && padded,
        "kernel, stride and dilation are positive, the padding at most half a kernel: {window:?}"
    );
    Tensor::from_dispatch(Dispatch::max_pool(dispatched(input), window))
}

/// The means of `output` (height, width) windows that cover the input; differentiable.
///
/// # Shapes
///
/// - input: `[n, c, h, w]`
/// - output: `[n, c, output[0], output[1]]`
pub fn adaptive_avg_pool2d(input: Tensor<4>, output: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::adaptive_mean(dispatched(input), output))
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait PoolOps: Backend {
    fn max_pool(input: FloatTensor<Self>, window: PoolOptions) -> FloatTensor<Self> {
        stock_max::<Self>(input, window)
    }

    fn adaptive_mean(input: FloatTensor<Self>, output: [usize; 2]) -> FloatTensor<Self> {
        Self::adaptive_avg_pool2d(input, output)
    }
}

/// The gradients; see [`Conv2dGradients`](super::conv2d::Conv2dGradients).
pub(crate) trait PoolGradients: Backend {
    fn max_pool_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: PoolOptions,
    ) -> FloatTensor<Self> {
        stock_max_gradient::<Self>(input, gradient, window)
    }

    fn adaptive_mean_gradient(input: [usize; 4], gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        stock_mean_gradient::<Self>(input, gradient)
    }
}

backends!(PoolOps {
    fn max_pool(input: FloatTensor<Self>, window: PoolOptions) -> FloatTensor<Self> {
        cpu::max_pool2d(&input, window.sizes(), window.ceil_mode)
            .unwrap_or_else(|| stock_max::<Self>(input, window))
    }

    fn adaptive_mean(input: FloatTensor<Self>, output: [usize; 2]) -> FloatTensor<Self> {
        cpu::adaptive_avg_pool2d(&input, output)
            .unwrap_or_else(|| Self::adaptive_avg_pool2d(input, output))
    }
});

backends!(PoolGradients {
    fn max_pool_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: PoolOptions,
    ) -> FloatTensor<Self> {
        cpu::max_pool2d_gradient(&input, &gradient, window.sizes(), window.ceil_mode)
            .unwrap_or_else(|| stock_max_gradient::<Self>(input, gradient, window))
    }

    fn adaptive_mean_gradient(
        input: [usize; 4],
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        cpu::adaptive_avg_pool2d_gradient(input, &gradient)
            .unwrap_or_else(|| stock_mean_gradient::<Self>(input, gradient))
    }
});

fn stock_max<B: Backend>(input: FloatTensor<B>, window: PoolOptions) -> FloatTensor<B> {
    let PoolOptions { kernel, stride, padding, dilation, ceil_mode } = window;
    B::max_pool2d(input, kernel, stride, padding, dilation, ceil_mode)
}

fn stock_max_gradient<B: Backend>(
    input: FloatTensor<B>,
    gradient: FloatTensor<B>,
    window: PoolOptions,
) -> FloatTensor<B> {
    let PoolOptions { kernel, stride, padding, dilation, ceil_mode } = window;
    let dtype = burn::backend::get_or_init_device_settings::<B>(&input.device()).int_dtype;
    let found = B::max_pool2d_with_indices(
        input.clone(),
        kernel,
        stride,
        padding,
        dilation,
        ceil_mode,
        dtype,
    );
    B::max_pool2d_with_indices_backward(
        input,
        kernel,
        stride,
        padding,
        dilation,
        ceil_mode,
        gradient,
        found.indices,
    )
    .x_grad
}

fn stock_mean_gradient<B: Backend>(input: [usize; 4], gradient: FloatTensor<B>) -> FloatTensor<B> {
    // burn asks for the input, and reads its shape alone.
    let input = B::float_empty(input.into(), &gradient.device(), gradient.dtype().into());
    B::adaptive_avg_pool2d_backward(input, gradient)
}

impl<B: PoolOps + PoolGradients, C: CheckpointStrategy> PoolOps for Autodiff<B, C> {
    fn max_pool(input: FloatTensor<Self>, window: PoolOptions) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        match MaxGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let output = B::max_pool(input.clone(), window);
                prepared.finish((input, window), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::max_pool(input, window)),
        }
    }

    fn adaptive_mean(input: FloatTensor<Self>, output: [usize; 2]) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let shape = input.shape().dims();
        let means = B::adaptive_mean(input, output);
        match MeanGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(shape, means),
            OpsKind::UnTracked(prepared) => prepared.finish(means),
        }
    }
}

#[derive(Debug)]
struct MaxGradient;

impl<B: PoolGradients> Backward<B, 1> for MaxGradient {
    type State = (FloatTensor<B>, PoolOptions);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (input, window) = ops.state;
        let gradient = gradients.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            gradients.register::<B>(node.id, B::max_pool_gradient(input, gradient, window));
        }
    }
}

#[derive(Debug)]
struct MeanGradient;

impl<B: PoolGradients> Backward<B, 1> for MeanGradient {
    type State = [usize; 4];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            gradients.register::<B>(node.id, B::adaptive_mean_gradient(ops.state, gradient));
        }
    }
}
