//! Local response normalization across channels; see [`lrn`].

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
#[cfg(any(feature = "ndarray", feature = "flex"))]
use foveate_ndarray as cpu;

use super::{backends, dispatched};

/// Constants of the normalization, with PyTorch's meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LrnOptions {
    /// Channels in a window, odd.
    pub size: usize,
    /// Factor of the mean square, taken over `size` channels even at the border.
    pub alpha: f64,
    /// Exponent of the divisor.
    pub beta: f64,
    /// What is added to the mean square.
    pub k: f64,
}

/// `x / (k + alpha mean(x^2))^beta`, the mean over the `size` channels around each; differentiable.
///
/// Section 3.3 of Alex Krizhevsky, Ilya Sutskever, Geoffrey Hinton, *ImageNet Classification with Deep
/// Convolutional Neural Networks*, 2012,
/// <https://proceedings.neurips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html>; there
/// `alpha` is a factor of the sum, here of the mean, as in PyTorch.
///
/// # Shapes
///
/// - input, output: `[n, c, h, w]`
///
/// # Panics
///
/// If `size` is even.
pub fn local_response_norm(input: Tensor<4>, lrn: LrnOptions) -> Tensor<4> {
    assert!(lrn.size % 2 == 1, "a window of {} channels has no middle", lrn.size);
    Tensor::from_dispatch(Dispatch::local_response_norm(dispatched(input), lrn))
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait LrnOps: Backend {
    fn local_response_norm(input: FloatTensor<Self>, lrn: LrnOptions) -> FloatTensor<Self> {
        stock::<Self>(input, lrn)
    }
}

/// The gradient; see [`Conv2dGradients`](super::conv2d::Conv2dGradients).
pub(crate) trait LrnGradient: Backend {
    fn lrn_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        lrn: LrnOptions,
    ) -> FloatTensor<Self> {
        stock_gradient::<Self>(input, gradient, lrn)
    }
}

backends!(LrnOps {
    fn local_response_norm(input: FloatTensor<Self>, lrn: LrnOptions) -> FloatTensor<Self> {
        cpu::lrn(&input, lrn.size, [lrn.alpha, lrn.beta, lrn.k])
            .unwrap_or_else(|| stock::<Self>(input, lrn))
    }
});

backends!(LrnGradient {
    fn lrn_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        lrn: LrnOptions,
    ) -> FloatTensor<Self> {
        cpu::lrn_gradient(&input, &gradient, lrn.size, [lrn.alpha, lrn.beta, lrn.k])
            .unwrap_or_else(|| stock_gradient::<Self>(input, gradient, lrn))
    }
});

/// The mean over the channels around each, zeros beyond the border.
fn mean<B: Backend>(tensor: FloatTensor<B>, size: usize) -> FloatTensor<B> {
    let shape = tensor.shape();
    let [batch, channels, height, width] = shape.dims();
    let rows = B::float_reshape(tensor, [batch, 1, channels, height * width].into());
    let means = B::avg_pool2d(rows, [size, 1], [1, 1], [size / 2, 0], true, false);
    B::float_reshape(means, shape)
}

/// `k + alpha mean(x^2)`.
fn divisor<B: Backend>(input: FloatTensor<B>, lrn: LrnOptions) -> FloatTensor<B> {
    let means = mean::<B>(B::float_mul(input.clone(), input), lrn.size);
    B::float_add_scalar(B::float_mul_scalar(means, lrn.alpha.into()), lrn.k.into())
}

fn stock<B: Backend>(input: FloatTensor<B>, lrn: LrnOptions) -> FloatTensor<B> {
    let divisor = divisor::<B>(input.clone(), lrn);
    B::float_div(input, B::float_powf_scalar(divisor, lrn.beta.into()))
}

/// `g d^-beta - 2 alpha beta x mean(g x d^(-beta - 1))`, `d` being the divisor.
fn stock_gradient<B: Backend>(
    input: FloatTensor<B>,
    gradient: FloatTensor<B>,
    lrn: LrnOptions,
) -> FloatTensor<B> {
    let divisor = divisor::<B>(input.clone(), lrn);
    let power = B::float_powf_scalar(divisor.clone(), lrn.beta.into());
    let direct = B::float_div(gradient, power);
    let shared = B::float_div(B::float_mul(direct.clone(), input.clone()), divisor);
    let shared = B::float_mul(input, mean::<B>(shared, lrn.size));
    B::float_sub(direct, B::float_mul_scalar(shared, (2.0 * lrn.alpha * lrn.beta).into()))
}

impl<B: LrnOps + LrnGradient, C: CheckpointStrategy> LrnOps for Autodiff<B, C> {
    fn local_response_norm(input: FloatTensor<Self>, lrn: LrnOptions) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        match Step.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let output = B::local_response_norm(input.clone(), lrn);
                step.finish((input, lrn), output)
            }
            OpsKind::UnTracked(step) => step.finish(B::local_response_norm(input, lrn)),
        }
    }
}

#[derive(Debug)]
struct Step;

impl<B: LrnGradient> Backward<B, 1> for Step {
    type State = (FloatTensor<B>, LrnOptions);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (input, lrn) = ops.state;
        let gradient = gradients.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            gradients.register::<B>(node.id, B::lrn_gradient(input, gradient, lrn));
        }
    }
}
