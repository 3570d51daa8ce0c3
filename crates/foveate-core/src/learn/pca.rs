//! [`Pca`]: fewer dimensions, those in which the rows differ most.
//!
//! Of two ways to the same answer that with the smaller matrix: the covariance of the columns, or, of fewer rows
//! than columns, the inner products of the rows (Sirovich, "Turbulence and the dynamics of coherent structures",
//! Quarterly of Applied Mathematics 45(3), 1987, <https://doi.org/10.1090/qam/910462>). The fit is in f64: squares
//! lose half of the digits, and f64 has more than twice those of f32.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};

use super::error::LearnError;
use super::features::Features;
use super::linear::finite;
use super::products::dot;
use crate::SettingError;
use crate::setting::at_least;

/// Principal component analysis: directions of the largest variance, with the mean they start from. Signs, and
/// variances over `rows - 1`, are as in scikit-learn's `PCA`.
///
/// Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2(11),
/// 1901, <https://doi.org/10.1080/14786440109462720>.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f32>,
    components: Features,
    explained_variance: Vec<f32>,
    total_variance: f32,
}

/// Rows or columns that are held in f64 at a time: memory stays small beside the features.
const BLOCK: usize = 512;

impl Pca {
    /// Learns the first `components` directions, from one to the smaller of rows and columns.
    ///
    /// # Errors
    ///
    /// [`LearnError::Setting`] for another number of components or fewer than two rows,
    /// [`LearnError::NotFinite`].
    pub fn fit(features: &Features, components: usize) -> Result<Self, LearnError> {
        let (rows, columns) = (features.rows(), features.columns());
        at_least("rows of features", rows, 2)?;
        if components == 0 || components > rows.min(columns) {
            let found = format!("{components} for {rows} rows of {columns} columns");
            let expected = "one or more, and no more than there are rows or columns";
            return SettingError::refuse("components", found, expected);
        }
        finite(features)?;
        let mean = means(features);
        let by_rows = rows < columns;
        let products = products(features, &mean, by_rows);
        let total: f64 = (0..products.nrows()).map(|i| products[(i, i)]).sum();
        let eigen = products.self_adjoint_eigen(Side::Lower).expect("finite numbers have one");
        drop(products);
        // Ascending.
        let size = rows.min(columns);
        let largest: Vec<f64> = (0..components).map(|k| eigen.S()[size - 1 - k].max(0.0)).collect();
        let vectors = eigen.U().subcols(size - components, components).reverse_cols();

        let mut found = vec![0.0; components * columns];
        if by_rows {
            let scales: Vec<f64> = largest.iter().map(|&value| inverse_root(value)).collect();
            project_rows(features, &mean, vectors, &scales, &mut found);
            // The longer the first direction beside them, the less exact are short ones.
            let exact = largest.partition_point(|&value| value > 1e-9 * largest[0]);
            orthonormalize(&mut found, columns, exact);
        } else {
            for (k, row) in found.chunks_exact_mut(columns).enumerate() {
                row.iter_mut().enumerate().for_each(|(j, value)| *value = vectors[(j, k)] as f32);
            }
        }
        found.chunks_exact_mut(columns).for_each(positive);
        let variance = |value: f64| (value / (rows - 1) as f64) as f32;
        Ok(Self {
            mean: mean.iter().map(|&value| value as f32).collect(),
            components: Features::new(found, columns),
            explained_variance: largest.into_iter().map(variance).collect(),
            total_variance: variance(total),
        })
    }

    /// Takes what an earlier fit found: the mean `[columns]`, components `[components, columns]`, the
    /// variance along each, and that of all columns together.
    ///
    /// # Panics
    ///
    /// If there is not one mean a column and one variance a component.
    pub fn from_parts(
        mean: Vec<f32>,
        components: Features,
        explained_variance: Vec<f32>,
        total_variance: f32,
    ) -> Self {
        assert_eq!(mean.len(), components.columns(), "one mean a column");
        assert_eq!(explained_variance.len(), components.rows(), "one variance a component");
        Self { mean, components, explained_variance, total_variance }
    }

