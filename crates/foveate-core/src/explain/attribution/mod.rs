//! Attributions, one family a file: which pixels a score comes from.

mod cam;
mod feature_ablation;
mod guided;
mod integrated_gradients;
mod lrp;
mod occlusion;
mod rise;
mod saliency;
mod smooth_grad;

use burn::tensor::Tensor;
pub use cam::{Cam, CamRule};
pub use feature_ablation::FeatureAblation;
pub use guided::{Deconvnet, GuidedBackprop, GuidedGradCam};
pub use integrated_gradients::{IntegratedGradients, Quadrature};
pub use lrp::Lrp;
pub use occlusion::Occlusion;
pub use rise::Rise;
pub use saliency::{InputXGradient, Saliency};
pub use smooth_grad::{SmoothGrad, Statistic};

use super::error::ExplainError;
use super::model::Model;
use super::target::Target;

/// A method that says how much each part of an input has to do with a score.
pub trait Attribution<M: Model + ?Sized> {
    /// One number for each value of the input.
    ///
    /// # Shapes
    ///
    /// - input: `[n, c, h, w]`, on any device; what of it is tracked does not matter
    /// - output: `[n, c, h, w]`, or `[n, 1, h, w]` for methods that do not tell channels apart
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: an input that is empty or not finite, a class, layer or setting that does
    /// not exist, a model that does not give a row of logits for each image or whose weights are
    /// tracked.
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError>;
}

/// The largest absolute value over the channels, `[n, c, h, w]` to `[n, 1, h, w]`: how a saliency map
/// is made an image (section 3 of Simonyan et al.; see [`Saliency`](super::Saliency)).
pub fn channel_max(map: &Tensor<4>) -> Tensor<4> {
    map.clone().abs().max_dim(1)
}
