//! Images made of waves; see [`FourierImage`].

use std::f64::consts::TAU;

use burn::tensor::{Device, Tensor, activation::sigmoid};
use rand_distr::Normal;

use super::matrix;
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::noise::{Purpose, drawn};
use crate::image::Pixels;
use crate::setting::at_least_zero;

/// Square root of the correlation of ImageNet's colors, as lucid has it: rows are red, green and
/// blue, columns the independent colors, to be divided by the largest length of a column.
pub const COLOR_CORRELATION: [[f64; 3]; 3] =
    [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]];

/// From a spectrum to pixels: `sigmoid(colors * inverse DFT(spectrum / frequency) / 4)`.
///
/// Dividing by the frequency makes a step change all scales alike, as natural images vary.
///
/// Section "Preconditioning and Parameterization" of *Feature Visualization* (see
/// [`FeatureVisualization`](super::FeatureVisualization)), with the numbers of its code, lucid. Deviation: the
/// inverse transform is two matrix products in place of an FFT. That is the same sum, differentiable on every
/// backend, and small for images of some hundred pixels a side.
#[derive(Debug, Clone)]
pub struct FourierImage {
    height: usize,
    width: usize,
    /// `[1, 1, 2 * height, width / 2 + 1]`
    scale: Tensor<4>,
    /// `[1, 1, 2 * height, 2 * height]`: along columns of the image.
    columns: Tensor<4>,
    /// `[1, 1, 2 * (width / 2 + 1), width]`: along rows.
    rows: Tensor<4>,
    /// `[1, 1, 3, 3]`
    colors: Tensor<4>,
}

impl FourierImage {
    /// Images of a size. `decay_power` is the power of the frequency that is divided by: 1 in the
    /// paper.
    ///
    /// # Errors
    ///
    /// [`ExplainError::Empty`] for a size of 0; [`ExplainError::Setting`] for a power that is no finite
    /// number.
    pub fn new(
        [height, width]: [usize; 2],
        decay_power: f32,
        device: &Device,
    ) -> Result<Self, ExplainError> {
        if height == 0 || width == 0 {
            return Err(ExplainError::Empty { found: [1, 3, height, width] });
        }
        if !decay_power.is_finite() {
            return SettingError::refuse("decay_power", decay_power, "a finite number");
        }
        let (h, w, half) = (height as f64, width as f64, width / 2 + 1);
        let scale = |row: usize, column: usize| {
            let row = row % height;
            let down = row.min(height - row) as f64 / h;
            let across = column as f64 / w;
            down.hypot(across).max(1.0 / h.max(w)).powf(-f64::from(decay_power))
        };
        // [real; imaginary] * e^(i angle), as a real matrix. Products are reduced before the cosine
        // is taken: large angles lose digits.
        let columns = |row: usize, column: usize| {
            let angle = TAU * ((row % height) * (column % height) % height) as f64 / h;
            match (row < height, column < height) {
                (true, true) | (false, false) => angle.cos(),
                (true, false) => -angle.sin(),
                (false, true) => angle.sin(),
            }
        };
        // The real part of the sum over all frequencies, of which one half mirrors the other.
        let rows = |row: usize, column: usize| {
            let frequency = row % half;
            let angle = TAU * (frequency * column % width) as f64 / w;
            let twice = if frequency == 0 || 2 * frequency == width { 1.0 } else { 2.0 };
            let wave = if row < half { angle.cos() } else { -angle.sin() };
            twice * wave / (h * w).sqrt()
        };
        let length = |column: usize| COLOR_CORRELATION.iter().map(move |row| row[column].powi(2));
        let longest = (0..3).map(|c| length(c).sum::<f64>().sqrt()).fold(0.0, f64::max);
        Ok(Self {
            height,
            width,
            scale: matrix([2 * height, half], scale, device),
            columns: matrix([2 * height, 2 * height], columns, device),
            rows: matrix([2 * half, width], rows, device),
            colors: matrix([3, 3], |row, column| COLOR_CORRELATION[row][column] / longest, device),
        })
    }

    /// Random spectra `[images, 3, 2 * height, width / 2 + 1]`, normal with a standard deviation: the
    /// real parts above the imaginary parts, a channel for each independent color.
    ///
    /// # Errors
    ///
    /// [`ExplainError::Empty`] for no image; [`ExplainError::Setting`] for a standard deviation below
    /// 0 or not finite.
    pub fn spectrum(
        &self,
        images: usize,
        standard_deviation: f32,
        seed: u64,
    ) -> Result<Tensor<4>, ExplainError> {
        if images == 0 {
            return Err(ExplainError::Empty { found: [0, 3, self.height, self.width] });
        }
        at_least_zero("standard_deviation", standard_deviation)?;
        let normal = Normal::new(0.0, standard_deviation).expect("it is finite");
        let shape = [3, 2 * self.height, self.width / 2 + 1];
        Ok(drawn(
            seed,
            Purpose::FeatureVisualization,
            0..images as u64,
            shape,
            normal,
            &self.scale.device(),
        ))
    }

    /// The waves' sum, before colors: `[n, 3, 2 * height, width / 2 + 1]` to `[n, 3, height, width]`,
    /// PyTorch's `irfft2(spectrum * scale, norm="ortho") / 4`.
    pub fn waves(&self, spectrum: Tensor<4>) -> Tensor<4> {
        let h = self.height;
        let columns = self.columns.clone().matmul(spectrum * self.scale.clone());
        let [real, imaginary] = [0..h, h..2 * h].map(|part| columns.clone().slice_dim(2, part));
        Tensor::cat(vec![real, imaginary], 3).matmul(self.rows.clone()).div_scalar(4.0)
    }

    /// The image of a spectrum, `[n, 3, height, width]` in `[0, 1]`; part of the graph.
    pub fn pixels(&self, spectrum: Tensor<4>) -> Pixels {
        let waves = self.waves(spectrum);
        let [n, c, h, w] = waves.dims();
        let colors = self.colors.clone().matmul(waves.reshape([n, 1, c, h * w]));
        Pixels::new(sigmoid(colors.reshape([n, c, h, w])))
    }
}
