//! Why a network answers as it does, and how to fool it.
//!
//! One idea carries all of it: a score is a differentiable function of pixels. A [`Model`] gives
//! logits, a [`Target`] makes a score of them, and what is here follows the score back to the
//! pixels. Nothing of the model is changed: no hooks, no training, no weights' gradients.
//!
//! ```text
//! score(x) = target(model(x))     x: [n, c, h, w], model(x): logits [n, classes], score: [n]
//! g = d score / d x               all that most of the methods are made of
//! ```
//!
//! - [`Attribution`]s say which pixels a score comes from: [`Saliency`], [`IntegratedGradients`],
//!   [`SmoothGrad`], [`Cam`], [`Occlusion`] and others; [`metrics`] says how good such a map is, and
//!   [`Localizer`](metrics::Localizer) what it shows.
//! - [`attack`] changes pixels until the network is fooled.
//! - [`visualize`] makes images that a class or a channel responds to.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::explain::{Attribution, InputXGradient, Target};
//!
//! // The score of class 1 is the sum of the pixels.
//! let model = |x: Tensor<4>| {
//!     let sum = x.flatten::<2>(1, 3).sum_dim(1);
//!     Tensor::cat(vec![sum.clone() * 0.5, sum], 1)
//! };
//! let pixels = Tensor::<4>::full([1, 3, 2, 2], 0.25, &Device::default());
//! let map = InputXGradient.attribute(&model, &pixels, &Target::Class(1))?;
//! assert_eq!(map.sum().into_scalar::<f32>(), 3.0); // twelve times 0.25: all of the score
//! # Ok::<(), foveate::explain::ExplainError>(())
//! ```
//!
//! A [`Classifier`](crate::models::Classifier) is a model of pixels:
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::explain::{IntegratedGradients, Target, channel_max};
//! use foveate::image::HeatMap;
//! use foveate::models::LeNet;
//!
//! let device = Device::default();
//! let classifier = LeNet::digits(&device)?;
//! let pixels = classifier.preprocessing().pixels(&digits(1, 0).images(), &device)?;
//! let method = IntegratedGradients { steps: 30, ..Default::default() };
//! let (map, delta) =
//!     method.attribute_with_delta(&classifier, &pixels, &Target::Predicted)?;
//! let image = &HeatMap::default().draw_batch(&channel_max(&map))[0]; // image.save("why.png")
//! assert_eq!(image.dimensions(), (28, 28));
//! // The map adds up to what the score has over that of a black image.
//! assert!(delta[0].abs() < 0.05 * map.sum().into_scalar::<f32>());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod attack;
mod attribution;
mod baseline;
mod error;
mod gradient;
mod masking;
pub mod metrics;
mod model;
mod noise;
mod target;
pub mod visualize;

pub use attribution::{
    Attribution, Cam, CamRule, Deconvnet, FeatureAblation, GuidedBackprop, GuidedGradCam,
    InputXGradient, IntegratedGradients, Lrp, Occlusion, Quadrature, Rise, Saliency, SmoothGrad,
    Statistic, channel_max,
};
pub use baseline::Baseline;
pub use error::ExplainError;
pub use model::{Frozen, LayeredModel, Model};
pub use target::{ScoreFn, Target};
