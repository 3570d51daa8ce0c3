//! Batch normalization with an activation in one step.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, TensorMetadata, backend_extension,
};
use burn::tensor::{Shape, Tensor};
#[cfg(any(feature = "ndarray", feature = "flex"))]
use foveate_ndarray as cpu;

use super::activation::{Activation, EpilogueOps};
use super::{backends, dispatched};

/// Whose mean and variance a batch is normalized by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchNormMode {
    /// Its own, as in training mode: they change with the input, and the gradient knows of it.
    Batch,
    /// Given numbers, such as running means.
    Given,
}

/// Mean and biased variance of each channel; constants to the gradient.
///
/// # Shapes
///
/// - input: `[n, c, h, w]`
/// - output: `[c]` both
pub fn batch_statistics(input: Tensor<4>) -> [Tensor<1>; 2] {
    let [_, channels, ..] = input.dims();
    let both: Tensor<2> = Tensor::from_dispatch(Dispatch::channel_statistics(dispatched(input)));
    [0, 1].map(|i| both.clone().narrow(0, i, 1).reshape([channels]))
}

/// `activation(gamma (x - mean) / sqrt(variance + epsilon) + beta)`; differentiable with respect to
/// `input`, `gamma` and `beta`.
///
/// Sergey Ioffe, Christian Szegedy, *Batch Normalization: Accelerating Deep Network Training by Reducing
/// Internal Covariate Shift*, 2015, <https://arxiv.org/abs/1502.03167>, algorithm 1.
///
/// # Shapes
///
/// - input, output: `[n, c, h, w]`
/// - gamma, beta, mean, variance: `[c]`
///
/// # Panics
///
/// If the shapes do not fit one another, or a leaky ReLU has a negative slope.
#[allow(clippy::too_many_arguments, reason = "the letters of the formula")]
pub fn batch_norm(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    [mean, variance]: [Tensor<1>; 2],
    statistics: BatchNormMode,
    epsilon: f64,
    activation: Activation,
) -> Tensor<4> {
    let [_, channels, ..] = input.dims();
    for numbers in [&gamma, &beta, &mean, &variance] {
        assert_eq!(numbers.dims(), [channels], "a number for each of {channels} channels");
    }
    activation.check();
    Tensor::from_dispatch(Dispatch::batch_norm_fused(
        dispatched(input),
        dispatched(gamma),
        dispatched(beta),
        dispatched(mean),
        dispatched(variance),
        Constants { statistics, epsilon, activation },
    ))
}

/// What is not a tensor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Constants {
    statistics: BatchNormMode,
    epsilon: f64,
    activation: Activation,
}

#[backend_extension(
    Autodiff,
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "wgpu")
)]
pub(crate) trait BatchNormOps: Backend {
    /// `[2, c]`: means and variances.
    fn channel_statistics(input: FloatTensor<Self>) -> FloatTensor<Self> {
        stock_statistics::<Self>(input)
    }

    fn batch_norm_fused(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        constants: Constants,
    ) -> FloatTensor<Self> {
        stock::<Self>(Norm { gamma, beta, mean, variance }, input, constants)
    }
}

/// The gradients; see [`Conv2dGradients`](super::conv2d::Conv2dGradients).
pub(crate) trait BatchNormGradients: Backend {
    fn batch_norm_gradients(
        norm: Norm<Self>,
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        constants: Constants,
        parameters: bool,
    ) -> Gradient<Self> {
        stock_gradients::<Self>(norm, input, gradient, constants, parameters)
    }
}

backends!(BatchNormOps {
    fn channel_statistics(input: FloatTensor<Self>) -> FloatTensor<Self> {
        cpu::batch_statistics(&input).unwrap_or_else(|| stock_statistics::<Self>(input))
    }

    fn batch_norm_fused(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        constants: Constants,
    ) -> FloatTensor<Self> {
        let numbers = [&mean, &variance, &gamma, &beta];
        cpu::batch_norm(&input, numbers, constants.epsilon, constants.activation.into())
            .unwrap_or_else(|| {
                stock::<Self>(Norm { gamma, beta, mean, variance }, input, constants)
            })
    }
});

backends!(BatchNormGradients {
    fn batch_norm_gradients(
        norm: Norm<Self>,
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        constants: Constants,
        parameters: bool,
    ) -> Gradient<Self> {
        let Norm { gamma, beta, mean, variance } = &norm;
        let numbers = [mean, variance, gamma, beta];
        let of_batch = constants.statistics == BatchNormMode::Batch;
        let asked = [of_batch, parameters];
        cpu::batch_norm_gradients(&input, numbers, constants.epsilon, asked, &gradient)
            .unwrap_or_else(|| stock_gradients::<Self>(norm, input, gradient, constants, parameters))
    }
});

/// The gradient of the input and, if asked for, of gamma and beta.
pub(crate) type Gradient<B> = (FloatTensor<B>, Option<[FloatTensor<B>; 2]>);

