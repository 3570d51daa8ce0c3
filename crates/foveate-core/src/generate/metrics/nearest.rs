//! [`nearest`]: for each sample the row of the data that it lies nearest to.

use rayon::prelude::*;

use super::error::{MetricError, comparable};
use super::pairs::{Distances, strips};
use crate::learn::Features;

/// The nearest row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Place of the nearest row among the rows searched.
    pub row: usize,
    /// The Euclidean distance to it, in units of the features; 0 for a copy.
    pub distance: f64,
}

/// For each row of `a` the nearest of `b`, the first of several that are equally near (to the seven
/// digits of f32). Time: `a.rows() * b.rows() * columns`.
///
/// A generator that has learned its data by heart gives distances near 0, far below those between rows of
/// the data.
///
/// # Errors
///
/// [`MetricError::Columns`], [`MetricError::Rows`] if either has none, [`MetricError::NotFinite`].
pub fn nearest(a: &Features, b: &Features) -> Result<Vec<Nearest>, MetricError> {
    comparable([a, b], ["first", "second"], 1, "to search for the nearest")?;
    let distances = Distances::new(a, b);
    let found = strips(a.rows()).flat_map_iter(|rows| {
        let strip = distances.strip(rows.clone());
        let find = |(row, distances): (usize, &[f32])| {
            let smaller = |best: usize, at| if distances[at] < distances[best] { at } else { best };
            let nearest = (0..distances.len()).reduce(smaller).expect("one row or more");
            Nearest { row: nearest, distance: distance(a.row(row), b.row(nearest)) }
        };
        rows.zip(strip.chunks_exact(b.rows())).map(find).collect::<Vec<_>>()
    });
    Ok(found.collect())
}

/// By differences: those by products are inexact near 0.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b));
    differences.map(|difference| difference * difference).sum::<f64>().sqrt()
}
