//! What can be wrong with what is to be measured.

use crate::SettingError;
use crate::image::ImageError;
use crate::learn::Features;

/// Features, probabilities or labels that a metric cannot be computed of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// An image that cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Two sets with rows of different length.
    #[error(
        "the {} features have {} columns, the {} ones {}: expected both of the same layer of one network",
        .sets[0], .columns[0], .sets[1], .columns[1]
    )]
    Columns {
        /// Names of the two sets.
        sets: [&'static str; 2],
        /// Their columns.
        columns: [usize; 2],
    },
    /// NaN or infinity among the features.
    #[error(
        "row {row}, column {column} of the {set} features is {value}: expected finite numbers; has the \
         network or the generator diverged?"
    )]
    NotFinite {
        /// Name of the set.
        set: &'static str,
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// Too few rows.
    #[error("the {set} features have {found} rows: expected {needed} or more {what}")]
    Rows {
        /// Name of the set.
        set: &'static str,
        /// Its rows.
        found: usize,
        /// How many are needed.
        needed: usize,
        /// What for, and what to do.
        what: &'static str,
    },
    /// Too few rows for their covariance to be of full rank.
    #[error(
        "the {set} features have {rows} rows of {columns} columns, and their covariance is singular: \
         expected {} rows or more for the Fréchet distance; take more samples, or the kernel distance (KID)",
        .columns + 1
    )]
    Singular {
        /// Name of the set.
        set: &'static str,
        /// Rows of the set.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
    /// A row that is no distribution over classes.
    #[error(
        "row {row} adds up to {sum}, its least number is {least}: expected probabilities of classes; \
         take the softmax of logits first"
    )]
    Probabilities {
        /// The row.
        row: usize,
        /// The sum of its numbers.
        sum: f64,
        /// The least of them.
        least: f32,
    },
    /// No labels, or not one for each sample.
    #[error(
        "{found} predicted labels for {expected}: expected one for each sample, and one or more"
    )]
    Labels {
        /// Labels predicted.
        found: usize,
        /// Labels asked for or, where samples are compared with data, the data's.
        expected: usize,
    },
    /// A label that is no class.
    #[error("sample {row} has the label {label}, and there are {classes} classes: expected 0 to {}", .classes.saturating_sub(1))]
    Label {
        /// The sample's place.
        row: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// Features of finite numbers.
pub(super) fn finite(features: &Features, set: &'static str) -> Result<(), MetricError> {
    match features.not_finite() {
        None => Ok(()),
        Some(([row, column], value)) => Err(MetricError::NotFinite { set, row, column, value }),
    }
}

/// Features of equal width, finite, of `needed` rows or more.
pub(super) fn comparable(
    features: [&Features; 2],
    sets: [&'static str; 2],
    needed: usize,
    what: &'static str,
) -> Result<(), MetricError> {
    let columns = features.map(Features::columns);
    if columns[0] != columns[1] {
        return Err(MetricError::Columns { sets, columns });
    }
    for (features, set) in features.into_iter().zip(sets) {
        let found = features.rows();
        if found < needed {
            return Err(MetricError::Rows { set, found, needed, what });
        }
        finite(features, set)?;
    }
    Ok(())
}