    /// The first `components` only, as a fit to them would find: one fit serves a sweep.
    ///
    /// # Errors
    ///
    /// [`LearnError::Setting`] for none, or more than there are.
    pub fn truncated(&self, components: usize) -> Result<Self, LearnError> {
        if components == 0 || components > self.components.rows() {
            let found = format!("{components} of {}", self.components.rows());
            return SettingError::refuse("components", found, "one or more of those found");
        }
        let columns = self.components.columns();
        let values = self.components.values()[..components * columns].to_vec();
        Ok(Self {
            mean: self.mean.clone(),
            components: Features::new(values, columns),
            explained_variance: self.explained_variance[..components].to_vec(),
            total_variance: self.total_variance,
        })
    }

    /// Coordinates of every row along the components, from the mean: as many columns as components.
    ///
    /// # Errors
    ///
    /// [`LearnError::Dimensions`], [`LearnError::NotFinite`].
    pub fn transform(&self, features: &Features) -> Result<Features, LearnError> {
        let (expected, found) = (self.mean.len(), features.columns());
        if expected != found {
            return Err(LearnError::Dimensions { expected, found });
        }
        finite(features)?;
        let size = self.components.rows();
        let mut coordinates = vec![0.0; features.rows() * size];
        let components = MatRef::from_row_major_slice(self.components.values(), size, expected);
        let mut to = MatMut::from_row_major_slice_mut(&mut coordinates, features.rows(), size);
        let mut buffer = Vec::new();
        for block in column_blocks(expected) {
            let less = |value: f32, mean: f32| value - mean;
            centered(features.values(), &self.mean, block.clone(), less, &mut buffer);
            let buffer = MatRef::from_row_major_slice(&buffer, features.rows(), block.len());
            let components = components.subcols(block.start, block.len()).transpose();
            matmul(&mut to, Accum::Add, buffer, components, 1.0, Par::rayon(0));
        }
        Ok(Features::new(coordinates, size))
    }

    /// The mean of every column.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// One direction of length one a row, orthogonal to all others. Its largest number, by magnitude,
    /// is positive. Along directions without any variance they are any such.
    pub fn components(&self) -> &Features {
        &self.components
    }

    /// The variance along every component, in falling order.
    pub fn explained_variance(&self) -> &[f32] {
        &self.explained_variance
    }

    /// The variance of all columns together.
    pub fn total_variance(&self) -> f32 {
        self.total_variance
    }

    /// The share of every component in the variance of all columns; 0 if there is none at all.
    pub fn explained_variance_ratio(&self) -> Vec<f32> {
        let total = if self.total_variance > 0.0 { self.total_variance } else { 1.0 };
        self.explained_variance.iter().map(|variance| variance / total).collect()
    }
}

