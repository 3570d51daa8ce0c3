//! Completeness; see [`completeness_delta`].

use burn::tensor::Tensor;

use super::checked_map;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::masking::{LOGIT, MaskedInput};
use crate::explain::model::Model;
use crate::explain::target::Target;

/// The sum of a map minus `score(input) - score(baseline)`, for each image: 0 for a method that
/// is complete. captum's convergence delta.
///
/// Mukund Sundararajan, Ankur Taly, Qiqi Yan, *Axiomatic Attribution for Deep Networks*, 2017,
/// <https://arxiv.org/abs/1703.01365>, section 3.
///
/// # Errors
///
/// As [`Attribution::attribute`](crate::explain::Attribution::attribute);
/// [`ExplainError::MapShape`], [`ExplainError::MapNotFinite`].
pub fn completeness_delta<M: Model + ?Sized>(
    model: &M,
    map: &Tensor<4>,
    input: &Tensor<4>,
    baseline: &Baseline,
    target: &Target,
) -> Result<Vec<f32>, ExplainError> {
    let masked = MaskedInput::new(model, input, target, LOGIT, baseline, input.dims()[0].max(1))?;
    let [n, _, h, w] = masked.input.dims();
    let map = checked_map(map, masked.input.dims(), true)?;
    let sums = map.chunks_exact(map.len() / n);
    let deltas = sums.enumerate().map(|(image, map)| {
        let nothing = masked.scores(image, vec![0.0; h * w])?;
        let sum: f64 = map.iter().copied().map(f64::from).sum();
        Ok((sum - f64::from(masked.whole[image] - nothing[0])) as f32)
    });
    deltas.collect()
}
