//! SmoothGrad and its kin; see [`SmoothGrad`] and [`Statistic`].

use std::iter::repeat_n;

use burn::tensor::Tensor;
use rand_distr::Normal;

use super::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::model::{Model, checked, logits};
use crate::explain::noise::{Purpose, drawn};
use crate::explain::target::Target;
use crate::setting::{at_least, at_least_zero};

/// A method on noisy copies of the input, taken together.
///
/// Daniel Smilkov et al., *SmoothGrad: removing noise by adding noise*, 2017,
/// <https://arxiv.org/abs/1706.03825>; its relatives are named in [`Statistic`].
#[derive(Debug, Clone)]
pub struct SmoothGrad<A> {
    /// The method.
    pub method: A,
    /// Copies of each image, at least 1.
    pub samples: usize,
    /// Standard deviation of the normal noise, in the input's unit; at least 0. The paper finds 10 to
    /// 20 % of the range of the pixels best.
    pub sigma: f32,
    /// How the copies' maps become one.
    pub statistic: Statistic,
    /// Copies of a single image that the method runs on at once; the result differs by rounding alone.
    /// Several images run together, one copy of each at a time.
    pub batch: usize,
    /// The same seed gives the same noise, on every device.
    pub seed: u64,
}

/// Of the maps of noisy copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistic {
    /// SmoothGrad: the mean.
    Mean,
    /// SmoothGrad squared: the mean of the squares. Sara Hooker et al., *A Benchmark for Interpretability
    /// Methods in Deep Neural Networks*, 2019, <https://arxiv.org/abs/1806.10758>.
    MeanSquare,
    /// VarGrad: the variance, `mean((m - mean(m))^2)`, of one copy 0. Julius Adebayo et al., *Local Explanation Methods
    /// for Deep Neural Networks Lack Sensitivity to Parameter Values*, 2018,
    /// <https://arxiv.org/abs/1810.03307>.
    Variance,
}

impl<A> SmoothGrad<A> {
    /// The mean of 50 copies, noise of 0.15, 8 copies at once.
    pub fn new(method: A) -> Self {
        Self { method, samples: 50, sigma: 0.15, statistic: Statistic::Mean, batch: 8, seed: 0 }
    }
}

impl<M: Model + ?Sized, A: Attribution<M>> Attribution<M> for SmoothGrad<A> {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        at_least("samples", self.samples, 1)?;
        at_least("batch", self.batch, 1)?;
        at_least_zero("sigma", self.sigma)?;
        let noise = Normal::new(0.0, self.sigma).expect("sigma is finite");
        let input = checked(model, input)?;
        let [n, c, h, w] = input.dims();
        let target = target.fixed(&logits(model, input.clone())?)?;

        // Copies of one image run side by side; of several images, one copy of each: what a method
        // holds for each image, a baseline, then meets its own.
        let at_once = if n == 1 { self.batch } else { 1 };
        let (mut mean, mut spread) = (input.zeros_like(), input.zeros_like());
        for first in (0..self.samples).step_by(at_once) {
            let count = at_once.min(self.samples - first);
            let places = (0..n).flat_map(|i| (0..count).map(move |k| i * self.samples + first + k));
            let places = places.map(|place| place as u64);
            let noise =
                drawn(self.seed, Purpose::SmoothGrad, places, [c, h, w], noise, &input.device());
            let target = target.of((0..n).flat_map(|i| repeat_n(i, count)));
            let maps = self.method.attribute(model, &(input.clone() + noise), &target)?;
            // The mean of the copies so far moves towards these: more exact than a long sum.
            let share = count as f32 / (first + count) as f32;
            let of_these = |maps: Tensor<4>| if n == 1 { maps.mean_dim(0) } else { maps };
            let moved = |mean: Tensor<4>, these: Tensor<4>| {
                if first == 0 { these } else { mean.clone() + (these - mean) * share }
            };
            let these = of_these(maps.clone());
            match self.statistic {
                Statistic::Mean => {}
                Statistic::MeanSquare => spread = moved(spread, of_these(maps.powi_scalar(2))),
                Statistic::Variance => {
                    // Welford's update, of several copies at once (Chan, Golub, LeVeque): a difference of
                    // large squares would lose a variance that is small beside the mean.
                    let inner = of_these((maps - these.clone()).powi_scalar(2));
                    let between = (these.clone() - mean.clone()).powi_scalar(2);
                    spread = match first {
                        0 => inner,
                        _ => moved(spread, inner) + between * (share * (1.0 - share)),
                    };
                }
            }
            mean = moved(mean, these);
        }
        Ok(match self.statistic {
            Statistic::Mean => mean,
            Statistic::MeanSquare | Statistic::Variance => spread,
        })
    }
}
