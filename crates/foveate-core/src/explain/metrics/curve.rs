//! Deletion and insertion; see [`Deletion`] and [`Insertion`].

use burn::tensor::Tensor;

use super::pixel_values;
use crate::SettingError;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::masking::{MaskedInput, PROBABILITY};
use crate::explain::model::Model;
use crate::explain::target::Target;
use crate::values::ranked;

/// The score while the pixels are masked, the most important first. A small area speaks for the
/// map.
///
/// Section 4.1 of Vitali Petsiuk, Abir Das, Kate Saenko, *RISE: Randomized Input Sampling for Explanation of
/// Black-box Models*, 2018, <https://arxiv.org/abs/1806.07421>. The steps are equal in pixels to within one,
/// and the area is that over the share of pixels; the authors' last step is shorter and counts as much as
/// the others.
///
/// The score of a class is its probability, as in the paper; a [`Target::Score`] is taken as it
/// is. Of pixels of equal importance the first in reading order goes first.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// Steps from the whole image to the baseline, from 1 to the number of pixels.
    pub steps: usize,
    /// What stands for the pixels that are masked.
    pub baseline: Baseline,
    /// Images that run at once.
    pub batch: usize,
}

/// The score while the pixels are put into a baseline, the most important first; otherwise as
/// [`Deletion`]. A large area speaks for the map.
#[derive(Debug, Clone)]
pub struct Insertion {
    /// Steps from the baseline to the whole image, from 1 to the number of pixels.
    pub steps: usize,
    /// What is there before the pixels.
    pub baseline: Baseline,
    /// Images that run at once.
    pub batch: usize,
}

/// 224 steps, as the authors' code for 224x224 pixels; to 0, which is black in pixels. (The authors' is
/// the mean color: [`Baseline::Mean`].)
impl Default for Deletion {
    fn default() -> Self {
        Self { steps: 224, baseline: Baseline::Constant(0.0), batch: 8 }
    }
}

/// 224 steps, from the image blurred as in the authors' code: [`Baseline::RiseBlur`].
impl Default for Insertion {
    fn default() -> Self {
        Self { steps: 224, baseline: Baseline::RiseBlur, batch: 8 }
    }
}

/// Scores along the way.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Curve {
    /// The share of pixels masked or put in, `steps + 1` numbers from 0 to 1.
    pub shares: Vec<f32>,
    /// The scores then, for each image.
    pub scores: Vec<Vec<f32>>,
    /// The area below each image's curve (trapezoids): its mean score.
    pub areas: Vec<f32>,
}

impl Deletion {
    /// The curve of a map.
    ///
    /// # Errors
    ///
    /// As [`Attribution::attribute`](crate::explain::Attribution::attribute);
    /// [`ExplainError::MapShape`], [`ExplainError::MapNotFinite`].
    pub fn curve<M: Model + ?Sized>(
        &self,
        model: &M,
        map: &Tensor<4>,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Curve, ExplainError> {
        let masked =
            MaskedInput::new(model, input, target, PROBABILITY, &self.baseline, self.batch)?;
        curve(&masked, map, self.steps, [0.0, 1.0])
    }
}

impl Insertion {
    /// The curve of a map.
    ///
    /// # Errors
    ///
    /// As [`Deletion::curve`].
    pub fn curve<M: Model + ?Sized>(
        &self,
        model: &M,
        map: &Tensor<4>,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Curve, ExplainError> {
        let masked =
            MaskedInput::new(model, input, target, PROBABILITY, &self.baseline, self.batch)?;
        curve(&masked, map, self.steps, [1.0, 0.0])
    }
}

/// `shown`: what is left of the pixels whose turn has come, and of the others.
fn curve<M: Model + ?Sized>(
    masked: &MaskedInput<'_, M>,
    map: &Tensor<4>,
    steps: usize,
    shown: [f32; 2],
) -> Result<Curve, ExplainError> {
    let [_, _, h, w] = masked.input.dims();
    let pixels = h * w;
    if !(1..=pixels).contains(&steps) {
        let expected = format!("from 1 to the number of pixels, {pixels}");
        return SettingError::refuse("steps", steps, expected);
    }
    let counts: Vec<usize> = (0..=steps).map(|i| (i * pixels + steps / 2) / steps).collect();
    let shares: Vec<f32> = counts.iter().map(|&k| (k as f64 / pixels as f64) as f32).collect();
    let mut scores = Vec::new();
    for (image, map) in pixel_values(map, masked.input.dims())?.into_iter().enumerate() {
        let order = ranked(&map);
        let mut image_scores = Vec::with_capacity(steps + 1);
        for some in masked.batches(counts.len()) {
            let masks = counts[some].iter().flat_map(|&count| {
                let mut mask = vec![shown[1]; pixels];
                order[..count].iter().for_each(|&pixel| mask[pixel] = shown[0]);
                mask
            });
            image_scores.extend(masked.scores(image, masks.collect())?);
        }
        scores.push(image_scores);
    }
    let area = |scores: &Vec<f32>| {
        let steps = shares.windows(2).zip(scores.windows(2));
        steps.map(|(x, y)| f64::from((x[1] - x[0]) * (y[0] + y[1]) / 2.0)).sum::<f64>() as f32
    };
    let areas = scores.iter().map(area).collect();
    Ok(Curve { shares, scores, areas })
}
