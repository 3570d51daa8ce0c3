//! [`Prdc`]: precision, recall, density and coverage.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::error::{MetricError, comparable};
use super::pairs::{Distances, strips};
use crate::learn::Features;
use crate::setting::at_least;

/// How generated rows lie among real ones. In expectation, two sets of one distribution have a density
/// of 1 and a coverage of `1 - 2^-k`.
///
/// A set is taken for the union of balls around its rows, each as large as the distance to its k-th nearest
/// other row: Tuomas Kynkäänniemi, Tero Karras, Samuli Laine, Jaakko Lehtinen, Timo Aila, *Improved Precision and
/// Recall Metric for Assessing Generative Models*, 2019, <https://arxiv.org/abs/1904.06991>; density and coverage:
/// Muhammad Ferjad Naeem, Seong Joon Oh, Youngjung Uh, Yunjey Choi, Jaejun Yoo, *Reliable Fidelity and Diversity
/// Metrics for Generative Models*, 2020, <https://arxiv.org/abs/2002.09797>, whose published code (`prdc` 0.2)
/// this follows in all four. As there, balls are open: a row at the very distance of the radius is outside; the
/// paper of 2019 has them closed, and k = 3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prdc {
    /// Fidelity: the share of generated rows in a ball of a real one. In `[0, 1]`.
    pub precision: f64,
    /// Diversity: the share of real rows in a ball of a generated one. In `[0, 1]`.
    pub recall: f64,
    /// Fidelity that outliers spoil less: in how many real balls a generated row lies on average,
    /// divided by k. From 0; may exceed 1.
    pub density: f64,
    /// Diversity that outliers spoil less: the share of real balls that hold a generated row. In
    /// `[0, 1]`.
    pub coverage: f64,
}

impl Prdc {
    /// The k of Naeem et al.
    pub const NEAREST_K: usize = 5;

    /// Measures generated rows against real ones with balls up to the `nearest_k`-th neighbor.
    ///
    /// Time: `(real + generated)² columns`; memory: a strip of 128 rows of distances a thread.
    ///
    /// # Errors
    ///
    /// [`MetricError::Setting`] for a `nearest_k` of 0, [`MetricError::Columns`], [`MetricError::Rows`] if either
    /// set has no more than `nearest_k` rows, [`MetricError::NotFinite`].
    pub fn of(
        real: &Features,
        generated: &Features,
        nearest_k: usize,
    ) -> Result<Self, MetricError> {
        at_least("nearest_k", nearest_k, 1)?;
        let sets = ["real", "generated"];
        comparable([real, generated], sets, nearest_k + 1, "for the k-th neighbor of each")?;
        let real_radii = radii(real, nearest_k);
        let generated_radii = radii(generated, nearest_k);
        let precise: Vec<AtomicBool> = generated_radii.iter().map(|_| false.into()).collect();
        let distances = Distances::new(real, generated);
        let counts = strips(real.rows()).map(|rows| {
            let strip = distances.strip(rows.clone());
            let mut inside = vec![false; generated.rows()];
            let (mut recalled, mut within, mut covered) = (0, 0, 0);
            for (distances, &radius) in strip.chunks_exact(generated.rows()).zip(&real_radii[rows])
            {
                let mut pairs = distances.iter().zip(&generated_radii);
                recalled += usize::from(pairs.any(|(distance, radius)| distance < radius));
                let mut held = 0_u32;
                for (inside, &distance) in inside.iter_mut().zip(distances) {
                    *inside |= distance < radius;
                    held += u32::from(distance < radius);
                }
                within += held as usize;
                covered += usize::from(held > 0);
            }
            for (precise, _) in precise.iter().zip(&inside).filter(|(_, inside)| **inside) {
                precise.store(true, Ordering::Relaxed);
            }
            [recalled, within, covered]
        });
        let add = |a: [usize; 3], b: [usize; 3]| std::array::from_fn(|at| a[at] + b[at]);
        let [recalled, within, covered] = counts.reduce(|| [0; 3], add);
        let precise = precise.into_iter().filter(|precise| precise.load(Ordering::Relaxed)).count();
        let (reals, samples) = (real.rows() as f64, generated.rows() as f64);
        Ok(Self {
            precision: precise as f64 / samples,
            recall: recalled as f64 / reals,
            density: within as f64 / (nearest_k as f64 * samples),
            coverage: covered as f64 / reals,
        })
    }
}

/// The distance of each row to its k-th nearest other.
fn radii(features: &Features, k: usize) -> Vec<f32> {
    let distances = Distances::new(features, features);
    let radii = strips(features.rows()).flat_map_iter(|rows| {
        let mut strip = distances.strip(rows.clone());
        let radius = |(row, distances): (usize, &mut [f32])| {
            // To itself, exactly: the first of k + 1.
            distances[row] = 0.0;
            *distances.select_nth_unstable_by(k, f32::total_cmp).1
        };
        rows.zip(strip.chunks_exact_mut(features.rows())).map(radius).collect::<Vec<_>>()
    });
    radii.collect()
}
