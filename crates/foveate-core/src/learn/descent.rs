//! Dual coordinate descent for the linear support vector machine with the squared hinge: algorithm 3 of Hsieh et
//! al., 2008 (see [`LinearSvc`](super::LinearSvc)).
//!
//! Where there are no more rows than columns, the descent keeps the rows' scores `K (α y)` in place of the
//! weights `Xᵀ (α y)`, with `K = X Xᵀ`: the same steps, each of one row of `K` instead of one row of `X`.

use faer::traits::pulp::Arch;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::features::Features;

/// How the search for one class went.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SvcReport {
    /// Passes over the rows.
    pub iterations: usize,
    /// What is minimized, less the dual problem's value: an upper bound of what is left to gain.
    pub duality_gap: f64,
    /// The tolerance was reached before `max_iterations`.
    pub converged: bool,
}

/// The hyperplane during the descent. The bias is the weight of one more feature that is always 1.
pub(super) trait Hyperplane {
    /// `x x + 1`.
    fn square(&self, row: usize) -> f64;
    /// `w x + b`.
    fn score(&self, row: usize) -> f64;
    /// `w += by x`, `b += by`.
    fn step(&mut self, row: usize, by: f64);
}

/// The hyperplane by its scores of all rows.
pub(super) struct Scores<'a> {
    gram: &'a [f64],
    values: Vec<f64>,
    /// The processor's vector units.
    arch: Arch,
}

impl<'a> Scores<'a> {
    /// The hyperplane of no weights; inner products `[rows, rows]`.
    pub(super) fn new(gram: &'a [f64], rows: usize) -> Self {
        Self { gram, values: vec![0.0; rows], arch: Arch::new() }
    }

    /// `w x + b` of all rows.
    pub(super) fn into_values(self) -> Vec<f64> {
        self.values
    }
}

impl Hyperplane for Scores<'_> {
    fn square(&self, row: usize) -> f64 {
        self.gram[row * self.values.len() + row] + 1.0
    }

    fn score(&self, row: usize) -> f64 {
        self.values[row]
    }

    fn step(&mut self, row: usize, by: f64) {
        let rows = self.values.len();
        let products = &self.gram[row * rows..(row + 1) * rows];
        self.arch.dispatch(|| {
            self.values.iter_mut().zip(products).for_each(|(score, k)| *score += by * (k + 1.0));
        });
    }
}

/// The hyperplane by its weights.
pub(super) struct Weights<'a> {
    features: &'a Features,
    weights: Vec<f64>,
    bias: f64,
}

impl<'a> Weights<'a> {
    /// The hyperplane of no weights.
    pub(super) fn new(features: &'a Features) -> Self {
        Self { features, weights: vec![0.0; features.columns()], bias: 0.0 }
    }
}

impl Hyperplane for Weights<'_> {
    fn square(&self, row: usize) -> f64 {
        let row = self.features.row(row);
        row.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>() + 1.0
    }

    fn score(&self, row: usize) -> f64 {
        // Eight sums side by side, for the vector unit.
        let mut sums = [0.0; 8];
        let row = self.features.row(row).chunks(8);
        for (weights, values) in self.weights.chunks(8).zip(row) {
            let products = weights.iter().zip(values).map(|(w, &x)| w * f64::from(x));
            sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
        sums.iter().sum::<f64>() + self.bias
    }

    fn step(&mut self, row: usize, by: f64) {
        let row = self.features.row(row);
        self.weights.iter_mut().zip(row).for_each(|(w, &x)| *w += by * f64::from(x));
        self.bias += by;
    }
}

/// The descent's settings: those of [`LinearSvc`](super::LinearSvc).
pub(super) struct Descent {
    pub c: f64,
    pub tolerance: f64,
    pub max_iterations: usize,
    pub seed: u64,
}

impl Descent {
    /// From 0: `α y` of each row, and how it went.
    pub(super) fn run(
        &self,
        plane: &mut impl Hyperplane,
        rows: &[usize],
        signs: &[f64],
    ) -> (Vec<f64>, SvcReport) {
        let diagonal = 0.5 / self.c;
        let squares: Vec<f64> = rows.iter().map(|&row| plane.square(row) + diagonal).collect();
        let mut alpha = vec![0.0; rows.len()];
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut active = order.len();
        let mut shrink_above = f64::INFINITY;
        let (mut iterations, mut converged) = (0, false);
        while iterations < self.max_iterations && !converged {
            (0..active).for_each(|at| order.swap(at, random.random_range(at..active)));
            let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
            let mut at = 0;
            while at < active {
                let i = order[at];
                let gradient = signs[i] * plane.score(rows[i]) - 1.0 + diagonal * alpha[i];
                if alpha[i] == 0.0 && gradient > shrink_above {
                    // Will stay at 0: out of the way until the others are done.
                    active -= 1;
                    order.swap(at, active);
                    continue;
                }
                let projected = if alpha[i] == 0.0 { gradient.min(0.0) } else { gradient };
                (highest, lowest) = (projected.max(highest), projected.min(lowest));
                if projected.abs() > 1e-12 {
                    let before = alpha[i];
                    alpha[i] = (before - gradient / squares[i]).max(0.0);
                    plane.step(rows[i], (alpha[i] - before) * signs[i]);
                }
                at += 1;
            }
            iterations += 1;
            shrink_above = if highest > 0.0 { highest } else { f64::INFINITY };
            if highest - lowest <= self.tolerance {
                converged = active == order.len();
                active = order.len();
                shrink_above = f64::INFINITY;
            }
        }
        let mut duality_gap = 0.0;
        for ((&row, sign), alpha) in rows.iter().zip(signs).zip(&alpha) {
            let margin = sign * plane.score(row);
            let loss = self.c * (1.0 - margin).max(0.0).powi(2);
            // ‖w‖² + b² = Σ α margin, half of it in each of the two problems.
            duality_gap += alpha * (margin - 1.0) + loss + 0.5 * diagonal * alpha * alpha;
        }
        let coefficients = alpha.iter().zip(signs).map(|(alpha, sign)| alpha * sign).collect();
        (coefficients, SvcReport { iterations, duality_gap, converged })
    }
}
