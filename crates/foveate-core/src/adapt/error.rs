//! What can be wrong with an adaptation.

use std::path::PathBuf;

use crate::SettingError;
use crate::models::UnknownLayer;
use crate::train::{CheckpointError, held};

/// A training that cannot begin, or not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdaptError {
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Too few images for one step.
    #[error(
        "the {set} holds {found} images: expected {needed} or more; add some, or make the batch smaller"
    )]
    TooFew {
        /// Name of the set.
        set: &'static str,
        /// Its images.
        found: usize,
        /// Those of a batch, or one.
        needed: usize,
    },
    /// Images of another size.
    #[error("the {set} holds images of {}x{} pixels: expected {}x{}", .found[0], .found[1], .expected[0], .expected[1])]
    Size {
        /// Name of the set.
        set: &'static str,
        /// Height and width.
        found: [usize; 2],
        /// What the preprocessing gives.
        expected: [usize; 2],
    },
    /// A label that is no class of the network.
    #[error("image {image} of the {set} has the label {label}, and the network has {classes} classes: from 0 to {}", .classes - 1)]
    Label {
        /// Name of the set.
        set: &'static str,
        /// Place of the image in the set.
        image: usize,
        /// Label of the image.
        label: usize,
        /// Classes of the network.
        classes: usize,
    },
    /// the network's feature layer is none of its layers.
    #[error(transparent)]
    Layer(#[from] UnknownLayer),
    /// A training whose loss is not finite.
    #[error(
        "the loss is not finite in step {step} of epoch {epoch} (classes {class_loss}, domains {domain_loss}, lambda \
         {lambda}, learning rate {rate:e}): lower the learning rate, or lambda{}", held(.checkpoint, "epochs")
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// Step of the epoch, from 1.
        step: usize,
        /// The loss of the classes.
        class_loss: f32,
        /// The loss of the domains; 0 without a domain head.
        domain_loss: f32,
        /// The reversed gradient's factor.
        lambda: f64,
        /// The learning rate.
        rate: f64,
        /// The last good checkpoint.
        checkpoint: Option<PathBuf>,
    },
    /// A checkpoint that cannot be written, or not be resumed from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
