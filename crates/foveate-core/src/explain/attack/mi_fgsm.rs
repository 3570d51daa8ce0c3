//! The momentum iterative method: Dong et al., 2018; see [`MiFgsm`].

use super::ball::{Ball, Norm, scaled};
use super::run::{AttackRun, pick, put};
use super::{Attack, AttackResult, Goal};
use crate::explain::error::ExplainError;
use crate::explain::model::Model;
use crate::image::Pixels;
use crate::setting::{at_least, at_least_zero};

/// The momentum iterative fast gradient sign method: `steps` steps of size `epsilon / steps` along the
/// sign of `momentum <- decay * momentum + g / |g|_1`. Made to transfer to other models.
///
/// Yinpeng Dong et al., *Boosting Adversarial Attacks with Momentum*, 2018,
/// <https://arxiv.org/abs/1710.06081>, algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MiFgsm {
    /// The largest change of a value, in pixel values.
    pub epsilon: f32,
    /// Number of steps.
    pub steps: usize,
    /// What is kept of the momentum at each step.
    pub decay: f32,
    /// Whether an image stands still once it meets the goal, or takes all steps: then it transfers
    /// better.
    pub early_stop: bool,
}

/// The paper's: `epsilon` 16/255, 10 steps, decay 1, all steps taken.
impl Default for MiFgsm {
    fn default() -> Self {
        Self { epsilon: 16.0 / 255.0, steps: 10, decay: 1.0, early_stop: false }
    }
}

impl<M: Model + ?Sized> Attack<M> for MiFgsm {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        at_least_zero("epsilon", self.epsilon)?;
        at_least_zero("decay", self.decay)?;
        at_least("steps", self.steps, 1)?;
        let mut session = AttackRun::open(model, pixels, goal)?;
        let original = session.original.clone();
        let ball = Ball::new(&original, Norm::LInf, self.epsilon);
        let step_size = self.epsilon / self.steps as f32;
        let mut momentum = original.zeros_like();
        let score = AttackRun::log_probability;
        let adversarial =
            session.walk(original, self.steps, self.early_stop, score, |x, gradient, places| {
                let gradient = scaled(gradient);
                let length = gradient.clone().abs().sum_dims(&[1, 2, 3]);
                // Scaled, a gradient adds up to 1 or more, or it is 0.
                let now = pick(&momentum, places) * self.decay + gradient / length.clamp_min(1.0);
                momentum = put(momentum.clone(), places, now.clone());
                ball.project(x + now.sign() * step_size, places)
            })?;
        session.close(adversarial)
    }
}
