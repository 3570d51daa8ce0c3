//! [`frechet_distance`], the "Fréchet inception distance" (FID). All in f64.
//!
//! The last trace is the sum of the singular values of `√S₁ √S₂`, from the eigenvectors of both covariances.
//! That is the same number, always real, and keeps the digits that a root of eigenvalues of `S₁ S₂` loses where a
//! covariance is nearly singular.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par, Side};

use super::error::{MetricError, comparable, finite};
use crate::learn::Features;

/// Rows that are held in f64 at a time.
const BLOCK: usize = 512;

/// All that the Fréchet distance sees of features.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMoments {
    /// The mean of each column.
    pub mean: Vec<f64>,
    /// The covariance of the columns, row by row, over `count - 1`.
    pub covariance: Vec<f64>,
    /// How many rows they are of.
    pub count: usize,
}

impl FeatureMoments {
    /// Mean and covariance of rows.
    ///
    /// # Errors
    ///
    /// [`MetricError::NotFinite`]; [`MetricError::Singular`] unless there are more rows than columns: of fewer the
    /// distance is more about their number than about them.
    pub fn of(features: &Features) -> Result<Self, MetricError> {
        Self::named(features, "given")
    }

    fn named(features: &Features, set: &'static str) -> Result<Self, MetricError> {
        finite(features, set)?;
        let (rows, columns) = (features.rows(), features.columns());
        if rows <= columns {
            return Err(MetricError::Singular { set, rows, columns });
        }
        let mut mean = vec![0.0; columns];
        for row in features {
            mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        mean.iter_mut().for_each(|sum| *sum /= rows as f64);
        let mut sums = Mat::zeros(columns, columns);
        let mut centered = Vec::new();
        for block in features.values().chunks(BLOCK * columns) {
            centered.clear();
            for row in block.chunks_exact(columns) {
                centered
                    .extend(row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean));
            }
            let centered = MatRef::from_row_major_slice(&centered, block.len() / columns, columns);
            let (lower, all) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
            let turned = centered.transpose();
            let par = Par::rayon(0);
            triangular::matmul(&mut sums, lower, Accum::Add, turned, all, centered, all, 1.0, par);
        }
        let at = |i: usize, j: usize| sums[(i.max(j), i.min(j))] / (rows - 1) as f64;
        let covariance = (0..columns).flat_map(|i| (0..columns).map(move |j| (i, j)));
        let covariance = covariance.map(|(i, j)| at(i, j)).collect();
        Ok(Self { mean, covariance, count: rows })
    }
}

/// The squared Fréchet distance of two sets of features (FID), from 0 on, in squared units of the features:
/// that of the Gaussians with their means `μ` and covariances `S`,
/// `|μ₁ - μ₂|² + tr S₁ + tr S₂ - 2 tr (√S₁ S₂ √S₁)^½`.
///
/// It is biased: of few samples it is larger than of many, most for wide features, so that only
/// distances of equally many samples compare.
///
/// Martin Heusel, Hubert Ramsauer, Thomas Unterthiner, Bernhard Nessler, Sepp Hochreiter, *GANs Trained by a
/// Two Time-Scale Update Rule Converge to a Local Nash Equilibrium*, 2017, <https://arxiv.org/abs/1706.08500>,
/// equation 6; the distance: D. C. Dowson, B. V. Landau, *The Fréchet Distance between Multivariate Normal
/// Distributions*, 1982, <https://doi.org/10.1016/0047-259X(82)90077-X>.
///
/// # Errors
///
/// [`MetricError::Columns`], [`MetricError::NotFinite`], [`MetricError::Singular`] unless each set has more rows
/// than columns.
pub fn frechet_distance(a: &Features, b: &Features) -> Result<f64, MetricError> {
    let sets = ["first", "second"];
    comparable([a, b], sets, 0, "")?;
    let [a, b] = [FeatureMoments::named(a, sets[0])?, FeatureMoments::named(b, sets[1])?];
    Ok(frechet_distance_of(&a, &b))
}

/// [`frechet_distance`] from statistics, say of a data set, that are computed once.
///
/// # Panics
///
/// If they are of different columns or not finite, or a covariance is no square of them.
pub fn frechet_distance_of(a: &FeatureMoments, b: &FeatureMoments) -> f64 {
    assert_eq!(a.mean.len(), b.mean.len(), "statistics of equally many columns");
    let differences = a.mean.iter().zip(&b.mean).map(|(a, b)| a - b);
    let means: f64 = differences.map(|difference| difference * difference).sum();
    let [left, right] = [a, b].map(root);
    let mut product = Mat::zeros(left.ncols(), right.ncols());
    matmul(&mut product, Accum::Replace, left.transpose(), &right, 1.0, Par::rayon(0));
    let both: f64 = product.singular_values().expect("finite numbers have them").iter().sum();
    // Not below 0 by rounding.
    (means + trace(a) + trace(b) - 2.0 * both).max(0.0)
}

fn trace(statistics: &FeatureMoments) -> f64 {
    statistics.covariance.iter().step_by(statistics.mean.len() + 1).sum()
}

/// A matrix `R` with `R Rᵀ` the covariance: its eigenvectors, each times the root of its
/// eigenvalue. Those of eigenvalues that are 0 but for rounding are left out.
fn root(statistics: &FeatureMoments) -> Mat<f64> {
    let columns = statistics.mean.len();
    let values = &statistics.covariance;
    assert_eq!(values.len(), columns * columns, "a covariance of all pairs of columns");
    let all = || values.iter().chain(&statistics.mean);
    assert!(all().all(|value| value.is_finite()), "statistics are finite");
    let covariance = MatRef::from_row_major_slice(values, columns, columns);
    let eigen = covariance.self_adjoint_eigen(Side::Lower).expect("finite numbers have one");
    let (values, vectors) = (eigen.S(), eigen.U());
    // Ascending.
    let least = columns as f64 * f64::EPSILON * values[columns - 1].max(0.0);
    let skipped = (0..columns).take_while(|&k| values[k] <= least).count();
    Mat::from_fn(columns, columns - skipped, |row, k| {
        vectors[(row, skipped + k)] * values[skipped + k].sqrt()
    })
}
