//! What can be wrong with a training.

use std::path::PathBuf;

use crate::SettingError;
use crate::train::{CheckpointError, held};

/// A training that cannot begin, or not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Too few images for one step.
    #[error(
        "there are {found} images: expected {needed} or more; add some, or make the batch smaller"
    )]
    TooFew {
        /// The images.
        found: usize,
        /// Images of a batch.
        needed: usize,
    },
    /// Images of another size.
    #[error(
        "the images have {} channels and {}x{} pixels: expected {} and {}x{}, as the generator gives; \
         see Images::resized", .found[0], .found[1], .found[2], .expected[0], .expected[1], .expected[2]
    )]
    Size {
        /// Channels, height and width.
        found: [usize; 3],
        /// The generator's.
        expected: [usize; 3],
    },
    /// A label that is no class of the generator.
    #[error("image {image} has the label {label}, and the generator has {classes} classes: from 0 to {}", .classes - 1)]
    Label {
        /// Place of the image.
        image: usize,
        /// Label of the image.
        label: usize,
        /// Classes of the generator.
        classes: usize,
    },
    /// A training whose losses are not finite.
    #[error(
        "the losses are not finite in iteration {iteration} (discriminator {discriminator_loss}, generator \
         {generator_loss}, learning rates {rates:?}): lower the learning rates{}", held(.checkpoint, "good iterations")
    )]
    Diverged {
        /// Iteration, from 1.
        iteration: usize,
        /// The discriminator's loss.
        discriminator_loss: f64,
        /// The generator's.
        generator_loss: f64,
        /// Learning rates of discriminator and generator.
        rates: [f64; 2],
        /// The last good checkpoint.
        checkpoint: Option<PathBuf>,
    },
    /// A checkpoint that cannot be written, or not be resumed from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
