//! Occlusion: Zeiler and Fergus, 2014; see [`Occlusion`].

use burn::tensor::{Tensor, TensorData};

use super::Attribution;
use crate::SettingError;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::masking::{LOGIT, MaskedInput};
use crate::explain::model::Model;
use crate::explain::target::Target;

/// How much the score falls when a window with the pixel in it is occluded, `[n, 1, h, w]`: the
/// mean over such windows.
///
/// The first window stands in the upper left corner, the last ones are cut off at the lower and right
/// borders, so that every pixel is occluded.
///
/// Matthew D. Zeiler, Rob Fergus, *Visualizing and Understanding Convolutional Networks*, 2014,
/// <https://arxiv.org/abs/1311.2901>, section 4.2. The paper shows the score itself behind each place of a
/// gray square; here, as in captum, each pixel gets the drop of the score.
#[derive(Debug, Clone)]
pub struct Occlusion {
    /// Height and width of the window in pixels, at most the image's.
    pub window: [usize; 2],
    /// Pixels from a window to the next below and to the right, from 1 to the window's.
    pub stride: [usize; 2],
    /// What stands in the window, in all channels.
    pub baseline: Baseline,
    /// Images that run at once.
    pub batch: usize,
}

impl Occlusion {
    /// Black windows (0), 8 images at once.
    pub fn new(window: [usize; 2], stride: [usize; 2]) -> Self {
        Self { window, stride, baseline: Baseline::Constant(0.0), batch: 8 }
    }

    /// First and one past the last pixel of the windows along one side.
    fn spans(&self, side: usize, pixels: usize) -> Result<Vec<[usize; 2]>, ExplainError> {
        let (window, stride) = (self.window[side], self.stride[side]);
        if !(1..=pixels).contains(&window) {
            let expected = format!("from 1 to the image's {pixels} pixels");
            return SettingError::refuse(["window[0]", "window[1]"][side], window, expected);
        }
        if stride == 0 || (stride > window && window < pixels) {
            let expected = format!("from 1 to the window's {window}: no pixel may be left out");
            return SettingError::refuse(["stride[0]", "stride[1]"][side], stride, expected);
        }
        let count = (pixels - window).div_ceil(stride) + 1;
        Ok((0..count).map(|i| [i * stride, (i * stride + window).min(pixels)]).collect())
    }
}

impl<M: Model + ?Sized> Attribution<M> for Occlusion {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let masked = MaskedInput::new(model, input, target, LOGIT, &self.baseline, self.batch)?;
        let [n, _, h, w] = masked.input.dims();
        let (down, across) = (self.spans(0, h)?, self.spans(1, w)?);
        let pixels = |window: usize| {
            let ([top, bottom], [left, right]) =
                (down[window / across.len()], across[window % across.len()]);
            (top..bottom).flat_map(move |y| y * w + left..y * w + right)
        };
        let mut windows_over = vec![0u32; h * w];
        let count = down.len() * across.len();
        (0..count).flat_map(pixels).for_each(|pixel| windows_over[pixel] += 1);

        let mut map = Vec::with_capacity(n * h * w);
        for image in 0..n {
            let mut drops = vec![0f64; h * w];
            for windows in masked.batches(count) {
                let mut masks = vec![1.0; windows.len() * h * w];
                for (mask, window) in masks.chunks_exact_mut(h * w).zip(windows.clone()) {
                    pixels(window).for_each(|pixel| mask[pixel] = 0.0);
                }
                let scores = masked.scores(image, masks)?;
                for (score, window) in scores.into_iter().zip(windows) {
                    let drop = f64::from(masked.whole[image] - score);
                    pixels(window).for_each(|pixel| drops[pixel] += drop);
                }
            }
            map.extend(drops.iter().zip(&windows_over).map(|(d, &k)| (d / f64::from(k)) as f32));
        }
        Ok(Tensor::from_data(TensorData::new(map, [n, 1, h, w]), &masked.input.device()))
    }
}
