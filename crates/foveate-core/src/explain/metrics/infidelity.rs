//! Infidelity; see [`infidelity`].

use burn::tensor::Tensor;
use rand_distr::Normal;

use super::checked_map;
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::gradient::scores;
use crate::explain::model::{Model, checked, logits, values};
use crate::explain::noise::{Purpose, drawn};
use crate::explain::target::Target;
use crate::setting::{at_least, positive};

/// [`infidelity`] to Gaussian noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Infidelity {
    /// Standard deviation of the noise; positive.
    pub sigma: f32,
    /// Perturbations of each image.
    pub samples: usize,
    /// Whether the map is scaled to fit best, so that only its pattern counts.
    pub normalize: bool,
    /// Seed of the noise.
    pub seed: u64,
}

/// captum's, and the noise of its example.
impl Default for Infidelity {
    fn default() -> Self {
        Self { sigma: 0.003, samples: 10, normalize: false, seed: 0 }
    }
}

impl Infidelity {
    /// The infidelity of a map, for each image.
    ///
    /// # Errors
    ///
    /// As [`infidelity`].
    pub fn measure<M: Model + ?Sized>(
        &self,
        model: &M,
        map: &Tensor<4>,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Vec<f32>, ExplainError> {
        positive("sigma", self.sigma)?;
        let normal = Normal::new(0.0, self.sigma).expect("sigma is finite");
        let [n, c, h, w] = input.dims();
        let device = input.device().inner();
        let perturbations = (0..self.samples).map(|sample| {
            let places = (0..n).map(|image| (image * self.samples + sample) as u64);
            drawn(self.seed, Purpose::Infidelity, places, [c, h, w], normal, &device)
        });
        infidelity(model, map, input, target, perturbations, self.normalize)
    }
}

/// The mean of `(sum(perturbation * map) - (score(input) - score(input - perturbation)))^2` over given
/// perturbations, each of the input's shape; for each image. The map is of that shape, too.
///
/// Chih-Kuan Yeh, Cheng-Yu Hsieh, Arun Sai Suggala, David I. Inouye, Pradeep Ravikumar, *On the
/// (In)fidelity and Sensitivity of Explanations*, 2019, <https://arxiv.org/abs/1901.09392>, section 2.
///
/// With `normalize`, the map is multiplied by the number (for each image) that makes this least;
/// of a map that the perturbations do not touch by 0.
///
/// # Errors
///
/// As [`Attribution::attribute`](crate::explain::Attribution::attribute);
/// [`ExplainError::MapShape`], [`ExplainError::MapNotFinite`]; [`ExplainError::Setting`]: no
/// perturbation, or one of another shape.
pub fn infidelity<M: Model + ?Sized>(
    model: &M,
    map: &Tensor<4>,
    input: &Tensor<4>,
    target: &Target,
    perturbations: impl IntoIterator<Item = Tensor<4>>,
    normalize: bool,
) -> Result<Vec<f32>, ExplainError> {
    let (input, target, whole) = fixed(model, input, target)?;
    let shape @ [n, c, h, w] = input.dims();
    let map = checked_map(map, shape, false)?;
    // For each image, over the perturbations: sums of a^2, a b and b^2.
    let mut sums = vec![[0f64; 3]; n];
    let mut count: usize = 0;
    for perturbation in perturbations {
        if perturbation.dims() != shape {
            let found = format!("{:?}", perturbation.dims());
            let expected = format!("the input's, {shape:?}");
            return SettingError::refuse("the shape of a perturbation", found, expected);
        }
        let perturbation = perturbation.inner();
        let others = values(&scores(model, input.clone() - perturbation.clone(), &target)?);
        let products = map.iter().zip(values(&perturbation));
        let products: Vec<f64> = products.map(|(&a, b)| f64::from(a) * f64::from(b)).collect();
        for (i, product) in products.chunks_exact(c * h * w).enumerate() {
            let (a, b) = (product.iter().sum::<f64>(), f64::from(whole[i] - others[i]));
            sums[i] = [sums[i][0] + a * a, sums[i][1] + a * b, sums[i][2] + b * b];
        }
        count += 1;
    }
    at_least("the number of perturbations", count, 1)?;
    let infidelity = |[aa, ab, bb]: [f64; 3]| {
        let scale = match normalize {
            true if aa == 0.0 => 0.0,
            true => ab / aa,
            false => 1.0,
        };
        // Rounding may fall below 0.
        ((scale * scale * aa - 2.0 * scale * ab + bb).max(0.0) / count as f64) as f32
    };
    Ok(sums.into_iter().map(infidelity).collect())
}

/// The checked input, the target fixed by its logits, and its scores.
pub(super) fn fixed<M: Model + ?Sized>(
    model: &M,
    input: &Tensor<4>,
    target: &Target,
) -> Result<(Tensor<4>, Target, Vec<f32>), ExplainError> {
    let input = checked(model, input)?;
    let logits = logits(model, input.clone())?;
    let target = target.fixed(&logits)?;
    let scores = values(&target.scores(logits)?);
    Ok((input, target, scores))
}
