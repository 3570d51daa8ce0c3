//! [`LogisticRegression`]: the multinomial logistic regression of scikit-learn, by L-BFGS.
//!
//! Where there are no more rows than columns, the search runs over the coefficients `B` of the weights
//! `W = Xᵀ B` (gradients lie in the rows' span), with the inner product of weights,
//! `⟨A, B⟩ = Σ A ∘ (K B)`, `K = X Xᵀ`: the same steps, at a cost that does not grow with the columns.
//!
//! Not linfa-logistic 0.8.1: by its source, it takes its log-sum-exp about the largest score of all
//! rows, and loses those whose scores lie 35 below.

use std::collections::VecDeque;

use super::error::LearnError;
use super::features::Features;
use super::linear::{LinearClassifier, learnable};
use super::linear_svc::SvcProblem;
use super::products::{combine, gram, images, project};
use crate::setting::{at_least, positive};

/// Steps that L-BFGS remembers: scipy's number.
const MEMORY: usize = 10;

/// Multinomial logistic regression: minimizes `c Σ log-loss + ½ ‖W‖²`; the biases are not penalized.
///
/// Two classes are scikit-learn's binary problem: the difference of the two scores is its score.
///
/// By L-BFGS: D. C. Liu, J. Nocedal, *On the Limited Memory BFGS Method for Large Scale Optimization*,
/// Mathematical Programming 45, 1989, <https://doi.org/10.1007/BF01589116>, algorithm 2.1. Deviation: the line
/// search halves or doubles towards the weak Wolfe conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    /// What the loss counts against long weights; above 0.
    pub c: f64,
    /// Stops when the gradient, divided by `c rows`, is no longer than this (Euclidean, over all
    /// weights and biases); above 0.
    pub tolerance: f64,
    /// Steps at most; above 0.
    pub max_iterations: usize,
}

impl Default for LogisticRegression {
    /// c 1, tolerance 1e-4 as scikit-learn; 1000 steps at most (there 100, which often are too few).
    fn default() -> Self {
        Self { c: 1.0, tolerance: 1e-4, max_iterations: 1000 }
    }
}

/// What [`LogisticRegression`] has learned, and how.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogisticFit {
    /// The classifier; the softmax of its scores are the probabilities.
    pub classifier: LinearClassifier,
    /// Steps taken.
    pub iterations: usize,
    /// The tolerance was reached. If not: raise `max_iterations`, or normalize the features.
    pub converged: bool,
}

impl LogisticRegression {
    /// Learns from one label below `classes` a row.
    ///
    /// # Errors
    ///
    /// [`LearnError::Setting`], [`Labels`](LearnError::Labels), [`Label`](LearnError::Label),
    /// [`Sparse`](LearnError::Sparse), [`OneClass`](LearnError::OneClass),
    /// [`NotFinite`](LearnError::NotFinite).
    pub fn fit(
        &self,
        features: &Features,
        labels: &[usize],
        classes: usize,
    ) -> Result<LogisticFit, LearnError> {
        positive("c", self.c)?;
        positive("tolerance", self.tolerance)?;
        at_least("max_iterations", self.max_iterations, 1)?;
        learnable(features, labels, classes)?;
        let rows = features.rows();
        let pairs = rows <= features.columns().min(SvcProblem::GRAM_ROWS);
        let gram = pairs.then(|| gram(features));
        // Two weights of half the length, one the other's negative, are penalized half as much as
        // the one of the binary problem.
        let c = if classes == 2 { self.c / 2.0 } else { self.c };
        let problem = Problem { features, gram, labels, classes, c };
        let tolerance = self.tolerance * c * rows as f64;
        let (point, iterations, converged) = problem.minimize(tolerance, self.max_iterations);
        let (weights, bias) = point.free.split_at(point.free.len() - classes);
        let weights = match problem.gram {
            None => weights.to_vec(),
            Some(_) => problem.combined(weights),
        };
        let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
        let classifier = LinearClassifier::new(single(&weights), single(bias));
        Ok(LogisticFit { classifier, iterations, converged })
    }
}

/// A point, a step or a gradient.
#[derive(Clone)]
struct Vector {
    /// What is searched for: weights `[classes, columns]`, or with the Gram matrix coefficients
    /// `[rows, classes]`; and the biases at the end.
    free: Vec<f64>,
    /// With the Gram matrix: its product with the coefficients; and the biases.
    image: Option<Vec<f64>>,
}

impl Vector {
    fn dual(&self) -> &[f64] {
        self.image.as_ref().unwrap_or(&self.free)
    }

    /// The inner product of the weights and biases that the two stand for.
    fn inner(&self, other: &Self) -> f64 {
        dot(&self.free, other.dual())
    }

    /// `self += by other`.
    fn add(&mut self, by: f64, other: &Self) {
        let add = |to: &mut Vec<f64>, from: &[f64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += by * from);
        };
        add(&mut self.free, &other.free);
        if let Some(image) = &mut self.image {
            add(image, other.dual());
        }
    }

    /// Its Euclidean length. Rounding may leave a square a little below 0.
    fn length(&self) -> f64 {
        let square = self.inner(self);
        if square < 0.0 { 0.0 } else { square.sqrt() }
    }

    fn scale(&mut self, by: f64) {
        let all = self.free.iter_mut().chain(self.image.iter_mut().flatten());
        all.for_each(|value| *value *= by);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Eight sums side by side, for the vector unit.
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum()
}

struct Problem<'a> {
    features: &'a Features,
    gram: Option<Vec<f64>>,
    labels: &'a [usize],
    classes: usize,
    c: f64,
}

