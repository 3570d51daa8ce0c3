//! The one step that everything here is made of: a score, and its gradient with respect to the input.

use burn::tensor::Tensor;

use super::error::ExplainError;
use super::model::{Model, logits, rows};
use super::target::Target;
use crate::ops::exact;

/// Logits, scores, and the gradient of each score with respect to its own input.
pub(super) struct Scored {
    /// `[n, classes]`
    pub logits: Tensor<2>,
    /// `[n]`
    pub scores: Tensor<1>,
    /// The shape of the input.
    pub gradient: Tensor<4>,
}

/// Runs a model on an input, and back from the target. Nothing else is tracked: no weight's gradient
/// is computed, no graph outlives the call. Sums are exact, unless the caller chose otherwise.
pub(super) fn scored<M: Model + ?Sized>(
    model: &M,
    input: &Tensor<4>,
    target: &Target,
) -> Result<Scored, ExplainError> {
    scored_by(|input| Ok(model.logits(input)), input, target)
}

/// [`scored`], for any function from the input to logits.
pub(super) fn scored_by(
    logits: impl FnOnce(Tensor<4>) -> Result<Tensor<2>, ExplainError>,
    input: &Tensor<4>,
    target: &Target,
) -> Result<Scored, ExplainError> {
    let input = input.clone().inner().autodiff().require_grad();
    let images = input.dims()[0];
    let logits = rows(exact(|| logits(input.clone()))?, images)?;
    let target = target.fixed(&logits)?;
    let scores = target.scores(logits.clone())?;
    // Each row of logits depends on its own image alone: one sum, all gradients.
    let sum = scores.clone().sum();
    let gradient = if sum.is_tracked() { input.grad(&sum.backward()) } else { None };
    Ok(Scored {
        // A score that does not depend on the input has the gradient 0.
        gradient: gradient.unwrap_or_else(|| input.inner().zeros_like()),
        logits: logits.inner(),
        scores: scores.inner(),
    })
}

/// Scores `[n]` alone, for a [`fixed`](Target::fixed) target.
pub(super) fn scores<M: Model + ?Sized>(
    model: &M,
    input: Tensor<4>,
    target: &Target,
) -> Result<Tensor<1>, ExplainError> {
    target.scores(logits(model, input)?)
}
