//! Sensitivity; see [`sensitivity_max`].

use burn::tensor::Tensor;
use rand_distr::Uniform;

use super::checked_map;
use super::infidelity::fixed;
use crate::SettingError;
use crate::explain::attribution::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::model::{Model, checked};
use crate::explain::noise::{Purpose, drawn};
use crate::explain::target::Target;
use crate::setting::{at_least, positive};

/// [`sensitivity_max`] over inputs with noise that is uniform in `[-radius, radius]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SensitivityMax {
    /// Largest change of a value of the input; positive.
    pub radius: f32,
    /// Inputs with noise, for each image.
    pub samples: usize,
    /// Seed of the noise.
    pub seed: u64,
}

/// captum's.
impl Default for SensitivityMax {
    fn default() -> Self {
        Self { radius: 0.02, samples: 10, seed: 0 }
    }
}

impl SensitivityMax {
    /// The sensitivity of a method, for each image.
    ///
    /// # Errors
    ///
    /// As [`Attribution::attribute`].
    pub fn measure<M: Model + ?Sized>(
        &self,
        method: &(impl Attribution<M> + ?Sized),
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Vec<f32>, ExplainError> {
        at_least("samples", self.samples, 1)?;
        positive("radius", self.radius)?;
        let input = checked(model, input)?;
        let [n, c, h, w] = input.dims();
        let samples = (0..self.samples).map(|sample| {
            let places = (0..n).map(|image| (image * self.samples + sample) as u64);
            let radius = self.radius.min(f32::MAX / 4.0);
            let uniform = Uniform::new_inclusive(-radius, radius);
            let uniform = uniform.expect("the radius is finite and positive");
            let noise =
                drawn(self.seed, Purpose::Sensitivity, places, [c, h, w], uniform, &input.device());
            input.clone() + noise
        });
        sensitivity_max(method, model, &input, target, samples)
    }
}

/// The largest change of a map, `|map(perturbed) - map(input)| / |map(input)|` in the 2-norm, over
/// given copies of the input that are perturbed a little, each of its shape; for each image. A map
/// that is 0 is not divided by. [`Target::Predicted`] is the class found for the input.
///
/// Chih-Kuan Yeh, Cheng-Yu Hsieh, Arun Sai Suggala, David I. Inouye, Pradeep Ravikumar, *On the
/// (In)fidelity and Sensitivity of Explanations*, 2019, <https://arxiv.org/abs/1901.09392>, section 4;
/// relative to the map, as in captum.
///
/// # Errors
///
/// As [`Attribution::attribute`], and [`ExplainError::Setting`] for a copy of another shape.
pub fn sensitivity_max<M: Model + ?Sized>(
    method: &(impl Attribution<M> + ?Sized),
    model: &M,
    input: &Tensor<4>,
    target: &Target,
    perturbed: impl IntoIterator<Item = Tensor<4>>,
) -> Result<Vec<f32>, ExplainError> {
    let (input, target, _) = fixed(model, input, target)?;
    let n = input.dims()[0];
    let map = method.attribute(model, &input, &target)?;
    let map = checked_map(&map, map.dims(), false)?;
    let size = map.len() / n;
    let norm = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
    };
    let mut largest = vec![0.0f32; n];
    for perturbed in perturbed {
        if perturbed.dims() != input.dims() {
            let found = format!("{:?}", perturbed.dims());
            let expected = format!("the input's, {:?}", input.dims());
            return SettingError::refuse("the shape of a perturbed input", found, expected);
        }
        let other = method.attribute(model, &perturbed, &target)?;
        let other = checked_map(&other, other.dims(), false)?;
        let pairs = map.chunks_exact(size).zip(other.chunks_exact(size));
        for (largest, (map, other)) in largest.iter_mut().zip(pairs) {
            let change = norm(&mut map.iter().zip(other).map(|(a, b)| a - b));
            let whole = norm(&mut map.iter().copied());
            *largest = largest.max((change / if whole == 0.0 { 1.0 } else { whole }) as f32);
        }
    }
    Ok(largest)
}
