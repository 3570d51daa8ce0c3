//! [`InceptionScore`]: Salimans et al., 2016.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::error::{MetricError, finite};
use crate::learn::Features;
use crate::setting::at_least;

/// How [`InceptionScore`] splits the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InceptionSettings {
    /// Parts of the rows that are scored by themselves.
    pub splits: usize,
    /// Seed of a shuffle before; without one, rows stay in their order, which must not be that of
    /// the classes.
    pub shuffle: Option<u64>,
}

impl Default for InceptionSettings {
    fn default() -> Self {
        Self { splits: 10, shuffle: Some(0) }
    }
}

/// How sure a classifier is of each sample, and how evenly they spread over the classes: from 1, of samples
/// that all look the same to it, to the number of classes. It never sees the data.
///
/// `exp E KL(p(y | x) || p(y))` of the classifier's predictions `p(y | x)` and their mean `p(y)`: Tim Salimans, Ian
/// Goodfellow, Wojciech Zaremba, Vicki Cheung, Alec Radford, Xi Chen, *Improved Techniques for Training GANs*,
/// 2016, <https://arxiv.org/abs/1606.03498>, section 4; over splits and after a shuffle as in torch-fidelity (the
/// authors' code does not shuffle).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InceptionScore {
    /// The mean over splits. It is biased: the score of few samples is too low.
    pub mean: f64,
    /// Their standard deviation (over `n`).
    pub deviation: f64,
}

impl InceptionScore {
    /// Scores rows of class probabilities, one a sample.
    ///
    /// # Errors
    ///
    /// [`MetricError::Setting`] for no splits, [`MetricError::Rows`] for fewer rows than splits,
    /// [`MetricError::NotFinite`], and [`MetricError::Probabilities`] for rows with numbers below 0 or a sum that
    /// is not 1 (within 1e-3).
    pub fn of(probabilities: &Features, settings: &InceptionSettings) -> Result<Self, MetricError> {
        let (found, splits) = (probabilities.rows(), settings.splits);
        at_least("splits", splits, 1)?;
        if found < splits {
            let what = "for every split; take more samples or fewer splits";
            return Err(MetricError::Rows { set: "given", found, needed: splits, what });
        }
        finite(probabilities, "given")?;
        for (row, values) in probabilities.iter().enumerate() {
            let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
            let least = values.iter().copied().fold(f32::INFINITY, f32::min);
            if least < 0.0 || (sum - 1.0).abs() > 1e-3 {
                return Err(MetricError::Probabilities { row, sum, least });
            }
        }
        let mut rows: Vec<&[f32]> = probabilities.iter().collect();
        if let Some(seed) = settings.shuffle {
            rows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        }
        let bound = |split: usize| split * found / splits;
        let scores = (0..splits).map(|split| score(&rows[bound(split)..bound(split + 1)]));
        let scores: Vec<f64> = scores.collect();
        let mean = scores.iter().sum::<f64>() / splits as f64;
        let variance =
            scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / splits as f64;
        Ok(Self { mean, deviation: variance.sqrt() })
    }
}

/// `exp (H(mean) - mean H)`: the mean divergence from the mean.
fn score(rows: &[&[f32]]) -> f64 {
    let count = rows.len() as f64;
    let mut mean = vec![0.0; rows[0].len()];
    let mut negative_entropy = 0.0;
    for row in rows {
        // To 1 beyond the seven digits of f32.
        let sum: f64 = row.iter().map(|&value| f64::from(value)).sum();
        for (mean, &value) in mean.iter_mut().zip(*row) {
            let probability = f64::from(value) / sum;
            *mean += probability / count;
            negative_entropy += log_term(probability) / count;
        }
    }
    (negative_entropy - mean.into_iter().map(log_term).sum::<f64>()).exp()
}

/// `p ln p`, and its limit at 0.
fn log_term(probability: f64) -> f64 {
    if probability > 0.0 { probability * probability.ln() } else { 0.0 }
}
