//! [`LinfaSvm`]: the support vector machine of the crate [linfa-svm](https://docs.rs/linfa-svm).

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{
    LltRegularization, cholesky_in_place, cholesky_in_place_scratch,
};
use faer::{MatMut, Par};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use linfa_svm::Svm;
use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;

use super::error::LearnError;
use super::features::Features;
use super::linear::{LinearClassifier, learnable};
use super::linear_svc::SvcProblem;
use super::products::{combine, gram};
use crate::SettingError;
use crate::setting::positive;

/// One-vs-rest linear support vector machine of [linfa-svm](https://docs.rs/linfa-svm), scikit-learn's
/// `SVC(kernel="linear")` one-vs-rest.
///
/// For each class it minimizes `½ ‖w‖² + c Σ max(0, 1 - y (w x + b))`. The hinge is not squared and
/// the bias not penalized: its predictions differ a little from [`LinearSvc`](crate::transfer::LinearSvc)'s.
///
/// linfa-svm computes all inner products anew for every class, one pair at a time: expect it to be
/// far slower than [`LinearSvc`](crate::transfer::LinearSvc). It holds them, 8 bytes each, for every class that
/// is learned at the time: at most [`SvcProblem::GRAM_ROWS`] rows are taken.
///
/// Its solver: R.-E. Fan, P.-H. Chen, C.-J. Lin, *Working Set Selection Using Second Order Information for
/// Training Support Vector Machines*, JMLR 6, 2005, <https://www.jmlr.org/papers/v6/fan05a.html> (LIBSVM's).
#[derive(Debug, Clone, PartialEq)]
pub struct LinfaSvm {
    /// What an error costs against a long `w`; above 0.
    pub c: f64,
    /// linfa's `eps`: a class is done when its pair of rows furthest from the optimum is no
    /// further than this; above 0.
    pub tolerance: f64,
}

impl Default for LinfaSvm {
    /// c 1, tolerance 1e-3: scikit-learn's `SVC`.
    fn default() -> Self {
        Self { c: 1.0, tolerance: 1e-3 }
    }
}

impl LinfaSvm {
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
    ) -> Result<LinearClassifier, LearnError> {
        positive("c", self.c)?;
        positive("tolerance", self.tolerance)?;
        if features.rows() > SvcProblem::GRAM_ROWS {
            let expected = "at most 8192: LinearSvc takes more";
            return SettingError::refuse("rows", features.rows(), expected);
        }
        learnable(features, labels, classes)?;
        let records = records(features);
        let solve = |class| {
            let targets: Array1<bool> = labels.iter().map(|&label| label == class).collect();
            let dataset = DatasetBase::new(records.view(), ArrayView1::from(&targets));
            // linfa's shrinking swaps bounds and gradients wrongly: off, as by its default.
            let params = Svm::<f64, bool>::params()
                .pos_neg_weights(self.c, self.c)
                .eps(self.tolerance)
                .shrinking(false)
                .linear_kernel();
            params.fit(&dataset).map(|svm| (svm.alpha, -svm.rho as f32))
        };
        let solved: Result<Vec<_>, _> = (0..classes).into_par_iter().map(solve).collect();
        // Its only errors are of settings that are checked above.
        let solved = solved.expect("settings in their range");
        let rows: Vec<usize> = (0..features.rows()).collect();
        let coefficients: Vec<f64> = solved.iter().flat_map(|(alpha, _)| alpha).copied().collect();
        let weights = combine(features, &rows, &coefficients);
        let weights = weights.into_iter().map(|weight| weight as f32).collect();
        Ok(LinearClassifier::new(weights, solved.into_iter().map(|(_, bias)| bias).collect()))
    }
}

/// The features; where they have more columns than rows, as many columns as rows with the same inner
/// products, which are all that counts: the Cholesky factor `L` of `X Xᵀ = L Lᵀ`.
fn records(features: &Features) -> Array2<f64> {
    let (rows, columns) = (features.rows(), features.columns());
    let shaped = |shape, values| Array2::from_shape_vec(shape, values).expect("one value a place");
    if columns <= rows {
        return shaped((rows, columns), features.values().iter().copied().map(f64::from).collect());
    }
    let mut factor = gram(features);
    let largest = (0..rows).map(|row| factor[row * rows + row]).fold(0.0, f64::max);
    // Equal rows leave a pivot of 0, give or take the rounding.
    let least = 1e-12 * largest + f64::MIN_POSITIVE;
    let regularized = LltRegularization {
        dynamic_regularization_delta: least,
        dynamic_regularization_epsilon: least,
    };
    let scratch = cholesky_in_place_scratch::<f64>(rows, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    cholesky_in_place(
        MatMut::from_row_major_slice_mut(&mut factor, rows, rows),
        regularized,
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .expect("inner products make a positive matrix");
    for row in 0..rows {
        factor[row * rows + row + 1..(row + 1) * rows].fill(0.0);
    }
    shaped((rows, rows), factor)
}
