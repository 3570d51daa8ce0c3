//! Splits of the training rows, every class alike in every part, and a choice among settings by them.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::error::LearnError;
use crate::SettingError;
use crate::setting::at_least;

/// Row numbers to learn from and to judge by, each in rising order, no row in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to judge by.
    pub validation: Vec<usize>,
}

/// Cuts the rows into `folds` parts, each of which validates once what the others teach. The rows of
/// every class, drawn at random, are spread to within one row, and so are the sizes of the parts.
///
/// # Errors
///
/// [`LearnError::Setting`] for fewer than two folds, [`LearnError::Sparse`] for a class with
/// fewer rows than folds. Numbers without any row are no class.
pub fn stratified_k_fold(
    labels: &[usize],
    folds: usize,
    seed: u64,
) -> Result<Vec<Fold>, LearnError> {
    at_least("folds", folds, 2)?;
    let mut part = vec![0; labels.len()];
    // Dealt round and round, on from where the class before ended.
    let mut next = 0;
    for rows in shuffled(labels, folds, format!(" for {folds} folds"), seed)? {
        for row in rows {
            part[row] = next % folds;
            next += 1;
        }
    }
    let fold = |number: usize| {
        let (validation, train) = (0..labels.len()).partition(|&row| part[row] == number);
        Fold { train, validation }
    };
    Ok((0..folds).map(fold).collect())
}

/// Keeps `fraction` of the rows of every class, rounded but at least one and not all, for validation.
///
/// # Errors
///
/// [`LearnError::Setting`] if the fraction is not between 0 and 1, [`LearnError::Sparse`] for a
/// class of one row. Numbers without any row are no class.
pub fn stratified_split(labels: &[usize], fraction: f64, seed: u64) -> Result<Fold, LearnError> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return SettingError::refuse("fraction", fraction, "more than 0 and less than 1");
    }
    let mut fold = Fold { train: Vec::new(), validation: Vec::new() };
    for rows in shuffled(labels, 2, " for a split".into(), seed)? {
        let kept = (rows.len() as f64 * fraction).round() as usize;
        let (validation, train) = rows.split_at(kept.clamp(1, rows.len() - 1));
        fold.validation.extend(validation);
        fold.train.extend(train);
    }
    fold.train.sort_unstable();
    fold.validation.sort_unstable();
    Ok(fold)
}

/// The rows of every class that has some, drawn at random.
fn shuffled(
    labels: &[usize],
    needed: usize,
    why: String,
    seed: u64,
) -> Result<Vec<Vec<usize>>, LearnError> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut classes = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    labels.iter().enumerate().for_each(|(row, &class)| classes.entry(class).or_default().push(row));
    if let Some((&class, rows)) = classes.iter().find(|(_, rows)| rows.len() < needed) {
        return Err(LearnError::Sparse { class, name: None, found: rows.len(), needed, why });
    }
    let mut rows: Vec<_> = classes.into_values().collect();
    rows.iter_mut().for_each(|rows| rows.shuffle(&mut random));
    Ok(rows)
}

/// What the folds say of one candidate.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoldScores {
    /// Mean of the accuracies of the folds.
    pub mean: f64,
    /// Their standard deviation, over the number of folds less one; 0 of one fold.
    pub deviation: f64,
    /// The accuracy of every fold.
    pub folds: Vec<f64>,
}

/// What the folds say of every candidate: a choice among settings that does not touch the rows of the test.
///
/// Kohavi, "A study of cross-validation and bootstrap for accuracy estimation and model selection",
/// IJCAI 1995, <https://www.ijcai.org/Proceedings/95-2/Papers/016.pdf>.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    /// One for every candidate.
    pub scores: Vec<FoldScores>,
    /// The candidate of the highest mean, the first of equal ones: name the most regularized first.
    pub best: usize,
}

impl CrossValidation {
    /// Asks `accuracy` for the accuracy of every candidate on every fold: it learns from the rows
    /// `fold.train` and judges on the rows `fold.validation`.
    ///
    /// # Errors
    ///
    /// Those of `accuracy`; [`LearnError::Setting`] if there is no candidate, no fold, or an
    /// accuracy is NaN.
    pub fn run<C>(
        candidates: &[C],
        folds: &[Fold],
        mut accuracy: impl FnMut(&C, &Fold) -> Result<f64, LearnError>,
    ) -> Result<Self, LearnError> {
        if candidates.is_empty() || folds.is_empty() {
            let found = format!("{} on {} folds", candidates.len(), folds.len());
            return SettingError::refuse("candidates", found, "one or more of both");
        }
        let mut score = |candidate| -> Result<FoldScores, LearnError> {
            let folds: Vec<f64> =
                folds.iter().map(|fold| accuracy(candidate, fold)).collect::<Result<_, _>>()?;
            let mean = folds.iter().sum::<f64>() / folds.len() as f64;
            if mean.is_nan() {
                return SettingError::refuse("accuracy", mean, "a number");
            }
            let squares: f64 = folds.iter().map(|accuracy| (accuracy - mean).powi(2)).sum();
            let deviation = (squares / (folds.len() - 1).max(1) as f64).sqrt();
            Ok(FoldScores { mean, deviation, folds })
        };
        let scores: Vec<FoldScores> =
            candidates.iter().map(&mut score).collect::<Result<_, _>>()?;
        let best = (1..scores.len())
            .fold(0, |best, at| if scores[at].mean > scores[best].mean { at } else { best });
        Ok(Self { scores, best })
    }
}
