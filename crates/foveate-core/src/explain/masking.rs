//! Scores of images that are partly masked.

use std::iter::repeat_n;

use burn::tensor::{Tensor, TensorData};

use super::baseline::Baseline;
use super::error::ExplainError;
use super::model::{Model, checked, rows, softmax, tell_probabilities, values};
use super::target::Target;
use crate::setting::at_least;

/// How a score is made of logits, for a fixed target.
pub(super) type Scorer = fn(&Target, Tensor<2>) -> Result<Tensor<1>, ExplainError>;

/// The logit of a class, or the caller's score.
pub(super) const LOGIT: Scorer = |target, logits| target.scores(logits);

/// The probability of a class, or the caller's score.
pub(super) const PROBABILITY: Scorer = |target, logits| match target {
    Target::Score(_) => target.scores(logits),
    _ => target.scores(softmax(logits)?),
};

/// A question to a model, and the images that are masked in parts.
pub(super) struct MaskedInput<'a, M: ?Sized> {
    model: &'a M,
    target: Target,
    scorer: Scorer,
    pub input: Tensor<4>,
    baseline: Tensor<4>,
    /// Scores of the whole images.
    pub whole: Vec<f32>,
    batch: usize,
}

impl<'a, M: Model + ?Sized> MaskedInput<'a, M> {
    /// Checks, fixes the target, and scores the whole images.
    pub fn new(
        model: &'a M,
        input: &Tensor<4>,
        target: &Target,
        scorer: Scorer,
        baseline: &Baseline,
        batch: usize,
    ) -> Result<Self, ExplainError> {
        at_least("batch", batch, 1)?;
        let input = checked(model, input)?;
        let baseline = baseline.of(model, &input)?;
        let images = input.dims()[0];
        let mut logits = Vec::new();
        for start in (0..images).step_by(batch) {
            let some = start..images.min(start + batch);
            logits.push(rows(model.logits(input.clone().slice([some.clone()])), some.len())?);
        }
        let logits = Tensor::cat(logits, 0);
        let target = target.fixed(&logits)?;
        if !matches!(target, Target::Score(_)) {
            tell_probabilities(&logits);
        }
        let whole = values(&scorer(&target, logits)?);
        Ok(Self { model, target, scorer, input, baseline, whole, batch })
    }

    /// Ranges of at most `batch` of `count` masks.
    pub fn batches(&self, count: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<M> {
        let batch = self.batch;
        (0..count).step_by(batch).map(move |start| start..count.min(start + batch))
    }

    /// Scores of an image of which each mask (`h * w` values in `[0, 1]`, one mask after the other)
    /// leaves that share, the baseline standing for the rest.
    pub fn scores(&self, image: usize, masks: Vec<f32>) -> Result<Vec<f32>, ExplainError> {
        let [_, _, h, w] = self.input.dims();
        let count = masks.len() / (h * w);
        let masks = TensorData::new(masks, [count, 1, h, w]);
        let kept = Tensor::<4>::from_data(masks, &self.input.device());
        let one = |tensor: &Tensor<4>| tensor.clone().narrow(0, image, 1);
        // Not `baseline + kept * (input - baseline)`: what is kept or taken wholly stays exact.
        let taken = kept.clone().neg().add_scalar(1.0);
        let partly = one(&self.input) * kept + one(&self.baseline) * taken;
        let target = self.target.of(repeat_n(image, count));
        Ok(values(&(self.scorer)(&target, rows(self.model.logits(partly), count)?)?))
    }
}
