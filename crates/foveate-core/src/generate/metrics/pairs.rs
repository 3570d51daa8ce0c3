//! Products and distances of all pairs of rows, a strip of rows at a time: memory grows with the
//! rows, not with their square.
//!
//! Strips have one size whatever the machine, so that the number of threads changes no bit.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::learn::Features;

/// Rows that a thread takes at a time.
const STRIP: usize = 128;
/// Rows of the other features that it multiplies them with at a time.
const TILE: usize = 512;

/// The strips of so many rows.
pub(super) fn strips(rows: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let count = rows.div_ceil(STRIP);
    (0..count).into_par_iter().map(move |at| at * STRIP..rows.min((at + 1) * STRIP))
}

/// Inner products of some rows of `a` with the first `until` rows of `b`. `each` gets them in tiles: the
/// first row of `b` in it, how many, and `[rows, so many]` products.
pub(super) fn products(
    a: &Features,
    rows: Range<usize>,
    b: &Features,
    until: usize,
    mut each: impl FnMut(usize, usize, &[f64]),
) {
    let columns = a.columns();
    let wide = |features: &Features, rows: Range<usize>| -> Vec<f64> {
        let values = &features.values()[rows.start * columns..rows.end * columns];
        values.iter().map(|&value| value.into()).collect()
    };
    let strip = wide(a, rows.clone());
    let mut found = vec![0.0; rows.len() * TILE.min(until)];
    for first in (0..until).step_by(TILE) {
        let width = TILE.min(until - first);
        let tile = wide(b, first..first + width);
        let found = &mut found[..rows.len() * width];
        matmul(
            MatMut::from_row_major_slice_mut(found, rows.len(), width),
            Accum::Replace,
            MatRef::from_row_major_slice(&strip, rows.len(), columns),
            MatRef::from_row_major_slice(&tile, width, columns).transpose(),
            1.0,
            Par::Seq,
        );
        each(first, width, found);
    }
}

/// Euclidean distances of rows of `a` from rows of `b`.
pub(super) struct Distances<'a> {
    a: &'a Features,
    b: &'a Features,
    squares: [Vec<f64>; 2],
}

impl<'a> Distances<'a> {
    pub(super) fn new(a: &'a Features, b: &'a Features) -> Self {
        let square = |row: &[f32]| row.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        let squares = [a, b].map(|features| {
            features.values().par_chunks_exact(features.columns()).map(square).collect()
        });
        Self { a, b, squares }
    }

    /// From some rows of `a` to all of `b`: `[rows, b.rows()]`. Squares are summed in f64 and rounded
    /// to f32 before the root, so that distances which are equal but for rounding become equal.
    pub(super) fn strip(&self, rows: Range<usize>) -> Vec<f32> {
        let until = self.b.rows();
        let [left, right] = &self.squares;
        let mut distances = vec![0.0; rows.len() * until];
        products(self.a, rows.clone(), self.b, until, |first, width, products| {
            let lines = products.chunks_exact(width).zip(&left[rows.clone()]);
            for ((line, left), into) in lines.zip(distances.chunks_exact_mut(until)) {
                let into = &mut into[first..first + width];
                for ((into, product), right) in into.iter_mut().zip(line).zip(&right[first..]) {
                    *into = ((left + right - 2.0 * product).max(0.0) as f32).sqrt();
                }
            }
        });
        distances
    }
}
