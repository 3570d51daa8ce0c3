//! What can go wrong between images and a classifier of them.

use std::path::PathBuf;

use crate::SettingError;
use crate::image::ImageError;
use crate::learn::LearnError;
use crate::models::{UnknownArchitecture, UnknownLayer, weights::WeightsError};
use crate::train::{CheckpointError, held};

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
    /// An image that cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// There is nothing to learn from, or to validate by.
    #[error(
        "no images are given: expected one or more for training, and for validation if it is asked for"
    )]
    NoImages,
    /// A training whose loss is not finite.
    #[error(
        "the loss is not finite in step {step} of epoch {epoch}, at a learning rate of {rate}: lower the learning rate{}",
        held(.checkpoint, "epochs")
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
        /// The learning rate.
        rate: f64,
        /// The last good checkpoint.
        checkpoint: Option<PathBuf>,
    },
    /// A checkpoint that cannot be written, or not be resumed from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Weights that cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Features and labels that nothing can be learned from.
    #[error(transparent)]
    Learn(#[from] LearnError),
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
        /// The system's error.
        reason: std::io::Error,
    },
}
