//! The products that the learners need of features `X`: `K = X Xᵀ`, `C X`, `X Wᵀ` and `K B`.
//!
//! Features are f32 and all sums f64: a panel of columns is widened at a time, so that no f64 copy
//! of the features is ever whole in memory. Work is cut into blocks of one size whatever the
//! machine, so that the number of threads changes no bit of a result.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::features::Features;

/// Columns widened at a time.
const PANEL: usize = 1024;
/// Rows of a result that one thread makes at a time.
const BLOCK: usize = 128;

/// The f64 values of some columns of a row.
fn widen(row: &[f32], into: &mut [f64]) {
    into.iter_mut().zip(row).for_each(|(wide, &value)| *wide = f64::from(value));
}

/// The inner product of two rows.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// Inner products of all pairs of rows, `X Xᵀ`: `[rows, rows]`.
pub(super) fn gram(features: &Features) -> Vec<f64> {
    let (rows, columns) = (features.rows(), features.columns());
    let mut gram = vec![0.0; rows * rows];
    if rows == 0 {
        return gram;
    }
    let mut panel = vec![0.0; rows * PANEL.min(columns)];
    for start in (0..columns).step_by(PANEL) {
        let width = PANEL.min(columns - start);
        let panel = &mut panel[..rows * width];
        panel.par_chunks_exact_mut(width).enumerate().for_each(|(row, into)| {
            widen(&features.row(row)[start..start + width], into);
        });
        let panel = MatRef::from_row_major_slice(panel, rows, width);
        // Below and on the diagonal only; the longest strips first, that no thread waits.
        let strips = gram.par_chunks_mut(BLOCK * rows).enumerate().rev().with_max_len(1);
        strips.for_each(|(strip, into)| {
            let (first, height) = (strip * BLOCK, into.len() / rows);
            // faer 0.24.4's `from_row_major_slice_with_stride_mut` mixes up the two strides.
            let into =
                MatMut::from_column_major_slice_with_stride_mut(into, first + height, height, rows)
                    .transpose_mut();
            let (left, right) = (panel.subrows(first, height), panel.subrows(0, first + height));
            matmul(into, Accum::Add, left, right.transpose(), 1.0, Par::Seq);
        });
    }
    for row in 0..rows {
        (0..row).for_each(|column| gram[column * rows + row] = gram[row * rows + column]);
    }
    gram
}

/// Weighted sums of rows, `C X`: `[sums, columns]` of `[sums, rows.len()]` coefficients.
pub(super) fn combine(features: &Features, rows: &[usize], coefficients: &[f64]) -> Vec<f64> {
    let (columns, sums) = (features.columns(), coefficients.len() / rows.len());
    let coefficients = MatRef::from_row_major_slice(coefficients, sums, rows.len());
    let starts: Vec<usize> = (0..columns).step_by(PANEL).collect();
    let panels = starts.into_par_iter().map(|start| {
        let width = PANEL.min(columns - start);
        let mut found = vec![0.0; sums * width];
        let mut block = vec![0.0; BLOCK * width];
        for first in (0..rows.len()).step_by(BLOCK) {
            let chosen = &rows[first..rows.len().min(first + BLOCK)];
            for (&row, into) in chosen.iter().zip(block.chunks_exact_mut(width)) {
                widen(&features.row(row)[start..start + width], into);
            }
            let used = &block[..chosen.len() * width];
            matmul(
                MatMut::from_row_major_slice_mut(&mut found, sums, width),
                Accum::Add,
                coefficients.subcols(first, chosen.len()),
                MatRef::from_row_major_slice(used, chosen.len(), width),
                1.0,
                Par::Seq,
            );
        }
        found
    });
    let panels: Vec<Vec<f64>> = panels.collect();
    let mut whole = Vec::with_capacity(sums * columns);
    for sum in 0..sums {
        for panel in &panels {
            let width = panel.len() / sums;
            whole.extend_from_slice(&panel[sum * width..(sum + 1) * width]);
        }
    }
    whole
}

