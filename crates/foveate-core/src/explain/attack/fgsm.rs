//! The fast gradient sign method: Goodfellow et al., 2015; see [`Fgsm`].

use super::ball::{Ball, Norm};
use super::run::AttackRun;
use super::{Attack, AttackResult, Goal};
use crate::explain::error::ExplainError;
use crate::explain::model::Model;
use crate::image::Pixels;
use crate::setting::at_least_zero;

/// The fast gradient sign method: one step of `epsilon` for every value, up the loss of the true
/// class or down the loss of the target: `x + epsilon sign(d loss / d x)`, clamped to [0, 1]. The loss is
/// the cross entropy.
///
/// Ian J. Goodfellow, Jonathon Shlens, Christian Szegedy, *Explaining and Harnessing Adversarial Examples*,
/// 2015, <https://arxiv.org/abs/1412.6572>; targeted as in Kurakin et al., 2017 (see [`Bim`](super::Bim)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fgsm {
    /// Size of the step, in pixel values.
    pub epsilon: f32,
}

impl Default for Fgsm {
    fn default() -> Self {
        Self { epsilon: 8.0 / 255.0 }
    }
}

impl<M: Model + ?Sized> Attack<M> for Fgsm {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        at_least_zero("epsilon", self.epsilon)?;
        let session = AttackRun::open(model, pixels, goal)?;
        let ball = Ball::new(&session.original, Norm::LInf, self.epsilon);
        sign_steps(session, &ball, None, self.epsilon, 1, true)
    }
}

/// Steps of the gradient's sign that stay within a ball around the original.
pub(super) fn sign_steps<M: Model + ?Sized>(
    mut session: AttackRun<'_, M>,
    ball: &Ball,
    start: Option<burn::tensor::Tensor<4>>,
    step_size: f32,
    steps: usize,
    early_stop: bool,
) -> Result<AttackResult, ExplainError> {
    let start = start.unwrap_or_else(|| session.original.clone());
    let adversarial = session.walk(
        start,
        steps,
        early_stop,
        AttackRun::log_probability,
        |x, gradient, places| ball.project(x + gradient.sign() * step_size, places),
    )?;
    session.close(adversarial)
}
