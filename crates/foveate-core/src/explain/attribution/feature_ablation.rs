//! Ablation of given parts of an image.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use super::Attribution;
use crate::SettingError;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::masking::{LOGIT, MaskedInput};
use crate::explain::model::Model;
use crate::explain::target::Target;

/// How much the score falls when the segment that a pixel belongs to is masked, `[n, 1, h, w]`.
///
/// As captum's `FeatureAblation` with a `feature_mask` (<https://captum.ai/api/feature_ablation.html>); of
/// superpixels, it is the single-feature case of what LIME and Shapley values build on.
#[derive(Debug, Clone)]
pub struct FeatureAblation {
    /// The number of each pixel's segment, `h * w` of them row by row, the same for all images. The
    /// numbers need not be consecutive.
    pub segments: Vec<usize>,
    /// What stands for the segment, in all channels.
    pub baseline: Baseline,
    /// Images that run at once.
    pub batch: usize,
}

impl FeatureAblation {
    /// Black segments (0), 8 images at once.
    pub fn new(segments: Vec<usize>) -> Self {
        Self { segments, baseline: Baseline::Constant(0.0), batch: 8 }
    }
}

impl<M: Model + ?Sized> Attribution<M> for FeatureAblation {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let masked = MaskedInput::new(model, input, target, LOGIT, &self.baseline, self.batch)?;
        let [n, _, h, w] = masked.input.dims();
        if self.segments.len() != h * w {
            let expected = format!("{}, one for each of {h}x{w} pixels", h * w);
            let found = format!("{} values", self.segments.len());
            return SettingError::refuse("segments", found, expected);
        }
        let mut parts = BTreeMap::<usize, Vec<usize>>::new();
        for (pixel, &segment) in self.segments.iter().enumerate() {
            parts.entry(segment).or_default().push(pixel);
        }
        let parts: Vec<Vec<usize>> = parts.into_values().collect();

        let mut map = vec![0.0; n * h * w];
        for (image, map) in map.chunks_exact_mut(h * w).enumerate() {
            for some in masked.batches(parts.len()) {
                let parts = &parts[some];
                let mut masks = vec![1.0; parts.len() * h * w];
                for (mask, part) in masks.chunks_exact_mut(h * w).zip(parts) {
                    part.iter().for_each(|&pixel| mask[pixel] = 0.0);
                }
                let scores = masked.scores(image, masks)?;
                for (score, part) in scores.into_iter().zip(parts) {
                    part.iter().for_each(|&pixel| map[pixel] = masked.whole[image] - score);
                }
            }
        }
        Ok(Tensor::from_data(TensorData::new(map, [n, 1, h, w]), &masked.input.device()))
    }
}