fn means(features: &Features) -> Vec<f64> {
    let mut sums = vec![0.0; features.columns()];
    for row in features {
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums.iter_mut().for_each(|sum| *sum /= features.rows() as f64);
    sums
}

/// Some columns of some rows less their means, row by row, into `to`.
fn centered<T, M: Copy>(
    rows: &[f32],
    mean: &[M],
    columns: Range<usize>,
    less: impl Fn(f32, M) -> T,
    to: &mut Vec<T>,
) {
    to.clear();
    for row in rows.chunks_exact(mean.len()) {
        let pairs = row[columns.clone()].iter().zip(&mean[columns.clone()]);
        to.extend(pairs.map(|(&value, &mean)| less(value, mean)));
    }
}

fn less(value: f32, mean: f64) -> f64 {
    f64::from(value) - mean
}

fn column_blocks(columns: usize) -> impl Iterator<Item = Range<usize>> {
    (0..columns).step_by(BLOCK).map(move |start| start..columns.min(start + BLOCK))
}

/// Inner products of the centered rows with one another, or of the columns: the lower triangle.
fn products(features: &Features, mean: &[f64], by_rows: bool) -> Mat<f64> {
    let (rows, columns) = (features.rows(), features.columns());
    let mut sums = Mat::zeros(rows.min(columns), rows.min(columns));
    let mut add = |block: MatRef<'_, f64>| {
        let (lower, all) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        let turned = block.transpose();
        let par = Par::rayon(0);
        triangular::matmul(&mut sums, lower, Accum::Add, block, all, turned, all, 1.0, par);
    };
    let mut buffer = Vec::new();
    if by_rows {
        for block in column_blocks(columns) {
            centered(features.values(), mean, block.clone(), less, &mut buffer);
            add(MatRef::from_row_major_slice(&buffer, rows, block.len()));
        }
    } else {
        for block in features.values().chunks(BLOCK * columns) {
            centered(block, mean, 0..columns, less, &mut buffer);
            add(MatRef::from_row_major_slice(&buffer, block.len() / columns, columns).transpose());
        }
    }
    sums
}

/// The directions in the space of the columns that belong to directions in that of the rows.
fn project_rows(
    features: &Features,
    mean: &[f64],
    vectors: MatRef<'_, f64>,
    scales: &[f64],
    found: &mut [f32],
) {
    let (rows, columns) = (features.rows(), features.columns());
    let mut buffer = Vec::new();
    for block in column_blocks(columns) {
        centered(features.values(), mean, block.clone(), less, &mut buffer);
        let buffer = MatRef::from_row_major_slice(&buffer, rows, block.len());
        let part = buffer.transpose() * vectors;
        for (k, row) in found.chunks_exact_mut(columns).enumerate() {
            let values = row[block.clone()].iter_mut().zip(part.col(k).iter());
            values.for_each(|(to, &value)| *to = (value * scales[k]) as f32);
        }
    }
}

fn inverse_root(square: f64) -> f64 {
    if square > 0.0 { square.sqrt().recip() } else { 0.0 }
}

/// By Gram and Schmidt, twice over, from row `first` on. A row of which little remains, since it has no
/// variance, gives way to the next axis of which enough does.
fn orthonormalize(rows: &mut [f32], columns: usize, first: usize) {
    let mut axes = 0..columns;
    for at in first..rows.len() / columns {
        let (before, rest) = rows.split_at_mut(at * columns);
        let row = &mut rest[..columns];
        while !orthonormal(row, before) {
            row.fill(0.0);
            row[axes.next().expect("fewer rows than axes")] = 1.0;
        }
    }
}

/// Leaves of a row what is orthogonal to all before it, with length one; false if that is little.
fn orthonormal(row: &mut [f32], before: &[f32]) -> bool {
    let mut scaled = inverse_root(dot(row, row));
    let mut remains = true;
    for _ in 0..2 {
        row.iter_mut().for_each(|value| *value = (f64::from(*value) * scaled) as f32);
        for other in before.chunks_exact(row.len()) {
            let along = dot(row, other);
            for (value, &other) in row.iter_mut().zip(other) {
                *value = (f64::from(*value) - along * f64::from(other)) as f32;
            }
        }
        let square = dot(row, row);
        // The squares of what remains of all axes add up to one or more.
        remains &= square > 0.5 / row.len() as f64;
        scaled = inverse_root(square);
    }
    row.iter_mut().for_each(|value| *value = (f64::from(*value) * scaled) as f32);
    remains
}

/// Turns a direction so that its largest number, by magnitude the first of them, is positive.
fn positive(row: &mut [f32]) {
    let larger = |best: f32, &value: &f32| if value.abs() > best.abs() { value } else { best };
    if row.iter().fold(0.0, larger) < 0.0 {
        row.iter_mut().for_each(|value| *value = -*value);
    }
}
