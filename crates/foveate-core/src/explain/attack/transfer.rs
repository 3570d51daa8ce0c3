//! Black-box attacks by transfer: Papernot et al., 2016; see [`TransferredAttack`].

use super::result::success_rate;
use super::run::AttackRun;
use super::{AttackResult, Goal, Warning};
use crate::explain::error::ExplainError;
use crate::explain::model::Model;

/// What attacked images do to a model that they were not made for, image by image.
///
/// Nicolas Papernot, Patrick McDaniel, Ian Goodfellow, *Transferability in Machine Learning: from Phenomena
/// to Black-Box Attacks using Adversarial Samples*, 2016, <https://arxiv.org/abs/1605.07277>.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TransferredAttack {
    /// Whether the original meets the goal, before anything was changed.
    pub before: Vec<bool>,
    /// Whether the image after the attack meets the goal.
    pub after: Vec<bool>,
    /// What makes the victim's predictions doubtful.
    pub warnings: Vec<Warning>,
}

impl TransferredAttack {
    /// The part of the images that meet the goal after the attack, of those that did not before;
    /// `None` if all did.
    pub fn rate(&self) -> Option<f32> {
        success_rate(&self.before, &self.after)
    }
}

impl AttackResult {
    /// Shows the images to another model, on the same device. The goal may be another than the
    /// attack's: away from the true class, say, where the attack was for a target.
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: a class that the victim does not have; logits that are no rows of finite
    /// numbers.
    pub fn transfer<M: Model + ?Sized>(
        &self,
        victim: &M,
        goal: &Goal,
    ) -> Result<TransferredAttack, ExplainError> {
        let session = AttackRun::open(victim, &self.original, goal)?;
        let before = session.met.clone();
        let attacked = session.close(self.adversarial.tensor().clone())?;
        Ok(TransferredAttack { before, after: attacked.success, warnings: attacked.warnings })
    }
}
