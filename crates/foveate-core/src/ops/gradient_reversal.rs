//! Gradient reversal: Ganin and Lempitsky, 2015; see [`gradient_reversal`].

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::module::Module;
use burn::tensor::Tensor;

use super::{backends, dispatched};

/// `R(x) = x` forwards, `dR/dx = -lambda` backwards: what lies before it learns the opposite of what
/// lies behind it learns. Nothing is copied; an input that is not tracked comes back as it is.
///
/// Yaroslav Ganin, Victor Lempitsky, *Unsupervised Domain Adaptation by Backpropagation*, 2015,
/// <https://arxiv.org/abs/1409.7495>.
///
/// # Shapes
///
/// - input, output: any, the same
///
/// # Panics
///
/// If `lambda` is not finite.
pub fn gradient_reversal<const D: usize>(input: Tensor<D>, lambda: f64) -> Tensor<D> {
    assert!(lambda.is_finite(), "lambda is {lambda}: expected a finite number");
    Tensor::from_dispatch(Dispatch::gradient_reversal(dispatched(input), lambda))
}

/// [`gradient_reversal`] as a module, for networks that are built of them.
#[derive(Module, Debug)]
pub struct GradientReversal {
    /// What the gradient is multiplied by, after its sign is turned.
    pub lambda: f64,
}

impl GradientReversal {
    /// Reverses gradients, `lambda` times as large.
    pub fn new(lambda: f64) -> Self {
        Self { lambda }
    }

    /// See [`gradient_reversal`].
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        gradient_reversal(input, self.lambda)
    }
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait GradientReversalOps: Backend {
    fn gradient_reversal(input: FloatTensor<Self>, _lambda: f64) -> FloatTensor<Self> {
        input
    }
}

backends!(GradientReversalOps {});

impl<B: GradientReversalOps, C: CheckpointStrategy> GradientReversalOps for Autodiff<B, C> {
    fn gradient_reversal(input: FloatTensor<Self>, lambda: f64) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        match Step.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(lambda, input),
            OpsKind::UnTracked(step) => step.finish(input),
        }
    }
}

#[derive(Debug)]
struct Step;

impl<B: Backend> Backward<B, 1> for Step {
    /// `lambda`.
    type State = f64;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            let reversed = B::float_mul_scalar(gradient, (-ops.state).into());
            gradients.register::<B>(node.id, reversed);
        }
    }
}
