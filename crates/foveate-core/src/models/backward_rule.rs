//! How a gradient goes back through the layers.

use burn::tensor::Tensor;

use crate::ops::Activation;

/// How a gradient goes back through the layers of a network. The values that go forward are the same
/// by every rule; all but [`Gradient`](BackwardRule::Gradient) make explanations.
///
/// The last two are layer-wise relevance propagation (Sebastian Bach et al., *On Pixel-Wise
/// Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation*, 2015,
/// <https://doi.org/10.1371/journal.pone.0130140>), written as a gradient: a layer's relevance is
/// its activation times what stands in the gradient's place there (Marco Ancona et al., *Towards
/// better understanding of gradient-based attribution methods for Deep Neural Networks*, 2018,
/// <https://arxiv.org/abs/1711.06104>). Sums, means and whatever else is linear without a bias then
/// need no rule; max pooling passes relevance to the winner; and where an activation is 0, none is left.
///
/// In both, a batch norm behind a layer with weights is part of it: of `z = w a + b` it makes
/// `s (w a + b - mean) + beta` with `s = gamma / sqrt(variance + epsilon)`, which is a layer with
/// weights `s w` and biases `s (b - mean) + beta`. Elsewhere it passes relevance on as it is, as do a
/// [tanh](burn::nn::Tanh), a local response normalization and torchvision's `transform_input`
/// ([`Pass::elementwise`](super::Pass::elementwise)).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum BackwardRule {
    /// The gradient.
    Gradient,
    /// Guided backpropagation; see [`ops::guided_relu`](crate::ops::guided_relu).
    Guided,
    /// The deconvnet; see [`ops::guided_relu`](crate::ops::guided_relu).
    Deconvnet,
    /// LRP-epsilon (equation 58) in every layer with weights: of the outputs
    /// `z = sum over i of a_i w_i + b`, `a_i w_i / (z + epsilon sign(z))` of the relevance goes to
    /// `i`. Positive.
    Epsilon(f32),
    /// The composite of Maximilian Kohlbrenner et al., *Towards Best Practice in Explaining Neural
    /// Network Decisions with LRP*, 2020, <https://arxiv.org/abs/1910.09840>: in convolutions, transposed
    /// ones included, alpha-beta with alpha 1, beta 0 (equation 60; z+): relevance goes to the positive
    /// products `a_i w_i` and to the bias, if it is positive, by their shares. In fully connected layers
    /// LRP-epsilon.
    ///
    /// That is zennit's `EpsilonPlus`, whose `stabilizer` of 1e-6 in convolutions, means and sums is not
    /// needed here.
    Composite(f32),
}

impl BackwardRule {
    /// Whether it is layer-wise relevance propagation.
    pub(super) fn is_relevance(self) -> bool {
        matches!(self, Self::Epsilon(_) | Self::Composite(_))
    }
}

/// A layer has no rule by which relevance could go back through it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "layer {name} ({kind}) has no rule for {rule:?}: expected one that its `Layer::forward_with` names by the methods of `Pass`; explain by a gradient instead"
)]
#[non_exhaustive]
pub struct NoRule {
    /// Name of the layer.
    pub name: String,
    /// The layer inside that has none, as it [describes](super::Layer::describe) itself.
    pub kind: String,
    /// What was asked for.
    pub rule: BackwardRule,
}

/// Below, a quotient could overflow.
const TINY: f32 = 1e-30;

/// The output `z` of a layer with weights, through which relevance goes by LRP-epsilon.
pub(super) fn stabilized(z: Tensor<4>, epsilon: f32) -> Tensor<4> {
    // z / (z + epsilon sign(z))
    let size = z.clone().detach().abs();
    let factor = size.clone() / (size + epsilon);
    valued(z.clone() * factor, z)
}

/// The output `z` of a convolution `product` (input, weight, bias), through which relevance goes by z+.
pub(super) fn positive(
    z: Tensor<4>,
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    product: impl Fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>) -> Tensor<4>,
) -> Tensor<4> {
    let ([up, down], [w_up, w_down]) = (signs(input), signs(weight));
    let bias = bias.map(|bias| Activation::Relu.of(bias));
    let sum = product(up, w_up, bias) + product(down, w_down, None);
    let factor = quotient(z.clone(), sum.clone());
    valued(sum * factor, z)
}

/// `output`, whose relevance is that of `input`, value by value.
pub(super) fn passed(input: Tensor<4>, output: Tensor<4>) -> Tensor<4> {
    let factor = quotient(output.clone(), input.clone());
    valued(input * factor, output)
}

/// `a / b`, and 0 where b is 0; constants to the gradient.
fn quotient(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    let (a, b) = (a.detach(), b.detach());
    let none = b.clone().abs().lower_equal_scalar(TINY);
    (a / b.mask_fill(none.clone(), 1.0)).mask_fill(none, 0.0)
}

/// The gradient of one tensor with the values of another.
fn valued(gradient: Tensor<4>, values: Tensor<4>) -> Tensor<4> {
    let off = values.detach() - gradient.clone().detach();
    gradient + off
}

/// The positive and the negative part.
fn signs(tensor: Tensor<4>) -> [Tensor<4>; 2] {
    let positive = Activation::Relu.of(tensor.clone());
    [positive.clone(), tensor - positive]
}
