//! [`LinearSvc`]: the linear support vector machine of scikit-learn's `LinearSVC`.
//!
//! One dual problem a class, solved by the coordinate descent of [`super::descent`]. Where there are
//! no more rows than columns, all classes, all values of C and all folds of a cross-validation share
//! the inner products of all pairs of rows.

use rayon::prelude::*;

pub use super::descent::SvcReport;
use super::descent::{Descent, Scores, Weights};
use super::error::LearnError;
use super::features::Features;
use super::folds::{CrossValidation, Fold};
use super::linear::{LinearClassifier, finite, labeled};
use super::products::{combine, gram};
use crate::setting::{at_least, positive};
use crate::values::argmax;

/// One-vs-rest linear support vector machine with the squared hinge.
///
/// For each class, with `y = 1` in its rows and `-1` in all others, it minimizes
/// `½ (‖w‖² + b²) + c Σ max(0, 1 - y (w x + b))²`. The bias is penalized, as in scikit-learn's
/// `LinearSVC` with its defaults (`loss="squared_hinge"`, `penalty="l2"`, `intercept_scaling=1`) and
/// `dual=True`, which is its choice where there are fewer rows than columns.
///
/// C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi, S. Sundararajan, *A Dual Coordinate Descent Method for
/// Large-scale Linear SVM*, ICML 2008, <https://doi.org/10.1145/1390156.1390208>, algorithm 3 (with shrinking), as
/// liblinear runs it. Deviation: where there are no more rows than columns, the descent keeps the rows' scores in
/// place of the weights: the same steps, at a cost that does not grow with the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearSvc {
    /// What an error costs against a long `w`; above 0.
    pub c: f64,
    /// A class is done when the projected gradients of its dual problem span no more than this.
    /// The duality gap is then near or below `2 c rows tolerance²`. Above 0.
    pub tolerance: f64,
    /// Passes over the rows at most, for each class; above 0.
    pub max_iterations: usize,
    /// For the order in which rows are visited.
    pub seed: u64,
}

impl Default for LinearSvc {
    /// scikit-learn's: c 1, tolerance 1e-4, 1000 iterations at most.
    fn default() -> Self {
        Self { c: 1.0, tolerance: 1e-4, max_iterations: 1000, seed: 0 }
    }
}

/// What [`LinearSvc`] has learned, and how.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SvcFit {
    /// The classifier that was learned.
    pub classifier: LinearClassifier,
    /// One report a class.
    pub reports: Vec<SvcReport>,
}

impl SvcFit {
    /// All classes reached the tolerance. If not: raise `max_iterations`, or lower `c`.
    pub fn converged(&self) -> bool {
        self.reports.iter().all(|report| report.converged)
    }
}

impl LinearSvc {
    /// Learns from one label below `classes` a row. Two classes get rows of weights that are each
    /// other's negative. Several fits on the same features: see [`SvcProblem`].
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
    ) -> Result<SvcFit, LearnError> {
        self.validate()?;
        labeled(features, 0..features.rows(), labels, classes)?;
        let rows: Vec<usize> = (0..features.rows()).collect();
        SvcProblem::new(features)?.fit(self, &rows, labels, classes)
    }

    fn validate(&self) -> Result<(), LearnError> {
        positive("c", self.c)?;
        positive("tolerance", self.tolerance)?;
        Ok(at_least("max_iterations", self.max_iterations, 1)?)
    }
}

/// Features made ready for many fits: several values of C, the folds of a cross-validation.
///
/// Up to [`SvcProblem::GRAM_ROWS`] rows, and no more rows than columns, it holds the inner products
/// of all pairs of rows (8 bytes each: 18 MB for 1,500 rows, 512 MB at most). Otherwise the rows
/// are read as they are.
#[derive(Debug, Clone)]
pub struct SvcProblem<'a> {
    features: &'a Features,
    gram: Option<Vec<f64>>,
}

/// The dual problem's solution for one class.
struct Solution {
    /// `α y`, one a row learned from.
    coefficients: Vec<f64>,
    /// Of all rows, where the Gram matrix is held.
    scores: Vec<f64>,
    report: SvcReport,
}

impl<'a> SvcProblem<'a> {
    /// The most rows of which all pairs are held.
    pub const GRAM_ROWS: usize = 8192;

