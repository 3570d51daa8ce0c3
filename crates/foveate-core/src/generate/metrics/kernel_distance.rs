//! [`kernel_distance`] and [`KernelDistance`], the "kernel inception distance" (KID). Sums in f64.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::error::{MetricError, comparable};
use super::pairs::{products, strips};
use crate::learn::Features;
use crate::setting::at_least;

/// Which subsets [`KernelDistance`] takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelSettings {
    /// How many pairs of subsets.
    pub subsets: usize,
    /// Rows in each, drawn without repetition.
    pub subset_size: usize,
    /// Decides which rows are drawn.
    pub seed: u64,
}

impl Default for KernelSettings {
    fn default() -> Self {
        Self { subsets: 100, subset_size: 1000, seed: 0 }
    }
}

/// The distance over random subsets of the rows.
///
/// Subsets as in the authors' code (see [`kernel_distance`]) and in torch-fidelity, from other random numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KernelDistance {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (over `n`): of one subset's distance, not of the mean.
    pub deviation: f64,
}

impl KernelDistance {
    /// Measures random subsets of `a` against such of `b`.
    ///
    /// # Errors
    ///
    /// [`MetricError::Setting`] for no subsets, or of fewer than two rows; [`MetricError::Columns`],
    /// [`MetricError::Rows`] if a set has fewer rows than a subset, [`MetricError::NotFinite`].
    pub fn of(a: &Features, b: &Features, settings: &KernelSettings) -> Result<Self, MetricError> {
        let &KernelSettings { subsets, subset_size: size, seed } = settings;
        at_least("subsets", subsets, 1)?;
        at_least("subset_size", size, 2)?;
        comparable([a, b], SETS, size, "for a subset; take more samples or smaller subsets")?;
        let distances = (0..subsets).into_par_iter().map(|subset| {
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            generator.set_stream(subset as u64);
            let [a, b] = [a, b].map(|features| {
                let mut rows: Vec<usize> = (0..features.rows()).collect();
                features.select(rows.partial_shuffle(&mut generator, size).0)
            });
            squared_discrepancy(&a, &b)
        });
        let distances: Vec<f64> = distances.collect();
        let count = subsets as f64;
        let mean = distances.iter().sum::<f64>() / count;
        let variance = distances.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / count;
        Ok(Self { mean, deviation: variance.sqrt() })
    }
}

const SETS: [&str; 2] = ["first", "second"];

/// The kernel distance (KID) of all rows of `a` from all of `b`, whose numbers may differ: the estimate that
/// varies least. Its expectation is 0 for two sets of one distribution, so that it may be a little below 0 and
/// compares between numbers of samples. Time: `(a.rows() + b.rows())² columns`.
///
/// The squared maximum mean discrepancy, estimated without bias, with the kernel
/// `k(x, y) = (x·y / columns + 1)³`: the mean of k over pairs of different rows of `a`, and that of `b`, less
/// twice that over rows of both. Mikołaj Bińkowski, Danica J. Sutherland, Michael Arbel, Arthur Gretton,
/// *Demystifying MMD GANs*, 2018, <https://arxiv.org/abs/1801.01401>, equation 4.
///
/// # Errors
///
/// [`MetricError::Columns`], [`MetricError::Rows`] for fewer than two, [`MetricError::NotFinite`].
pub fn kernel_distance(a: &Features, b: &Features) -> Result<f64, MetricError> {
    comparable([a, b], SETS, 2, "for the kernel distance")?;
    Ok(squared_discrepancy(a, b))
}

/// Equation 4 of Bińkowski et al.
fn squared_discrepancy(a: &Features, b: &Features) -> f64 {
    mean_within(a) + mean_within(b) - 2.0 * mean_between(a, b)
}

fn cubic(product: f64, columns: usize) -> f64 {
    let base = product / columns as f64 + 1.0;
    base * base * base
}

/// The mean kernel of two different rows.
fn mean_within(features: &Features) -> f64 {
    let rows = features.rows();
    // Below the diagonal; the longest strips first, that no thread waits.
    let sums = strips(rows).rev().map(|strip| {
        let mut sum = 0.0;
        products(features, strip.clone(), features, strip.end, |first, width, products| {
            for (row, line) in strip.clone().zip(products.chunks_exact(width)) {
                let before = &line[..row.saturating_sub(first).min(width)];
                sum += before.iter().map(|&p| cubic(p, features.columns())).sum::<f64>();
            }
        });
        sum
    });
    let sums: Vec<f64> = sums.collect();
    2.0 * sums.iter().sum::<f64>() / (rows as f64 * (rows - 1) as f64)
}

/// The mean kernel of a row of each.
fn mean_between(a: &Features, b: &Features) -> f64 {
    let sums = strips(a.rows()).map(|strip| {
        let mut sum = 0.0;
        products(a, strip, b, b.rows(), |_, _, products| {
            sum += products.iter().map(|&p| cubic(p, a.columns())).sum::<f64>();
        });
        sum
    });
    let sums: Vec<f64> = sums.collect();
    sums.iter().sum::<f64>() / (a.rows() as f64 * b.rows() as f64)
}
