//! Class activation maps: a layer's channels, weighted by what they have to do with a score.

use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

use super::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::gradient::scored_by;
use crate::explain::model::{LayeredModel, checked};
use crate::explain::target::Target;
use crate::ops::exact;

/// `max(sum over channels k of weight_k * A_k, 0)` of a layer's activations `A`: what speaks for the
/// score. (Grad-CAM clamps negative values to 0, and so do its successors; the paper of [`CamRule::Cam`] keeps
/// them, here they are clamped to 0, too.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cam {
    /// How a channel is weighted.
    pub rule: CamRule,
    /// Name of the layer, the last one with convolutions as a rule: [`Architecture::cam_layer`](crate::models::Architecture::cam_layer)
    /// knows it for the networks here.
    pub layer: String,
}

/// A channel's weight, made of the score's gradient `g` with respect to its activations `A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CamRule {
    /// Bolei Zhou et al., *Learning Deep Features for Discriminative Localization*, 2016,
    /// <https://arxiv.org/abs/1512.04150>: the sum of `g`, which is the weight of the channel where
    /// average pooling and a fully connected layer are all that follows the layer (elsewhere this
    /// is Grad-CAM times the number of pixels). The paper's map has no `max`, and keeps what speaks
    /// against the score.
    Cam,
    /// Ramprasaath Selvaraju et al., *Grad-CAM: Visual Explanations from Deep Networks via
    /// Gradient-based Localization*, 2017, <https://arxiv.org/abs/1610.02391>: the mean of `g`.
    GradCam,
    /// Aditya Chattopadhyay et al., *Grad-CAM++*, 2018, <https://arxiv.org/abs/1710.11063>: the sum of
    /// `max(g, 0) g^2 / (2 g^2 + g^3 sum(A))` (equation 19), computed as `max(g, 0) / (2 + g sum(A))`,
    /// which is the same without powers that underflow.
    GradCamPlusPlus,
    /// Ruigang Fu et al., *Axiom-based Grad-CAM*, 2020, <https://arxiv.org/abs/2008.02312>:
    /// `sum(g A) / sum(A)`.
    XGradCam,
    /// Peng-Tao Jiang et al., *LayerCAM*, 2021, <https://doi.org/10.1109/TIP.2021.3089943>:
    /// `max(g, 0)`, for each pixel on its own.
    LayerCam,
}

impl Cam {
    /// Grad-CAM of a layer.
    pub fn grad_cam(layer: impl Into<String>) -> Self {
        Self { rule: CamRule::GradCam, layer: layer.into() }
    }

    /// The map at the layer's own size, `[n, 1, height, width]`; at least 0, not scaled.
    ///
    /// # Errors
    ///
    /// As [`Attribution::attribute`]; [`ExplainError::Layer`] names the layers there are.
    pub fn activation_map<M: LayeredModel + ?Sized>(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let input = checked(model, input)?;
        let a = exact(|| model.features(model.normalized(input), &self.layer))?;
        let head = |a| Ok(model.head(a, &self.layer)?);
        let g = scored_by(head, &a, target)?.gradient;
        let sum = |tensor: Tensor<4>| tensor.sum_dim(2).sum_dim(3);
        let weights = match self.rule {
            CamRule::Cam => sum(g),
            CamRule::GradCam => g.mean_dim(2).mean_dim(3),
            CamRule::GradCamPlusPlus => {
                let divisor = g.clone() * sum(a.clone()) + 2.0;
                let none = divisor.clone().equal_scalar(0.0);
                sum(g.clamp_min(0.0) / divisor.mask_fill(none, 1.0))
            }
            CamRule::XGradCam => sum(g * a.clone()) / (sum(a.clone()) + 1e-8),
            CamRule::LayerCam => g.clamp_min(0.0),
        };
        Ok((weights * a).sum_dim(1).clamp_min(0.0))
    }
}

/// The map, resized to the input's height and width (bilinear), `[n, 1, h, w]`.
impl<M: LayeredModel + ?Sized> Attribution<M> for Cam {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let map = self.activation_map(model, input, target)?;
        let [_, _, h, w] = input.dims();
        let bilinear = InterpolateOptions::new(InterpolateMode::Bilinear);
        Ok(interpolate(map, bilinear.with_align_corners(false).with_output_size([h, w])))
    }
}