/// The numbers of each channel.
#[derive(Debug, Clone)]
pub(crate) struct Norm<B: Backend> {
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
}

fn stock<B: Backend>(norm: Norm<B>, input: FloatTensor<B>, constants: Constants) -> FloatTensor<B> {
    let Norm { gamma, beta, mean, variance } = norm;
    let output = B::batch_norm(input, gamma, beta, mean, variance, constants.epsilon);
    constants.activation.apply::<B>(output)
}

fn stock_statistics<B: Backend>(input: FloatTensor<B>) -> FloatTensor<B> {
    let [batch, channels, height, width] = input.shape().dims();
    let of_channel = |tensor| {
        let rows = B::float_swap_dims(tensor, 0, 1);
        let rows = B::float_reshape(rows, [channels, batch * height * width].into());
        B::float_mean_dim(rows, 1)
    };
    let mean = of_channel(input.clone());
    let center = B::float_reshape(mean.clone(), [1, channels, 1, 1].into());
    let centered = B::float_sub(input, center);
    let variance = of_channel(B::float_mul(centered.clone(), centered));
    let row = |tensor| B::float_reshape(tensor, [1, channels].into());
    B::float_cat(vec![row(mean), row(variance)], 0)
}

fn stock_gradients<B: Backend>(
    norm: Norm<B>,
    input: FloatTensor<B>,
    gradient: FloatTensor<B>,
    constants: Constants,
    parameters: bool,
) -> Gradient<B> {
    let Norm { gamma, mean, variance, .. } = norm;
    let epsilon = constants.epsilon;
    // gamma / sqrt(variance + epsilon): nothing else depends on the input.
    let given = (constants.statistics == BatchNormMode::Given).then(|| {
        let shape = Shape::from([1, input.shape()[1], 1, 1]);
        let deviations = B::float_sqrt(B::float_add_scalar(variance.clone(), epsilon.into()));
        let scale = B::float_reshape(B::float_div(gamma.clone(), deviations), shape);
        B::float_mul(gradient.clone(), scale)
    });
    match given {
        Some(input_gradient) if !parameters => (input_gradient, None),
        given => {
            let all = B::batch_norm_train_backward(input, gamma, mean, variance, epsilon, gradient);
            (given.unwrap_or(all.x_grad), Some([all.gamma_grad, all.beta_grad]))
        }
    }
}

impl<B, C> BatchNormOps for Autodiff<B, C>
where
    B: BatchNormOps + BatchNormGradients + EpilogueOps,
    C: CheckpointStrategy,
{
    fn channel_statistics(input: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::channel_statistics(Self::inner(input)))
    }

    fn batch_norm_fused(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        constants: Constants,
    ) -> FloatTensor<Self> {
        let (input, input_node) = input.into_parts();
        let (gamma, gamma_node) = gamma.into_parts();
        let (beta, beta_node) = beta.into_parts();
        let [mean, variance] = [mean, variance].map(Self::inner);
        let step = Step.prepare::<C>([input_node, gamma_node, beta_node]);
        let norm = Norm::<B> { gamma, beta, mean, variance };
        let run = |norm: Norm<B>, input| {
            let Norm { gamma, beta, mean, variance } = norm;
            B::batch_norm_fused(input, gamma, beta, mean, variance, constants)
        };
        match step.compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let output = run(norm.clone(), input.clone());
                let keep = (constants.activation != Activation::None).then(|| output.clone());
                step.finish(Kept { input, norm, output: keep, constants }, output)
            }
            OpsKind::UnTracked(step) => step.finish(run(norm, input)),
        }
    }
}

/// What the gradients are computed from.
#[derive(Debug, Clone)]
struct Kept<B: Backend> {
    input: FloatTensor<B>,
    norm: Norm<B>,
    /// Only for the gradient of the activation.
    output: Option<FloatTensor<B>>,
    constants: Constants,
}

#[derive(Debug)]
struct Step;

impl<B: BatchNormGradients + EpilogueOps> Backward<B, 3> for Step {
    type State = Kept<B>;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let Kept { input, norm, output, constants } = ops.state;
        let mut gradient = gradients.consume::<B>(&ops.node);
        if let Some(output) = output {
            gradient = B::activation_gradient(constants.activation, output, gradient);
        }
        let [input_node, gamma_node, beta_node] = ops.parents;
        let parameters = gamma_node.is_some() || beta_node.is_some();
        let (slope, parameters) =
            B::batch_norm_gradients(norm, input, gradient, constants, parameters);
        if let Some(node) = input_node {
            gradients.register::<B>(node.id, slope);
        }
        for (node, slope) in
            [gamma_node, beta_node].into_iter().zip(parameters.into_iter().flatten())
        {
            if let Some(node) = node {
                gradients.register::<B>(node.id, slope);
            }
        }
    }
}
