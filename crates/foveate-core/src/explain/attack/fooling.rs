//! Fooling images: the gradient of one logit, followed until its class wins; see [`FoolingImage`].

use burn::tensor::Tensor;

use super::ball::unit;
use super::run::AttackRun;
use super::{Attack, AttackResult, Goal};
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::model::Model;
use crate::explain::target::Target;
use crate::image::{Pixels, Preprocessing};
use crate::setting::{at_least, positive};

/// `z <- z + step_size * g / |g|` with `g` the gradient of the target class' logit with respect to
/// `z = pixels / std`, until the class wins.
///
/// A step has the length `step_size` in `z`, less what is clamped. Goals are
/// [`Goal::Targeted`].
///
/// Christian Szegedy et al., *Intriguing properties of neural networks*, 2014,
/// <https://arxiv.org/abs/1312.6199>, found that such images exist; the plain ascent is that of a
/// well-known exercise (Stanford's CS231n, network visualization). Deviation: there the input is normalized
/// and may leave what an image can hold; here values are clamped to [0, 1] after each step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoolingImage {
    /// Length of a step.
    pub step_size: f32,
    /// The most steps.
    pub steps: usize,
    /// The unit of the length in each channel, in pixel values: the standard deviation of the
    /// network's [`Preprocessing`], or 1 for lengths in pixels.
    pub std: [f32; 3],
}

impl Default for FoolingImage {
    fn default() -> Self {
        Self { step_size: 1.0, steps: 100, std: Preprocessing::IMAGENET.std }
    }
}

impl<M: Model + ?Sized> Attack<M> for FoolingImage {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        positive("step_size", self.step_size)?;
        at_least("steps", self.steps, 1)?;
        for std in self.std {
            positive("std", std)?;
        }
        let Goal::Targeted(_) = goal else {
            let expected = "Targeted: a fooling image shows the network a class of your choice";
            return SettingError::refuse("goal", "Untargeted", expected);
        };
        let mut session = AttackRun::open(model, pixels, goal)?;
        let original = session.original.clone();
        let std = Tensor::<1>::from_floats(self.std, &original.device()).reshape([1, 3, 1, 1]);
        let logit = |session: &AttackRun<'_, M>, places: &[usize]| {
            Target::Classes(places.iter().map(|&place| session.classes[place]).collect())
        };
        let step = |x: Tensor<4>, gradient: Tensor<4>, _: &[usize]| {
            // d score / d z = std * d score / d pixels, and a step in z is std times that in pixels.
            let step = unit(gradient * std.clone()) * self.step_size;
            (x + step * std.clone()).clamp(0.0, 1.0)
        };
        let adversarial = session.walk(original, self.steps, true, logit, step)?;
        session.close(adversarial)
    }
}
