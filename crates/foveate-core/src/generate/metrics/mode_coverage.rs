//! [`ModeCoverage`] and [`conditional_accuracy`]: what the labels say that a classifier gives to samples.

use super::error::MetricError;

/// Which classes samples are of, beside those of the data.
///
/// A mode, one of the classes, is covered if one sample or more is given its label, and the samples' histogram
/// of labels is compared with the data's by `KL(samples || data)`: Luke Metz, Ben Poole, David Pfau, Jascha
/// Sohl-Dickstein, *Unrolled Generative Adversarial Networks*, 2017, <https://arxiv.org/abs/1611.02163>, section
/// 3.3, on three digits stacked as colors, 1,000 classes; so do Zinan Lin, Ashish Khetan, Giulia Fanti, Sewoong
/// Oh, *PacGAN: The power of two samples in generative adversarial networks*, 2018,
/// <https://arxiv.org/abs/1712.04086>, of 26,000 samples. Both numbers depend on how many samples there are.
/// Deviation: the data's histogram is counted, not taken to be even.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ModeCoverage {
    /// Classes that one sample or more is of.
    pub covered: usize,
    /// Classes that there are.
    pub classes: usize,
    /// The Kullback-Leibler divergence of the samples' histogram of labels from the data's, in nats: 0 if
    /// they are proportional, infinite if a sample is of a class that the data lacks.
    pub divergence: f64,
}

impl ModeCoverage {
    /// Counts the labels of samples, and of data. Their numbers may differ.
    ///
    /// # Errors
    ///
    /// [`MetricError::Labels`] if either is empty, [`MetricError::Label`] for one that is no class.
    pub fn of(predicted: &[usize], data: &[usize], classes: usize) -> Result<Self, MetricError> {
        if predicted.is_empty() || data.is_empty() {
            return Err(MetricError::Labels { found: predicted.len(), expected: data.len() });
        }
        let [samples, data] = [histogram(predicted, classes)?, histogram(data, classes)?];
        let terms = samples.iter().zip(&data).filter(|(sample, _)| **sample > 0.0);
        let divergence = terms.map(|(sample, data)| sample * (sample / data).ln()).sum::<f64>();
        let covered = samples.iter().filter(|&&share| share > 0.0).count();
        // Not below 0 by rounding.
        Ok(Self { covered, classes, divergence: divergence.max(0.0) })
    }
}

/// The share of samples whose predicted label is the one that was asked for, in `[0, 1]`.
///
/// # Errors
///
/// [`MetricError::Labels`] if there are none, or not equally many of both.
pub fn conditional_accuracy(predicted: &[usize], asked: &[usize]) -> Result<f64, MetricError> {
    if predicted.is_empty() || predicted.len() != asked.len() {
        return Err(MetricError::Labels { found: predicted.len(), expected: asked.len() });
    }
    let right = predicted.iter().zip(asked).filter(|(found, asked)| found == asked).count();
    Ok(right as f64 / predicted.len() as f64)
}

/// The share of each class.
fn histogram(labels: &[usize], classes: usize) -> Result<Vec<f64>, MetricError> {
    let mut counts = vec![0_usize; classes];
    for (row, &label) in labels.iter().enumerate() {
        *counts.get_mut(label).ok_or(MetricError::Label { row, label, classes })? += 1;
    }
    Ok(counts.into_iter().map(|count| count as f64 / labels.len() as f64).collect())
}
