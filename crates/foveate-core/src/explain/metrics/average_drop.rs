//! Average drop and increase in confidence; see [`AverageDrop`].

use burn::tensor::Tensor;

use super::pixel_values;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::masking::{MaskedInput, PROBABILITY};
use crate::explain::model::Model;
use crate::explain::target::Target;

/// What is left of the score when each pixel is shown as far as the map says, scaled from 0 at its
/// smallest to 1 at its largest value.
///
/// Average drop and increase in confidence: Aditya Chattopadhyay, Anirban Sarkar, Prantik Howlader, Vineeth
/// N. Balasubramanian, *Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks*, 2018,
/// <https://arxiv.org/abs/1710.11063>, section 5.1. A map that is the same everywhere hides the whole
/// image; torch-cam leaves such images out.
///
/// The score of a class is its probability, as in the paper; a [`Target::Score`] is taken as it
/// is and should be positive.
#[derive(Debug, Clone)]
pub struct AverageDrop {
    /// What stands for what is hidden. torch-cam's is 0 in normalized pixels, the mean color.
    pub baseline: Baseline,
    /// Images that run at once.
    pub batch: usize,
}

/// Hidden pixels are 0; 8 images at once.
impl Default for AverageDrop {
    fn default() -> Self {
        Self { baseline: Baseline::Constant(0.0), batch: 8 }
    }
}

/// Scores of images, and of what maps leave of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidences {
    /// Score of each whole image.
    pub whole: Vec<f32>,
    /// Score of what the map shows of it.
    pub shown: Vec<f32>,
}

impl AverageDrop {
    /// The scores before and after.
    ///
    /// # Errors
    ///
    /// As [`Attribution::attribute`](crate::explain::Attribution::attribute);
    /// [`ExplainError::MapShape`], [`ExplainError::MapNotFinite`].
    pub fn confidences<M: Model + ?Sized>(
        &self,
        model: &M,
        map: &Tensor<4>,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Confidences, ExplainError> {
        let masked =
            MaskedInput::new(model, input, target, PROBABILITY, &self.baseline, self.batch)?;
        let maps = pixel_values(map, masked.input.dims())?;
        let shown = maps.into_iter().enumerate().map(|(image, mut map)| {
            let least = map.iter().copied().fold(f32::INFINITY, f32::min);
            let most = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let span = if most > least { most - least } else { 1.0 };
            map.iter_mut().for_each(|value| *value = (*value - least) / span);
            Ok::<_, ExplainError>(masked.scores(image, map)?[0])
        });
        Ok(Confidences { shown: shown.collect::<Result<_, _>>()?, whole: masked.whole })
    }
}

impl Confidences {
    /// `max(0, whole - shown) / whole` for each image, in `[0, 1]`; small is good. The mean over
    /// images is the average drop.
    pub fn drops(&self) -> Vec<f32> {
        // As torch-cam, kept from dividing by 0.
        let drop = |(whole, shown): (&f32, &f32)| (whole - shown).max(0.0) / (whole + 1e-7);
        self.whole.iter().zip(&self.shown).map(drop).collect()
    }

    /// Whether the part alone scores more than the whole. The share of images is the increase in
    /// confidence; large is good.
    pub fn increases(&self) -> Vec<bool> {
        self.whole.iter().zip(&self.shown).map(|(whole, shown)| shown > whole).collect()
    }
}
