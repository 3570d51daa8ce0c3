//! [`LinearClassifier`]: weights and biases, whoever learned them; and what all learners check first.

use super::error::LearnError;
use super::features::Features;
use super::products::project;
use crate::values::argmax;

/// A score for each class, `weights x + bias`; the class with the highest one is predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearClassifier {
    /// `[classes, dimensions]`, row by row.
    pub(super) weights: Vec<f32>,
    /// `[classes]`.
    pub(super) bias: Vec<f32>,
}

impl LinearClassifier {
    /// Takes weights `[classes, dimensions]` row by row, and one bias a class.
    ///
    /// # Panics
    ///
    /// If there is no class, or the weights do not make one row a class.
    pub fn new(weights: Vec<f32>, bias: Vec<f32>) -> Self {
        assert!(
            !bias.is_empty() && !weights.is_empty() && weights.len().is_multiple_of(bias.len())
        );
        Self { weights, bias }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// Length of the features it takes.
    pub fn dimensions(&self) -> usize {
        self.weights.len() / self.bias.len()
    }

    /// Weights `[classes, dimensions]`, row by row.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// One bias a class.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// `weights x + bias` for every row: as many columns as classes. Sums are in f64.
    ///
    /// # Errors
    ///
    /// [`LearnError::Dimensions`], [`LearnError::NotFinite`].
    pub fn scores(&self, features: &Features) -> Result<Features, LearnError> {
        let (expected, found) = (self.dimensions(), features.columns());
        if expected != found {
            return Err(LearnError::Dimensions { expected, found });
        }
        finite(features)?;
        let weights: Vec<f64> = self.weights.iter().map(|&weight| f64::from(weight)).collect();
        let mut scores = project(features, &weights);
        for row in scores.chunks_exact_mut(self.classes()) {
            row.iter_mut().zip(&self.bias).for_each(|(score, &bias)| *score += f64::from(bias));
        }
        let scores = scores.into_iter().map(|score| score as f32).collect();
        Ok(Features::new(scores, self.classes()))
    }

    /// The softmax of the scores of every row, in `[0, 1]`: probabilities, if
    /// [`LogisticRegression`](crate::transfer::LogisticRegression) has learned the classifier. An SVM's scores
    /// are none.
    ///
    /// # Errors
    ///
    /// As [`scores`](Self::scores).
    pub fn softmax(&self, features: &Features) -> Result<Features, LearnError> {
        let scores = self.scores(features)?;
        let softmax = |row: &[f32]| -> Vec<f32> {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let powers: Vec<f32> = row.iter().map(|score| (score - most).exp()).collect();
            let sum: f32 = powers.iter().sum();
            powers.into_iter().map(|power| power / sum).collect()
        };
        Ok(Features::new(scores.iter().flat_map(softmax).collect(), self.classes()))
    }

    /// The class of the highest score of every row, the first of equal ones.
    ///
    /// # Errors
    ///
    /// As [`scores`](Self::scores).
    pub fn predict(&self, features: &Features) -> Result<Vec<usize>, LearnError> {
        let scores = self.scores(features)?;
        Ok(scores.iter().map(argmax).collect())
    }
}

/// All features are numbers.
pub(super) fn finite(features: &Features) -> Result<(), LearnError> {
    match features.not_finite() {
        None => Ok(()),
        Some(([row, column], value)) => Err(LearnError::NotFinite { row, column, value }),
    }
}

/// What every learner needs: finite features, a label below `classes` for each row, and a row or
/// more of every class, of which there are at least two.
pub(super) fn learnable(
    features: &Features,
    labels: &[usize],
    classes: usize,
) -> Result<(), LearnError> {
    labeled(features, 0..features.rows(), labels, classes)?;
    finite(features)
}

/// As [`learnable`] for some of the rows, whatever the features' values.
pub(super) fn labeled(
    features: &Features,
    mut rows: impl Iterator<Item = usize>,
    labels: &[usize],
    classes: usize,
) -> Result<(), LearnError> {
    if features.rows() != labels.len() {
        return Err(LearnError::Labels { rows: features.rows(), labels: labels.len() });
    }
    if classes < 2 {
        return Err(LearnError::OneClass);
    }
    let mut found = vec![0; classes];
    rows.try_for_each(|row| {
        let label = labels[row];
        *found.get_mut(label).ok_or(LearnError::Label { row, label, classes })? += 1;
        Ok::<_, LearnError>(())
    })?;
    if let Some(class) = found.iter().position(|&rows| rows == 0) {
        if found.iter().filter(|&&rows| rows > 0).count() == 1 {
            return Err(LearnError::OneClass);
        }
        return Err(LearnError::Sparse {
            class,
            name: None,
            found: 0,
            needed: 1,
            why: String::new(),
        });
    }
    Ok(())
}