impl Problem<'_> {
    /// Weights `[classes, columns]` of coefficients `[rows, classes]`.
    fn combined(&self, coefficients: &[f64]) -> Vec<f64> {
        let rows: Vec<usize> = (0..self.features.rows()).collect();
        let of_class = |class| coefficients.iter().skip(class).step_by(self.classes).copied();
        let transposed: Vec<f64> = (0..self.classes).flat_map(of_class).collect();
        combine(self.features, &rows, &transposed)
    }

    fn zero(&self) -> Vector {
        let side = if self.gram.is_some() { self.features.rows() } else { self.features.columns() };
        let free = vec![0.0; (side + 1) * self.classes];
        let image = self.gram.is_some().then(|| free.clone());
        Vector { free, image }
    }

    /// What is minimized, and its gradient.
    fn evaluate(&self, point: &Vector) -> (f64, Vector) {
        let end = point.free.len() - self.classes;
        let ((weights, bias), dual) = (point.free.split_at(end), &point.dual()[..end]);
        // Scores, in whose place the loss's derivatives come.
        let mut residual = match self.gram {
            Some(_) => dual.to_vec(),
            None => project(self.features, weights),
        };
        let mut value = 0.5 * dot(weights, dual);
        let mut of_bias = vec![0.0; self.classes];
        for (row, &label) in residual.chunks_exact_mut(self.classes).zip(self.labels) {
            row.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
            let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own = row[label] - highest;
            row.iter_mut().for_each(|score| *score = (*score - highest).exp());
            let sum: f64 = row.iter().sum();
            value += self.c * (sum.ln() - own);
            row.iter_mut().for_each(|score| *score *= self.c / sum);
            row[label] -= self.c;
            of_bias.iter_mut().zip(row).for_each(|(sum, residual)| *sum += *residual);
        }
        let mut gradient = match &self.gram {
            Some(gram) => {
                let image = images(gram, &residual, self.classes);
                Vector { free: residual, image: Some(image) }
            }
            None => Vector { free: self.combined(&residual), image: None },
        };
        gradient.free.resize(point.free.len(), 0.0);
        gradient.image.iter_mut().for_each(|image| image.resize(end + self.classes, 0.0));
        // The penalty's part. The biases have none: theirs is overwritten.
        gradient.add(1.0, point);
        gradient.free[end..].copy_from_slice(&of_bias);
        gradient.image.iter_mut().for_each(|image| image[end..].copy_from_slice(&of_bias));
        (value, gradient)
    }

    /// L-BFGS from 0: the point found, the steps taken, whether its gradient is within tolerance.
    fn minimize(&self, tolerance: f64, max_iterations: usize) -> (Vector, usize, bool) {
        let mut point = self.zero();
        let (mut value, mut gradient) = self.evaluate(&point);
        let mut memory: VecDeque<(Vector, Vector, f64)> = VecDeque::new();
        for iteration in 0..max_iterations {
            let length = gradient.length();
            if length <= tolerance {
                return (point, iteration, true);
            }
            let direction = direction(&gradient, &memory);
            // The first step knows no scale yet.
            let first = if memory.is_empty() { (1.0 / length).min(1.0) } else { 1.0 };
            let Some(found) = self.search(&point, value, &gradient, &direction, first) else {
                return (point, iteration, false);
            };
            let (next, next_value, next_gradient) = found;
            let (mut step, mut change) = (next.clone(), next_gradient.clone());
            step.add(-1.0, &point);
            change.add(-1.0, &gradient);
            let curvature = step.inner(&change);
            if curvature > 0.0 {
                memory.push_back((step, change, curvature));
                if memory.len() > MEMORY {
                    memory.pop_front();
                }
            }
            (point, value, gradient) = (next, next_value, next_gradient);
        }
        let converged = gradient.length() <= tolerance;
        (point, max_iterations, converged)
    }

    /// A step along the direction that meets the weak Wolfe conditions, by bisection.
    fn search(
        &self,
        point: &Vector,
        value: f64,
        gradient: &Vector,
        direction: &Vector,
        first: f64,
    ) -> Option<(Vector, f64, Vector)> {
        let slope = gradient.inner(direction);
        let (mut low, mut high, mut length) = (0.0, f64::INFINITY, first);
        for _ in 0..60 {
            let mut next = point.clone();
            next.add(length, direction);
            let (found, next_gradient) = self.evaluate(&next);
            // Near the optimum the decrease drowns in rounding.
            let rounding = 1e-14 * value.abs();
            if found > value + 1e-4 * length * slope + rounding || !found.is_finite() {
                high = length;
            } else if next_gradient.inner(direction) < 0.9 * slope {
                low = length;
            } else {
                return Some((next, found, next_gradient));
            }
            length = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * low };
        }
        None
    }
}

/// The two loops over the remembered steps: minus the inverse Hessian's estimate times the gradient.
fn direction(gradient: &Vector, memory: &VecDeque<(Vector, Vector, f64)>) -> Vector {
    let mut direction = gradient.clone();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change, curvature) in memory.iter().rev() {
        let share = step.inner(&direction) / curvature;
        direction.add(-share, change);
        shares.push(share);
    }
    if let Some((_, change, curvature)) = memory.back() {
        direction.scale(curvature / change.inner(change));
    }
    for ((step, change, curvature), share) in memory.iter().zip(shares.into_iter().rev()) {
        let other = change.inner(&direction) / curvature;
        direction.add(share - other, step);
    }
    direction.scale(-1.0);
    direction
}
