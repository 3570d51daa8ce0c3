//! What can be wrong with a question to a network.

use crate::SettingError;
use crate::models::{NoRule, UnknownLayer};

/// An explanation, an attack or a visualization that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// A class that the model does not have.
    #[error("class {class} is asked for, and the model has {classes}: from 0 to {}", .classes - 1)]
    Class {
        /// The class asked for.
        class: usize,
        /// How many there are.
        classes: usize,
    },
    /// Classes for another number of images.
    #[error("{found} classes for {images} images: expected one for each, or one for all")]
    Targets {
        /// Images in the batch.
        images: usize,
        /// Classes given.
        found: usize,
    },
    /// The model gives another shape.
    #[error(
        "the model gives {found:?} for {images} images: expected logits [n, classes], one row an image"
    )]
    Logits {
        /// Images in the batch.
        images: usize,
        /// Shape of what the model gives.
        found: [usize; 2],
    },
    /// A score of the caller's has another shape, or does not depend on the logits.
    #[error(
        "the score has {found} values for {images} images: expected [n], one an image, computed from the logits"
    )]
    Score {
        /// Images in the batch.
        images: usize,
        /// Values of the score.
        found: usize,
    },
    /// The input holds a NaN or an infinity.
    #[error(
        "value {index} of the input, counted through [n, c, h, w], is {value}: expected finite numbers"
    )]
    NotFinite {
        /// Place of the value.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A pixel lies outside `[0, 1]`.
    #[error(
        "value {index} of the pixels, counted through [n, c, h, w], is {value}: expected 0 to 1; give pixels, not a network's normalized input"
    )]
    NotPixels {
        /// Place of the value.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A model gives a value that is not finite.
    #[error(
        "{what} of image {image} is {value}: expected finite numbers; look for an overflow or a division by 0 in the model"
    )]
    Answer {
        /// The value in question.
        what: &'static str,
        /// Index of the image.
        image: usize,
        /// The value.
        value: f32,
    },
    /// A map that does not belong to the input.
    #[error("a map of shape {found:?}: expected {expected}")]
    MapShape {
        /// Shape of the map.
        found: [usize; 4],
        /// What it may be.
        expected: String,
    },
    /// A map that holds a NaN or an infinity.
    #[error(
        "value {index} of the map, counted through [n, c, h, w], is {value}: expected finite numbers"
    )]
    MapNotFinite {
        /// Place of the value.
        index: usize,
        /// The value.
        value: f32,
    },
    /// There is no image, or one without pixels.
    #[error("an input of shape {found:?}: expected at least one image with at least one pixel")]
    Empty {
        /// Shape of the input.
        found: [usize; 4],
    },
    /// A layer that the network does not have.
    #[error(transparent)]
    Layer(#[from] UnknownLayer),
    /// A layer through which relevance cannot go back.
    #[error(transparent)]
    Rule(#[from] NoRule),
    /// A layer that has parameters, none of which goes by its name.
    #[error(
        "layer {layer} has {parameters} parameters, and none of the network's goes by a name that begins with `{layer}.`: expected the layer's name to be the path of the field that holds it, as `{example}` is of a parameter"
    )]
    LayerName {
        /// Name of the layer.
        layer: String,
        /// How many it says it has.
        parameters: usize,
        /// The path of one of the network's parameters.
        example: String,
    },
    /// The model is in training mode: its weights are tracked, its batch norms take the statistics of the batch, or its
    /// dropout is on.
    #[error(
        "the model is in training mode (tracked weights, batch norm or dropout): explain `Frozen::new(&network, ..)`, or \
         capture `network.valid()`; running statistics of batch norms may have moved by one step"
    )]
    Training,
    /// A probability is asked for of a model with fewer than two logits.
    #[error(
        "the model gives {classes} logit for each image, whose softmax is always 1: expected two classes or more; for a \
         model of one logit take its probability, \
         `Target::score(|logits| sigmoid(logits).squeeze_dim(1))`"
    )]
    OneLogit {
        /// Logits an image.
        classes: usize,
    },
    /// A setting out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
}
