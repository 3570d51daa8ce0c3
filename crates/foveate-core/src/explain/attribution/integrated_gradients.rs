//! Integrated gradients: Sundararajan et al., 2017; see [`IntegratedGradients`].

use std::f64::consts::PI;

use burn::tensor::{Tensor, TensorData};

use super::Attribution;
use crate::explain::baseline::Baseline;
use crate::explain::error::ExplainError;
use crate::explain::gradient::{scored, scores};
use crate::explain::model::{Model, checked, logits, values};
use crate::explain::target::Target;
use crate::setting::at_least;

/// `(x - b) * integral over alpha from 0 to 1 of d score / d x at b + alpha (x - b)`, from a baseline `b` to
/// the input `x`.
///
/// Equation 1 of Mukund Sundararajan, Ankur Taly, Qiqi Yan, *Axiomatic Attribution for Deep Networks*,
/// 2017, <https://arxiv.org/abs/1703.01365>.
#[derive(Debug, Clone)]
pub struct IntegratedGradients {
    /// Gradients taken along the way, at least 1 (2 for the trapezoidal rule).
    pub steps: usize,
    /// Where they are taken, and what they weigh.
    pub rule: Quadrature,
    /// What the input is compared with.
    pub baseline: Baseline,
    /// Steps that the model runs on at once; the result differs by rounding alone. (One forward pass over
    /// all images comes first: it finds their classes.)
    pub batch: usize,
}

/// A rule of numerical integration over `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quadrature {
    /// Gauss and Legendre's: exact for polynomials of a degree up to `2 steps - 1`.
    GaussLegendre,
    /// The start of each interval.
    RiemannLeft,
    /// The middle of each interval.
    RiemannMiddle,
    /// The end of each interval.
    RiemannRight,
    /// Both ends of each interval, as captum has it: with weights `1 / steps`, halved at the ends, at
    /// `steps` places from 0 to 1, so that the sum falls short by `1 / steps`.
    RiemannTrapezoid,
}

impl Default for IntegratedGradients {
    /// As captum: 50 steps by Gauss and Legendre from 0; 8 inputs at once.
    fn default() -> Self {
        Self {
            steps: 50,
            rule: Quadrature::GaussLegendre,
            baseline: Baseline::Constant(0.0),
            batch: 8,
        }
    }
}

impl IntegratedGradients {
    /// The attribution, and for each image how far its sum is from `score(x) - score(b)`, which it
    /// equals but for the rule's error (completeness, proposition 1 of the paper).
    ///
    /// # Errors
    ///
    /// As [`Attribution::attribute`].
    pub fn attribute_with_delta<M: Model + ?Sized>(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<(Tensor<4>, Vec<f32>), ExplainError> {
        let input = checked(model, input)?;
        let baseline = self.baseline.of(model, &input)?;
        let fixed = target.fixed(&logits(model, input.clone())?)?;
        let map = self.attribute(model, &input, &fixed)?;
        let ends = scores(model, input, &fixed)? - scores(model, baseline, &fixed)?;
        let sums = map.clone().flatten::<2>(1, 3).sum_dim(1).squeeze_dim::<1>(1);
        Ok((map, values(&(sums - ends))))
    }
}

impl<M: Model + ?Sized> Attribution<M> for IntegratedGradients {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let least = if self.rule == Quadrature::RiemannTrapezoid { 2 } else { 1 };
        at_least("steps", self.steps, least)?;
        at_least("batch", self.batch, 1)?;
        let input = checked(model, input)?;
        let [n, ..] = input.dims();
        let target = target.fixed(&logits(model, input.clone())?)?;
        let difference = input.clone() - self.baseline.of(model, &input)?;
        let places = self.rule.places(self.steps);
        let column = |part: &[[f64; 2]], i: usize| {
            let values: Vec<f32> = part.iter().map(|place| place[i] as f32).collect();
            let shape = [part.len(), 1, 1, 1];
            Tensor::<4>::from_data(TensorData::new(values, shape), &input.device())
        };

        let mut maps = Vec::new();
        for i in 0..n {
            let [x, difference] = [&input, &difference].map(|t| t.clone().narrow(0, i, 1));
            let mut mean = x.zeros_like();
            for part in places.chunks(self.batch) {
                // b + alpha (x - b), counted from x.
                let way = x.clone() - difference.clone() * (1.0 - column(part, 0));
                let target = target.of(std::iter::repeat_n(i, part.len()));
                let gradients = scored(model, &way, &target)?.gradient;
                mean = mean + (gradients * column(part, 1)).sum_dim(0);
            }
            maps.push(mean * difference);
        }
        Ok(Tensor::cat(maps, 0))
    }
}

impl Quadrature {
    /// Places in `[0, 1]` with their weights.
    fn places(self, steps: usize) -> Vec<[f64; 2]> {
        let n = steps as f64;
        let riemann = |shift: f64| move |i: usize| [(i as f64 + shift) / n, 1.0 / n];
        match self {
            Self::GaussLegendre => gauss_legendre(steps),
            Self::RiemannLeft => (0..steps).map(riemann(0.0)).collect(),
            Self::RiemannMiddle => (0..steps).map(riemann(0.5)).collect(),
            Self::RiemannRight => (0..steps).map(riemann(1.0)).collect(),
            Self::RiemannTrapezoid => {
                let weight = |i| if i == 0 || i == steps - 1 { 0.5 / n } else { 1.0 / n };
                (0..steps).map(|i| [i as f64 / (n - 1.0), weight(i)]).collect()
            }
        }
    }
}

/// The roots `x` of the Legendre polynomial of degree `n`, by Newton's method, and the weights
/// `2 / ((1 - x^2) P_n'(x)^2)` (Abramowitz, Stegun, 25.4.29), moved from `[-1, 1]` to `[0, 1]`.
fn gauss_legendre(n: usize) -> Vec<[f64; 2]> {
    let root = |i: usize| {
        let mut x = -(PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        loop {
            // P_n and P_(n - 1) by their recurrence.
            let (mut p, mut before) = (x, 1.0);
            for k in 2..=n {
                let k = k as f64;
                (p, before) = (((2.0 * k - 1.0) * x * p - (k - 1.0) * before) / k, p);
            }
            let slope = n as f64 * (x * p - before) / (x * x - 1.0);
            let step = p / slope;
            x -= step;
            if step.abs() < 1e-15 {
                return [(1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope)];
            }
        }
    };
    (0..n).map(root).collect()
}

#[cfg(test)]
mod tests {
    use super::Quadrature;

    #[test]
    fn gauss_and_legendre_integrate_polynomials() {
        for n in [1, 2, 5, 20, 50, 151] {
            let places = Quadrature::GaussLegendre.places(n);
            for degree in [0, 1, 2 * n as i32 - 1] {
                let sum: f64 = places.iter().map(|[x, weight]| weight * x.powi(degree)).sum();
                let exact = 1.0 / f64::from(degree + 1);
                assert!((sum - exact).abs() < 1e-13, "n {n}, x^{degree}: {sum} and {exact}");
            }
        }
    }
}
