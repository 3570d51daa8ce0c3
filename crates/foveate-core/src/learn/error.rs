//! What can be wrong with features and labels.

use crate::SettingError;

/// Features and labels that nothing can be learned from, or that a classifier does not take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// One label for each row is needed.
    #[error("{rows} rows of features and {labels} labels: expected one label a row")]
    Labels {
        /// Rows of features.
        rows: usize,
        /// Labels given.
        labels: usize,
    },
    /// A label that is no class.
    #[error("row {row} has the label {label}, and there are {classes} classes: from 0 to {}", .classes.saturating_sub(1))]
    Label {
        /// The row.
        row: usize,
        /// Label of the row.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A class has too few rows to learn from.
    #[error(
        "class {} has {found} rows of features{why}: expected {needed} or more; add images of it, or leave it out",
        name.as_ref().unwrap_or(&class.to_string())
    )]
    Sparse {
        /// The class.
        class: usize,
        /// Name of the class, once [`named`](LearnError::named) has added it.
        name: Option<String>,
        /// Its rows.
        found: usize,
        /// How many are needed.
        needed: usize,
        /// What for; empty, or ` for 5 folds`.
        why: String,
    },
    /// One class leaves nothing to tell apart.
    #[error("all rows are of one class: expected two classes or more")]
    OneClass,
    /// NaN or infinity among the features.
    #[error("row {row}, column {column} of the features is {value}: expected finite numbers")]
    NotFinite {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// Features of another length than were learned from.
    #[error(
        "features of {found} dimensions are given, and {expected} were learned from: are they of the same layer?"
    )]
    Dimensions {
        /// What was learned from.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

impl LearnError {
    /// The same, with the name of the class that it is about: what learns from rows and labels knows none.
    #[must_use]
    pub fn named(mut self, classes: &[String]) -> Self {
        if let Self::Sparse { class, name, .. } = &mut self {
            *name = classes.get(*class).cloned();
        }
        self
    }
}
