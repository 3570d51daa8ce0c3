//! The basic iterative method: Kurakin et al., 2017; see [`Bim`].

use super::ball::{Ball, Norm};
use super::fgsm::sign_steps;
use super::run::AttackRun;
use super::{Attack, AttackResult, Goal};
use crate::explain::error::ExplainError;
use crate::explain::model::Model;
use crate::image::Pixels;
use crate::setting::{at_least, at_least_zero, positive};

/// [`Fgsm`](super::Fgsm) in small steps, each followed by clipping to `epsilon` around the original
/// and to `[0, 1]`.
///
/// The basic iterative method of Alexey Kurakin, Ian Goodfellow, Samy Bengio, *Adversarial examples in the
/// physical world*, 2017, <https://arxiv.org/abs/1607.02533>; targeted, their iterative least-likely class
/// method, for any class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bim {
    /// The largest change of a value, in pixel values.
    pub epsilon: f32,
    /// Size of a step, in pixel values.
    pub step_size: f32,
    /// The most steps.
    pub steps: usize,
    /// Whether an image stands still once it meets the goal, or takes all steps.
    pub early_stop: bool,
}

/// The paper's: steps of 1/255, and `min(epsilon + 4, 1.25 epsilon)` of them, in 255ths.
impl Default for Bim {
    fn default() -> Self {
        Self { epsilon: 8.0 / 255.0, step_size: 1.0 / 255.0, steps: 10, early_stop: true }
    }
}

impl<M: Model + ?Sized> Attack<M> for Bim {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        at_least_zero("epsilon", self.epsilon)?;
        positive("step_size", self.step_size)?;
        at_least("steps", self.steps, 1)?;
        let session = AttackRun::open(model, pixels, goal)?;
        let ball = Ball::new(&session.original, Norm::LInf, self.epsilon);
        sign_steps(session, &ball, None, self.step_size, self.steps, self.early_stop)
    }
}
