//! RISE: Petsiuk et al., 2018; see [`Rise`].

use burn::tensor::{Tensor, TensorData};
use rand::Rng;

use super::Attribution;
use crate::SettingError;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::masking::{MaskedInput, PROBABILITY};
use crate::explain::model::Model;
use crate::explain::noise::{Purpose, generator};
use crate::explain::target::Target;
use crate::setting::{at_least, share};

/// The mean score of the image behind random masks, of those that leave the pixel:
/// `sum over masks of score(masked) * mask / (masks * probability)` with `masked = input * mask + baseline * (1 - mask)`, `[n, 1, h, w]`.
///
/// Equation 6 of Vitali Petsiuk, Abir Das, Kate Saenko, *RISE: Randomized Input Sampling for Explanation
/// of Black-box Models*, 2018, <https://arxiv.org/abs/1806.07421>. The bilinear grid of a mask repeats its
/// border values, as PyTorch's; the authors' code mirrors them.
///
/// What a mask takes away is the mean color, as in the authors' code, which multiplies the normalized
/// input: [`Baseline::Mean`]. The score of a class is its probability, as in the paper; a
/// [`Target::Score`] is taken as it is. All images get the same masks.
#[derive(Debug, Clone)]
pub struct Rise {
    /// How many masks.
    pub masks: usize,
    /// Cells of a mask along each side; at most the image's pixels.
    pub cells: usize,
    /// The probability that a cell is left, in `(0, 1]`.
    pub probability: f32,
    /// What stands for what a mask takes away.
    pub baseline: Baseline,
    /// Seed of the masks.
    pub seed: u64,
    /// Images that run at once.
    pub batch: usize,
}

/// The paper's, for VGG16 (it takes 8,000 masks for ResNet50).
impl Default for Rise {
    fn default() -> Self {
        let baseline = Baseline::Mean;
        Self { masks: 4000, cells: 7, probability: 0.5, baseline, seed: 0, batch: 8 }
    }
}

impl Rise {
    /// Mask `index` of `h * w` values: a grid of zeros and ones, enlarged bilinearly to one cell more
    /// than the image, from which the image's size is cut at random (section 3.2).
    fn mask(&self, index: usize, [h, w]: [usize; 2]) -> Vec<f32> {
        let mut generator = generator(self.seed, Purpose::Rise, index as u64);
        let grid: Vec<f32> = (0..self.cells * self.cells)
            .map(|_| f32::from(u8::from(generator.random::<f32>() < self.probability)))
            .collect();
        let mut side = |pixels: usize| {
            let cell = pixels.div_ceil(self.cells);
            let shift = generator.random_range(0..cell as u64) as usize;
            let scale = self.cells as f32 / ((self.cells + 1) * cell) as f32;
            (shift..shift + pixels).map(move |i| {
                let at = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, (self.cells - 1) as f32);
                let first = at as usize;
                (first, (first + 1).min(self.cells - 1), at - first as f32)
            })
        };
        let (down, across): (Vec<_>, Vec<_>) = (side(h).collect(), side(w).collect());
        let value = |y: usize, &(left, right, share): &(usize, usize, f32)| {
            let row = &grid[y * self.cells..];
            row[left] * (1.0 - share) + row[right] * share
        };
        let rows = down.iter().map(|&(top, bottom, share)| {
            across.iter().map(move |x| value(top, x) * (1.0 - share) + value(bottom, x) * share)
        });
        rows.flatten().collect()
    }
}

impl<M: Model + ?Sized> Attribution<M> for Rise {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        at_least("masks", self.masks, 1)?;
        share("probability", self.probability)?;
        let masked =
            MaskedInput::new(model, input, target, PROBABILITY, &self.baseline, self.batch)?;
        let [n, _, h, w] = masked.input.dims();
        if !(1..=h.min(w)).contains(&self.cells) {
            let expected = format!("from 1 to the image's shorter side, {}", h.min(w));
            return SettingError::refuse("cells", self.cells, expected);
        }
        let mut sums = vec![0f64; n * h * w];
        for some in masked.batches(self.masks) {
            let masks: Vec<f32> = some.flat_map(|index| self.mask(index, [h, w])).collect();
            for (image, sums) in sums.chunks_exact_mut(h * w).enumerate() {
                let scores = masked.scores(image, masks.clone())?;
                for (score, mask) in scores.into_iter().zip(masks.chunks_exact(h * w)) {
                    let add = |(sum, kept): (&mut f64, &f32)| *sum += f64::from(score * kept);
                    sums.iter_mut().zip(mask).for_each(add);
                }
            }
        }
        let scale = 1.0 / (self.masks as f64 * f64::from(self.probability));
        let map: Vec<f32> = sums.into_iter().map(|sum| (sum * scale) as f32).collect();
        Ok(Tensor::from_data(TensorData::new(map, [n, 1, h, w]), &masked.input.device()))
    }
}
