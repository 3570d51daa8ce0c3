//! How the gradients of convolutions and fully connected layers are recorded: operations that are
//! linear in an input and in a weight, with a bias for each channel and an activation.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};
use burn::tensor::Shape;

use super::Optional;
use super::activation::{Activation, EpilogueOps};

/// Such an operation with options `O`, on a backend.
pub(super) trait Weighted<O>: EpilogueOps {
    fn output(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        options: O,
        activation: Activation,
    ) -> FloatTensor<Self>;

    /// From the gradient of what comes before the activation; the input has shape `input`.
    fn input_gradient(
        input: Shape,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: O,
    ) -> FloatTensor<Self>;

    /// From the gradient of what comes before the activation; `weight` tells the shape.
    fn weight_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: O,
    ) -> FloatTensor<Self>;
}

/// Runs the operation and, if a gradient may be asked for, records it as one step.
pub(super) fn recorded<B, C, O>(
    input: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: Optional<Autodiff<B, C>>,
    options: O,
    activation: Activation,
) -> FloatTensor<Autodiff<B, C>>
where
    B: Weighted<O>,
    C: CheckpointStrategy,
    O: Clone + Debug + Send + 'static,
{
    let kept = Kept::<B, O> {
        // The weight's gradient needs the input, and the other way round.
        input: weight.is_tracked().then(|| input.primitive().clone()),
        weight: weight.primitive().clone(),
        output: None,
        input_shape: input.shape(),
        options,
        activation,
    };
    let (input, input_node) = input.into_parts();
    let (weight, weight_node) = weight.into_parts();
    match bias {
        Optional::Given(bias) => {
            let (bias, bias_node) = bias.into_parts();
            let step = Step::<O>(PhantomData).prepare::<C>([input_node, weight_node, bias_node]);
            let step = step.compute_bound().stateful();
            finished(step, input, weight, Optional::Given(bias), kept)
        }
        Optional::Absent => {
            let step = Step::<O>(PhantomData)
                .prepare::<C>([input_node, weight_node])
                .compute_bound()
                .stateful();
            finished(step, input, weight, Optional::Absent, kept)
        }
    }
}

fn finished<B, C, O, const N: usize>(
    step: OpsKind<Step<O>, B, Kept<B, O>, C, N>,
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Optional<B>,
    kept: Kept<B, O>,
) -> FloatTensor<Autodiff<B, C>>
where
    B: Weighted<O>,
    C: CheckpointStrategy,
    O: Clone + Debug + Send + 'static,
{
    let activation = kept.activation;
    let output = B::output(input, weight, bias, kept.options.clone(), activation);
    match step {
        OpsKind::Tracked(step) => {
            let keep = (activation != Activation::None).then(|| output.clone());
            step.finish(Kept { output: keep, ..kept }, output)
        }
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

/// What the gradients are computed from.
#[derive(Debug, Clone)]
struct Kept<B: Backend, O: Clone + Debug + Send> {
    /// Only for the gradient of the weight.
    input: Option<FloatTensor<B>>,
    weight: FloatTensor<B>,
    /// Only for the gradient of the activation.
    output: Option<FloatTensor<B>>,
    input_shape: Shape,
    options: O,
    activation: Activation,
}

/// The step back, of an operation with options `O`.
#[derive(Debug)]
struct Step<O>(PhantomData<O>);

impl<B, O, const N: usize> Backward<B, N> for Step<O>
where
    B: Weighted<O>,
    O: Clone + Debug + Send + 'static,
{
    type State = Kept<B, O>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { input, weight, output, input_shape, options, activation } = ops.state;
        let mut gradient = gradients.consume::<B>(&ops.node);
        if let Some(output) = output {
            gradient = B::activation_gradient(activation, output, gradient);
        }
        let [input_node, weight_node, bias_node] = [0, 1, 2].map(|i| ops.parents.get(i)?.as_ref());
        if let Some(node) = bias_node {
            let shape = gradient.shape();
            let pixels = shape.iter().skip(2).product();
            let planes = B::float_reshape(gradient.clone(), [shape[0], shape[1], pixels, 1].into());
            gradients.register::<B>(node.id, B::channel_sums(planes));
        }
        if let (Some(node), Some(input)) = (weight_node, input) {
            let options = options.clone();
            let slope = B::weight_gradient(input, weight.clone(), gradient.clone(), options);
            gradients.register::<B>(node.id, slope);
        }
        if let Some(node) = input_node {
            let slope = B::input_gradient(input_shape, weight, gradient, options);
            gradients.register::<B>(node.id, slope);
        }
    }
}

/// Ties an operation's dispatched trait and its gradients to [`Weighted`], and records it.
macro_rules! weighted {
    ($operation:ident, $gradients:ident, $options:ty, $forward:ident, $input:ident, $weight:ident) => {
        impl<B: $operation + $gradients + EpilogueOps> Weighted<$options> for B {
            fn output(
                input: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: Optional<Self>,
                options: $options,
                activation: Activation,
            ) -> FloatTensor<Self> {
                B::$forward(input, weight, bias, options, activation)
            }

            fn input_gradient(
                input: Shape,
                weight: FloatTensor<Self>,
                gradient: FloatTensor<Self>,
                options: $options,
            ) -> FloatTensor<Self> {
                B::$input(input, weight, gradient, options)
            }

            fn weight_gradient(
                input: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                gradient: FloatTensor<Self>,
                options: $options,
            ) -> FloatTensor<Self> {
                B::$weight(input, weight, gradient, options)
            }
        }

        impl<B, C> $operation for Autodiff<B, C>
        where
            B: $operation + $gradients + EpilogueOps,
            C: CheckpointStrategy,
        {
            fn $forward(
                input: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: Optional<Self>,
                options: $options,
                activation: Activation,
            ) -> FloatTensor<Self> {
                recorded::<B, C, $options>(input, weight, bias, options, activation)
            }
        }
    };
}
pub(super) use weighted;
