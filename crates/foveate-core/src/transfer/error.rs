//! What can be wrong with features and with what is learned from them.

use std::path::PathBuf;

use crate::SettingError;
use crate::image::PictureError;
use crate::models::{UnknownArchitecture, UnknownLayer, weights::WeightsError};
use crate::train::CheckpointError;

/// Features that cannot be made, or a classifier that cannot be learned or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The network has no such layer.
    #[error(transparent)]
    Layer(#[from] UnknownLayer),
    /// Features that have no such name.
    #[error(
        "`{text}` names no features: expected network:layer or network:layer:pooled, as \
         squeezenet1_1:features:pooled"
    )]
    Spec {
        /// What was given.
        text: String,
    },
    /// No network has this name.
    #[error(transparent)]
    Architecture(#[from] UnknownArchitecture),
    /// A picture that cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// There is nothing to learn from, or to validate by.
    #[error(
        "no pictures are given: expected one or more for training, and for validation if it is asked for"
    )]
    NoPictures,
    /// A training whose loss is no number any more.
    #[error(
        "the loss is not finite in step {step} of epoch {epoch}, at a learning rate of {rate}: lower the learning rate"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// Its step, from 1.
        step: usize,
        /// The learning rate.
        rate: f64,
    },
    /// A checkpoint that cannot be written, or not be gone on from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Weights that cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
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
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A class has too few rows to learn from.
    #[error(
        "class {} has {found} rows of features{why}: expected {needed} or more; add pictures of it, or leave it out",
        name.as_ref().unwrap_or(&class.to_string())
    )]
    Sparse {
        /// The class.
        class: usize,
        /// Its name, once [`named`](TransferError::named) has told it.
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
    /// A file that is no model, or a damaged one.
    #[error("{path}: expected a model written by TransferModel::save: {reason}; save it again", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder that cannot be read or written.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        reason: std::io::Error,
    },
}

impl TransferError {
    /// The same, with the name of the class that it is about: what learns from rows and labels knows none.
    #[must_use]
    pub fn named(mut self, classes: &[String]) -> Self {
        if let Self::Sparse { class, name, .. } = &mut self {
            *name = classes.get(*class).cloned();
        }
        self
    }
}