/// Every row times every row of weights, `X Wᵀ`: `[rows, k]` of `[k, columns]` weights.
pub(super) fn project(features: &Features, weights: &[f64]) -> Vec<f64> {
    let columns = features.columns();
    let outputs = weights.len() / columns;
    let weights = MatRef::from_row_major_slice(weights, outputs, columns);
    let mut whole = vec![0.0; features.rows() * outputs];
    let blocks =
        whole.par_chunks_mut(BLOCK * outputs).zip(features.values().par_chunks(BLOCK * columns));
    blocks.for_each(|(into, values)| {
        let rows = values.len() / columns;
        let mut panel = vec![0.0; rows * PANEL.min(columns)];
        for start in (0..columns).step_by(PANEL) {
            let width = PANEL.min(columns - start);
            let panel = &mut panel[..rows * width];
            for (row, into) in values.chunks_exact(columns).zip(panel.chunks_exact_mut(width)) {
                widen(&row[start..start + width], into);
            }
            matmul(
                MatMut::from_row_major_slice_mut(into, rows, outputs),
                Accum::Add,
                MatRef::from_row_major_slice(panel, rows, width),
                weights.subcols(start, width).transpose(),
                1.0,
                Par::Seq,
            );
        }
    });
    whole
}

/// The Gram matrix times `[rows, k]` values, `K B`: `[rows, k]`.
pub(super) fn images(gram: &[f64], values: &[f64], k: usize) -> Vec<f64> {
    let rows = values.len() / k;
    let values = MatRef::from_row_major_slice(values, rows, k);
    let mut whole = vec![0.0; rows * k];
    let blocks = whole.par_chunks_mut(BLOCK * k).zip(gram.par_chunks(BLOCK * rows));
    blocks.for_each(|(into, gram)| {
        let height = into.len() / k;
        let into = MatMut::from_row_major_slice_mut(into, height, k);
        let gram = MatRef::from_row_major_slice(gram, height, rows);
        matmul(into, Accum::Replace, gram, values, 1.0, Par::Seq);
    });
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of small integers are exact in f64, in any order.
    #[test]
    fn products_equal_plain_loops() {
        for (rows, columns) in [(1, 1), (3, 5), (130, 70), (300, 2100), (257, 1024)] {
            let value = |at: usize| ((at * 7919 + at / 13) % 17) as f32 - 8.0;
            let x = Features::new((0..rows * columns).map(value).collect(), columns);
            let at = |row: usize, column: usize| f64::from(x.row(row)[column]);
            let pairs = gram(&x);
            let k = 3;
            let weights: Vec<f64> = (0..k * columns).map(|at| f64::from(value(at + 5))).collect();
            let scores = project(&x, &weights);
            let chosen: Vec<usize> = (0..rows).rev().step_by(2).collect();
            let coefficients: Vec<f64> =
                (0..k * chosen.len()).map(|at| f64::from(value(at + 3))).collect();
            let sums = combine(&x, &chosen, &coefficients);
            let values: Vec<f64> = (0..k * rows).map(|at| f64::from(value(at + 1))).collect();
            let found_images = images(&pairs, &values, k);
            for row in 0..rows {
                for other in (row % 7..rows).step_by(7) {
                    let product: f64 = (0..columns).map(|c| at(row, c) * at(other, c)).sum();
                    assert_eq!(pairs[row * rows + other], product, "{rows} x {columns}");
                }
                for out in 0..k {
                    let score: f64 =
                        (0..columns).map(|c| at(row, c) * weights[out * columns + c]).sum();
                    assert_eq!(scores[row * k + out], score, "{rows} x {columns}");
                    let image: f64 =
                        (0..rows).map(|o| pairs[row * rows + o] * values[o * k + out]).sum();
                    assert_eq!(found_images[row * k + out], image, "{rows} x {columns}");
                }
            }
            for column in 0..columns {
                for out in 0..k {
                    let terms = chosen.iter().enumerate();
                    let sum: f64 = terms
                        .map(|(i, &row)| coefficients[out * chosen.len() + i] * at(row, column))
                        .sum();
                    assert_eq!(sums[out * columns + column], sum, "{rows} x {columns}");
                }
            }
        }
    }
}
