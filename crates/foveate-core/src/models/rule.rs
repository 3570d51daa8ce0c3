//! How a gradient goes back through the layers.

use burn::tensor::Tensor;

use super::layer::Layer;
use crate::ops::{self, Activation};

/// How a gradient goes back through the layers of a network. The values that go forward are the same
/// by every rule; all but [`Gradient`](Rule::Gradient) make explanations.
///
/// The last two are layer-wise relevance propagation (Sebastian Bach et al., *On Pixel-Wise
/// Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation*, 2015,
/// <https://doi.org/10.1371/journal.pone.0130140>), written as a gradient: a layer's relevance is
/// its activation times what stands in the gradient's place there (Marco Ancona et al., *Towards
/// better understanding of gradient-based attribution methods for Deep Neural Networks*, 2018,
/// <https://arxiv.org/abs/1711.06104>). Max pooling passes relevance to the winner, and a
/// local response normalisation is a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The gradient.
    Gradient,
    /// Guided backpropagation; see [`ops::guided_relu`].
    Guided,
    /// The deconvnet; see [`ops::guided_relu`].
    Deconvnet,
    /// LRP-epsilon (equation 58) in every layer with weights: of the outputs
    /// `z = sum over i of a_i w_i + b`, `a_i w_i / (z + epsilon sign(z))` of the relevance goes to
    /// `i`. Positive.
    Epsilon(f32),
    /// The composite of Maximilian Kohlbrenner et al., *Towards Best Practice in Explaining Neural
    /// Network Decisions with LRP*, 2020, <https://arxiv.org/abs/1910.09840>: in convolutions
    /// alpha-beta with alpha 1, beta 0 (equation 60; z+): relevance goes to the positive products
    /// `a_i w_i` alone, and biases take none (equation 60 lets positive ones take their share). In the
    /// other layers LRP-epsilon.
    Composite(f32),
}

impl Rule {
    /// `max(x, 0)`.
    pub fn relu(self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Guided => ops::guided_relu(input, true),
            Self::Deconvnet => ops::guided_relu(input, false),
            // Relevance passes as it is: where the output is 0, there is none.
            _ => Activation::Relu.of(input),
        }
    }

    /// A layer, then a ReLU.
    pub(super) fn rectified(self, layer: &dyn Layer, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Gradient => layer.forward_activated(input, Activation::Relu),
            rule => rule.relu(layer.forward_by(input, rule)),
        }
    }

    /// The output `z` of a layer with weights, through which relevance goes by LRP-epsilon.
    pub(super) fn stabilised(self, z: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Epsilon(epsilon) | Self::Composite(epsilon) => {
                // z / (z + epsilon sign(z))
                let size = z.clone().detach().abs();
                let factor = size.clone() / (size + epsilon);
                scaled(z, factor)
            }
            _ => z,
        }
    }
}

/// `x`, whose gradient is multiplied by a factor that is held fixed.
pub(super) fn scaled(x: Tensor<4>, factor: Tensor<4>) -> Tensor<4> {
    let fixed = x.clone().detach();
    let product = x * factor.clone();
    product + (fixed.clone() - fixed * factor)
}
