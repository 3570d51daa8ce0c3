//! What comes of an attack.

use std::fmt;

use crate::image::Pixels;
use crate::models::PROBABILITIES;

/// AttackResult images, and what it took. All lists have one entry for each image.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AttackResult {
    /// The images that were given.
    pub original: Pixels,
    /// The images after the attack, in `[0, 1]`. Give them to
    /// [`classify_pixels`](crate::models::Classifier::classify_pixels) as they are: rounded to bytes, they may differ
    /// from the original by more than `epsilon`, or be fooling no longer; and a saved file that is read again through
    /// `classify` is resized and cropped.
    pub adversarial: Pixels,
    /// Whether the prediction for the original met the goal, before anything was changed: an untargeted attack's images
    /// that the model got wrong from the start.
    pub before: Vec<bool>,
    /// Whether the model's prediction for the image after the attack meets the goal.
    pub success: Vec<bool>,
    /// How often the image was changed on the way.
    pub steps: Vec<usize>,
    /// What the model was asked.
    pub queries: Vec<Queries>,
    /// Number of pixels, of `h * w`, that differ in any channel.
    pub l0: Vec<usize>,
    /// Euclidean length of the change.
    pub l2: Vec<f32>,
    /// The largest change of a value, in `[0, 1]`.
    pub l_inf: Vec<f32>,
    /// Signs that the model hides its gradients: then a failed attack proves nothing.
    pub warnings: Vec<Warning>,
}

impl AttackResult {
    /// The success rate: the share of images that meet the goal after the attack, of those that did not
    /// [`before`](AttackResult::before); `None` if all did.
    pub fn success_rate(&self) -> Option<f32> {
        success_rate(&self.before, &self.success)
    }

    /// The change, magnified, on gray: `0.5 + magnification * (adversarial - original)`, cut off at
    /// 0 and 1.
    pub fn difference(&self, magnification: f32) -> Pixels {
        let change = self.adversarial.tensor().clone() - self.original.tensor().clone();
        Pixels::new((change * magnification + 0.5).clamp(0.0, 1.0))
    }
}

/// The share of successes among the images that did not meet the goal from the start.
pub(super) fn success_rate(before: &[bool], after: &[bool]) -> Option<f32> {
    let open: Vec<bool> =
        before.iter().zip(after).filter(|(before, _)| !**before).map(|(_, after)| *after).collect();
    let successes = open.iter().filter(|&&success| success).count();
    (!open.is_empty()).then(|| successes as f32 / open.len() as f32)
}

/// How often the model saw an image, or a changed version of it, those times included that served
/// to check the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queries {
    /// Forward alone.
    pub forward: usize,
    /// Forward and back.
    pub gradient: usize,
}

/// A sign that gradients mislead, as AutoAttack looks for them (Francesco Croce, Matthias Hein,
/// *Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free
/// Attacks*, 2020, <https://arxiv.org/abs/2003.01690>).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Gradients that are 0 throughout: nothing says where to go.
    ZeroGradient {
        /// The images.
        images: Vec<usize>,
    },
    /// Two answers to the same images differ.
    Random {
        /// The largest difference of two logits.
        difference: f32,
    },
    /// The rows of logits are probabilities.
    Probabilities,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroGradient { images } => write!(
                f,
                "the gradient was 0 for images {images:?}: the model may saturate or round; attack another score or \
                 model and transfer"
            ),
            Self::Random { difference } => write!(
                f,
                "the model's logits for the same images differ by {difference}: success is chance; take the average of \
                 several answers as the model"
            ),
            Self::Probabilities => f.write_str(PROBABILITIES),
        }
    }
}