    /// Makes features ready.
    ///
    /// # Errors
    ///
    /// [`LearnError::NotFinite`].
    pub fn new(features: &'a Features) -> Result<Self, LearnError> {
        finite(features)?;
        let pairs = features.rows() <= features.columns().min(Self::GRAM_ROWS);
        Ok(Self { features, gram: pairs.then(|| gram(features)) })
    }

    /// Learns from these rows alone. `labels` are those of all rows of the features.
    ///
    /// # Errors
    ///
    /// As [`LinearSvc::fit`].
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn fit(
        &self,
        svc: &LinearSvc,
        rows: &[usize],
        labels: &[usize],
        classes: usize,
    ) -> Result<SvcFit, LearnError> {
        Ok(self.weigh(rows, self.solve(svc, rows, labels, classes)?))
    }

    /// The predictions of such a fit for all rows of the features, those learned from and all others:
    /// what a cross-validation asks. With the Gram matrix no weights need be made for it.
    ///
    /// # Errors
    ///
    /// As [`LinearSvc::fit`].
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn fit_predict(
        &self,
        svc: &LinearSvc,
        rows: &[usize],
        labels: &[usize],
        classes: usize,
    ) -> Result<Vec<usize>, LearnError> {
        let solutions = self.solve(svc, rows, labels, classes)?;
        if self.gram.is_none() {
            return self.weigh(rows, solutions).classifier.predict(self.features);
        }
        let answer = |row| argmax(solutions.iter().map(|class| class.scores[row]));
        Ok((0..self.features.rows()).map(answer).collect())
    }

    /// The accuracy of each of these C on the folds; `svc` says everything else.
    ///
    /// # Errors
    ///
    /// As [`LinearSvc::fit`] and [`CrossValidation::run`].
    ///
    /// # Panics
    ///
    /// If a fold names a row that is not there.
    pub fn cross_validate(
        &self,
        svc: &LinearSvc,
        cs: &[f64],
        folds: &[Fold],
        labels: &[usize],
        classes: usize,
    ) -> Result<CrossValidation, LearnError> {
        CrossValidation::run(cs, folds, |&c, fold| {
            let svc = LinearSvc { c, ..svc.clone() };
            let answers = self.fit_predict(&svc, &fold.train, labels, classes)?;
            let right = fold.validation.iter().filter(|&&row| answers[row] == labels[row]).count();
            Ok(right as f64 / fold.validation.len() as f64)
        })
    }

    fn solve(
        &self,
        svc: &LinearSvc,
        rows: &[usize],
        labels: &[usize],
        classes: usize,
    ) -> Result<Vec<Solution>, LearnError> {
        svc.validate()?;
        labeled(self.features, rows.iter().copied(), labels, classes)?;
        let LinearSvc { c, tolerance, max_iterations, seed } = *svc;
        let descent = Descent { c, tolerance, max_iterations, seed };
        let signs =
            |class| rows.iter().map(move |&row| if labels[row] == class { 1.0 } else { -1.0 });
        let solve = |class| {
            let signs: Vec<f64> = signs(class).collect();
            match &self.gram {
                Some(gram) => {
                    let mut plane = Scores::new(gram, self.features.rows());
                    let (coefficients, report) = descent.run(&mut plane, rows, &signs);
                    Solution { coefficients, scores: plane.into_values(), report }
                }
                None => {
                    let mut plane = Weights::new(self.features);
                    let (coefficients, report) = descent.run(&mut plane, rows, &signs);
                    Solution { coefficients, scores: Vec::new(), report }
                }
            }
        };
        Ok((0..classes).into_par_iter().map(solve).collect())
    }

    /// The weights `Xᵀ (α y)` and biases `Σ α y`.
    fn weigh(&self, rows: &[usize], solutions: Vec<Solution>) -> SvcFit {
        let coefficients: Vec<f64> =
            solutions.iter().flat_map(|class| &class.coefficients).copied().collect();
        let weights = combine(self.features, rows, &coefficients);
        let bias = solutions.iter().map(|class| class.coefficients.iter().sum::<f64>() as f32);
        let classifier = LinearClassifier::new(
            weights.into_iter().map(|weight| weight as f32).collect(),
            bias.collect(),
        );
        SvcFit { classifier, reports: solutions.into_iter().map(|class| class.report).collect() }
    }
}
