//! The gradient, and the gradient times the input.

use burn::tensor::Tensor;

use super::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::gradient::scored;
use crate::explain::model::{Model, checked};
use crate::explain::target::Target;

/// `|d score / d x|`.
///
/// Karen Simonyan, Andrea Vedaldi, Andrew Zisserman, *Deep Inside Convolutional Networks: Visualising Image
/// Classification Models and Saliency Maps*, 2014, <https://arxiv.org/abs/1312.6034>, section 3. The paper
/// draws the largest value of the channels: see [`channel_max`](crate::explain::channel_max).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saliency;

/// `x * d score / d x`.
///
/// Avanti Shrikumar et al., *Not Just a Black Box: Learning Important Features Through Propagating
/// Activation Differences*, 2016, <https://arxiv.org/abs/1605.01713>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputXGradient;

impl<M: Model + ?Sized> Attribution<M> for Saliency {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        Ok(scored(model, &checked(model, input)?, target)?.gradient.abs())
    }
}

impl<M: Model + ?Sized> Attribution<M> for InputXGradient {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let input = checked(model, input)?;
        Ok(scored(model, &input, target)?.gradient * input)
    }
}
