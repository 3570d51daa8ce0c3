//! ReLUs whose gradient is rectified itself; see [`guided_relu`].

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

use super::{backends, dispatched};

/// `max(x, 0)`, whose gradient `g` goes back only where it is positive:
///
/// - guided: `max(g, 0)` where `x > 0`, else 0: Jost Tobias Springenberg et al., *Striving for Simplicity:
///   The All Convolutional Net*, 2015, <https://arxiv.org/abs/1412.6806>, figure 1c;
/// - as in a deconvnet, for `guided` false: `max(g, 0)` for any `x`: Matthew D. Zeiler, Rob Fergus,
///   *Visualizing and Understanding Convolutional Networks*, 2014, <https://arxiv.org/abs/1311.2901>.
///
/// # Shapes
///
/// - input, output: `[n, c, h, w]`
pub fn guided_relu(input: Tensor<4>, guided: bool) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::guided_relu(dispatched(input), guided))
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait GuidedReluOps: Backend {
    fn guided_relu(input: FloatTensor<Self>, _guided: bool) -> FloatTensor<Self> {
        Self::relu(input)
    }
}

backends!(GuidedReluOps {});

impl<B: GuidedReluOps, C: CheckpointStrategy> GuidedReluOps for Autodiff<B, C> {
    fn guided_relu(input: FloatTensor<Self>, guided: bool) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let output = B::relu(input);
        match Step.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(guided.then(|| output.clone()), output),
            OpsKind::UnTracked(step) => step.finish(output),
        }
    }
}

#[derive(Debug)]
struct Step;

impl<B: Backend> Backward<B, 1> for Step {
    /// The output, if the gradient depends on it.
    type State = Option<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = B::relu(gradients.consume::<B>(&ops.node));
        let gradient = match ops.state {
            Some(output) => B::relu_backward(output, gradient),
            None => gradient,
        };
        if let [Some(node)] = ops.parents {
            gradients.register::<B>(node.id, gradient);
        }
    }
}
