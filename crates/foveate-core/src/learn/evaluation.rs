//! [`Evaluation`]: how often a classifier is right, on what, and how sure that number is.

use std::fmt;
use std::ops::RangeInclusive;

use super::error::LearnError;
use crate::setting::at_least;

/// Predictions beside the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    classes: Vec<String>,
    /// Rows of the features by `[true][predicted]`.
    confusion: Vec<Vec<usize>>,
}

/// How sure an interval is to hold the true value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Confidence {
    /// 90 %.
    Percent90,
    /// 95 %.
    #[default]
    Percent95,
    /// 99 %.
    Percent99,
}

impl Confidence {
    /// Standard deviations of a normal distribution that lie around the middle.
    fn deviations(self) -> f64 {
        match self {
            Self::Percent90 => 1.644_853_626_951_472_7,
            Self::Percent95 => 1.959_963_984_540_054_2,
            Self::Percent99 => 2.575_829_303_548_901,
        }
    }
}

impl Evaluation {
    /// Counts predictions, with one name for every class.
    ///
    /// # Errors
    ///
    /// [`LearnError::Labels`] for lists of different lengths, [`LearnError::Label`] for a
    /// prediction or label without a name, [`LearnError::Setting`] if there is nothing to count.
    pub fn new(
        predicted: &[usize],
        labels: &[usize],
        classes: &[String],
    ) -> Result<Self, LearnError> {
        if predicted.len() != labels.len() {
            return Err(LearnError::Labels { rows: predicted.len(), labels: labels.len() });
        }
        at_least("rows to evaluate", labels.len(), 1)?;
        let mut confusion = vec![vec![0; classes.len()]; classes.len()];
        for (row, (&found, &label)) in predicted.iter().zip(labels).enumerate() {
            let wrong = found.max(label);
            if wrong >= classes.len() {
                let classes = classes.len();
                return Err(LearnError::Label { row, label: wrong, classes });
            }
            confusion[label][found] += 1;
        }
        Ok(Self { classes: classes.to_vec(), confusion })
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How many rows of each class were taken for which, `[true][predicted]`.
    pub fn confusion(&self) -> &[Vec<usize>] {
        &self.confusion
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.confusion.iter().flatten().sum()
    }

    /// Number of rows whose prediction is right.
    pub fn correct(&self) -> usize {
        (0..self.classes.len()).map(|class| self.confusion[class][class]).sum()
    }

    /// The share of right predictions, in `[0, 1]`.
    pub fn accuracy(&self) -> f64 {
        self.correct() as f64 / self.rows() as f64
    }

    /// Of the rows of each class, the share recognized; `None` for a class without rows.
    pub fn recall(&self) -> Vec<Option<f64>> {
        let rows = |class: usize| self.confusion[class].iter().sum();
        self.shares(rows)
    }

    /// Of the rows taken for each class, the share that is; `None` for a class never predicted.
    pub fn precision(&self) -> Vec<Option<f64>> {
        let taken = |class: usize| self.confusion.iter().map(|row| row[class]).sum();
        self.shares(taken)
    }

    fn shares(&self, of: impl Fn(usize) -> usize) -> Vec<Option<f64>> {
        let share = |class: usize| match of(class) {
            0 => None,
            all => Some(self.confusion[class][class] as f64 / all as f64),
        };
        (0..self.classes.len()).map(share).collect()
    }

    /// Where the accuracy on ever more such rows would lie: Wilson's score interval.
    ///
    /// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158),
    /// 1927, <https://doi.org/10.1080/01621459.1927.10502953>; without continuity correction.
    pub fn interval(&self, confidence: Confidence) -> RangeInclusive<f64> {
        wilson(self.correct(), self.rows(), confidence)
    }
}

fn wilson(right: usize, rows: usize, confidence: Confidence) -> RangeInclusive<f64> {
    let (share, n) = (right as f64 / rows as f64, rows as f64);
    let z = confidence.deviations();
    let scale = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // Rounding would put the ends of none and all beside 0 and 1.
    let low = if right == 0 { 0.0 } else { middle - half };
    let high = if right == rows { 1.0 } else { middle + half };
    low..=high
}

impl fmt::Display for Evaluation {
    /// Accuracy with its 95 % interval, and a line for every class.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interval = self.interval(Confidence::Percent95);
        let (accuracy, right, rows) = (100.0 * self.accuracy(), self.correct(), self.rows());
        let (low, high) = (100.0 * interval.start(), 100.0 * interval.end());
        writeln!(f, "accuracy {accuracy:.2} % ({right} of {rows}; 95 %: {low:.2} to {high:.2} %)")?;
        let width = self.classes.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        write!(f, "\n{:width$}    rows   recall  precision  most often taken for", "class")?;
        let percent =
            |share: Option<f64>| share.map_or("-".into(), |s| format!("{:.1} %", 100.0 * s));
        let shares = self.recall().into_iter().zip(self.precision());
        for (class, (recall, precision)) in shares.enumerate() {
            let row = &self.confusion[class];
            let (rows, name) = (row.iter().sum::<usize>(), &self.classes[class]);
            let (recall, precision) = (percent(recall), percent(precision));
            write!(f, "\n{name:width$}  {rows:>6}  {recall:>7}  {precision:>9}")?;
            let others = (0..row.len()).filter(|&other| other != class && row[other] > 0);
            // The first of equal ones.
            if let Some(other) = others.rev().max_by_key(|&other| row[other]) {
                write!(f, "  {} ({})", self.classes[other], row[other])?;
            }
        }
        Ok(())
    }
}
