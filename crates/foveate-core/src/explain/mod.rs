//! Why a network answers as it does, and how to fool it.
//!
//! One idea carries all of it: a score is a differentiable function of pixels. A [`Model`] gives
//! logits, a [`Target`] makes a score of them, and what is here follows the score back to the
//! pixels. Nothing of the model is changed: no hooks, no training, no weights' gradients.

mod attribution;
mod cam;
mod error;
mod gradient;
mod guided;
mod integrated_gradients;
mod lrp;
mod model;
mod noise;
mod saliency;
mod smooth_grad;
mod target;

pub use attribution::{Attribution, channel_max};
pub use cam::{Cam, CamRule};
pub use error::ExplainError;
pub use guided::{Deconvnet, GuidedBackprop, GuidedGradCam};
pub use integrated_gradients::{IntegratedGradients, Quadrature};
pub use lrp::Lrp;
pub use model::{LayeredModel, Model};
pub use saliency::{InputXGradient, Saliency};
pub use smooth_grad::{SmoothGrad, Statistic};
pub use target::{Score, Target};
