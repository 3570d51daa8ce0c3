//! Gradients that leave out what speaks against: guided backpropagation and the deconvnet.

use burn::tensor::Tensor;

use super::Attribution;
use super::cam::{Cam, CamRule};
use crate::explain::error::ExplainError;
use crate::explain::gradient::scored_by;
use crate::explain::model::{LayeredModel, checked, logits};
use crate::explain::target::Target;
use crate::models::BackwardRule;

/// The gradient with every ReLU's rectified: `max(g, 0)` where the ReLU's input is positive.
///
/// Jost Tobias Springenberg et al., *Striving for Simplicity: The All Convolutional Net*, 2015,
/// <https://arxiv.org/abs/1412.6806>, figure 1c.
///
/// It resembles an edge detector more than an explanation: it hardly changes when the network's upper
/// weights are replaced by random ones (Julius Adebayo et al., *Sanity Checks for Saliency Maps*, 2018,
/// <https://arxiv.org/abs/1810.03292>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuidedBackprop;

/// The gradient with every ReLU's replaced by `max(g, 0)`.
///
/// Matthew D. Zeiler, Rob Fergus, *Visualizing and Understanding Convolutional Networks*, 2014,
/// <https://arxiv.org/abs/1311.2901>. Like [`GuidedBackprop`], it resembles an edge detector more than an
/// explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deconvnet;

/// [`GuidedBackprop`] times the Grad-CAM of a layer, upsampled: section 3.2 of Selvaraju et al.; see
/// [`CamRule::GradCam`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuidedGradCam {
    /// Name of the layer.
    pub layer: String,
}

fn ruled<M: LayeredModel + ?Sized>(
    model: &M,
    input: &Tensor<4>,
    target: &Target,
    rule: BackwardRule,
) -> Result<Tensor<4>, ExplainError> {
    let logits = |x| Ok(model.logits_with_rule(model.normalized(x), rule)?);
    Ok(scored_by(logits, &checked(model, input)?, target)?.gradient)
}

impl<M: LayeredModel + ?Sized> Attribution<M> for GuidedBackprop {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        ruled(model, input, target, BackwardRule::Guided)
    }
}

impl<M: LayeredModel + ?Sized> Attribution<M> for Deconvnet {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        ruled(model, input, target, BackwardRule::Deconvnet)
    }
}

impl<M: LayeredModel + ?Sized> Attribution<M> for GuidedGradCam {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let cam = Cam { rule: CamRule::GradCam, layer: self.layer.clone() };
        let input = &checked(model, input)?;
        // One class for both, also near a tie.
        let target = &target.fixed(&logits(model, input.clone())?)?;
        Ok(GuidedBackprop.attribute(model, input, target)? * cam.attribute(model, input, target)?)
    }
}
