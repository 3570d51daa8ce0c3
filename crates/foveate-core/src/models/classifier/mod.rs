//! [`Classifier`]: what takes images and names what they show.

mod file;
mod labels;

use std::ops::Range;

use burn::tensor::{Tensor, activation::softmax};
use image::RgbImage;

pub use labels::imagenet_labels;

use super::architecture::AnyNetwork;
use super::batched::{at_once, try_batched};
use super::layer::build::device_of;
use super::network::{Network, misfit};
use crate::image::{ImageError, Pixels, Preprocessing};
use crate::values::ranked;

/// A network that owns its preprocessing and the names of its classes, and takes pixels.
#[derive(Debug, Clone)]
pub struct Classifier<N = AnyNetwork> {
    network: N,
    preprocessing: Preprocessing,
    labels: Vec<String>,
}

/// A class and its probability.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// Index of the class.
    pub class: usize,
    /// Name of the class.
    pub label: String,
    /// Softmax of the logits, in `[0, 1]`.
    pub probability: f32,
}

/// Images that cannot be classified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// An image cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// There are fewer than two classes.
    #[error(
        "a classifier of {classes} class has no probabilities: expected two classes or more; of a network with one logit \
         take `sigmoid(classifier.logits(&pixels))`"
    )]
    Classes {
        /// How many there are.
        classes: usize,
    },
    /// The network cannot take images of this size.
    #[error("the network cannot take {misfit}; choose a larger size")]
    Size {
        /// Which size, and where it fails.
        misfit: String,
    },
}

impl<N: Network> Classifier<N> {
    /// A classifier whose network gives one logit for each of `labels`.
    ///
    /// The network is taken in evaluation mode: on an autodiff device, too, dropout is off and batch
    /// norms keep their statistics.
    pub fn new(network: N, preprocessing: Preprocessing, labels: Vec<String>) -> Self {
        Self { network: network.valid(), preprocessing, labels }
    }

    /// The network.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// How images become the network's input.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The same classifier with another preprocessing.
    #[must_use]
    pub fn with_preprocessing(self, preprocessing: Preprocessing) -> Self {
        Self { preprocessing, ..self }
    }

    /// The class names, in the order of the logits.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Logits `[n, classes]` of pixels `[n, 3, h, w]`; the normalization is part of the graph.
    pub fn logits(&self, pixels: &Pixels) -> Tensor<2> {
        self.network.forward(self.preprocessing.normalize(pixels).into_tensor())
    }

    /// The `top` most probable classes of each image, in descending order.
    ///
    /// # Errors
    ///
    /// [`ClassifyError`]: an image too small or too narrow, fewer than two classes, a network that cannot take images
    /// of the preprocessing's size.
    ///
    /// # Panics
    ///
    /// If there is no image, or the network gives another number of logits than there are labels.
    pub fn classify(
        &self,
        images: &[RgbImage],
        top: usize,
    ) -> Result<Vec<Vec<Prediction>>, ClassifyError> {
        assert!(!images.is_empty(), "there is an image to classify");
        let device = device_of(&self.network);
        let [height, width] = self.preprocessing.size();
        self.predictions(images.len(), [3, height, width], top, |some| {
            Ok(self.preprocessing.pixels(&images[some], &device)?)
        })
    }

    /// The same of pixels as they are, without a resize or a crop: what an attack or a visualization has made.
    ///
    /// # Errors
    ///
    /// As [`classify`](Classifier::classify).
    ///
    /// # Panics
    ///
    /// As [`classify`](Classifier::classify).
    pub fn classify_pixels(
        &self,
        pixels: &Pixels,
        top: usize,
    ) -> Result<Vec<Vec<Prediction>>, ClassifyError> {
        let [n, channels, height, width] = pixels.tensor().dims();
        self.predictions(n, [channels, height, width], top, |some| {
            Ok(Pixels::new(pixels.tensor().clone().slice([some])))
        })
    }

    /// Predictions for `count` images of one shape; `pixels` gives those of a range.
    fn predictions(
        &self,
        count: usize,
        [channels, height, width]: [usize; 3],
        top: usize,
        mut pixels: impl FnMut(Range<usize>) -> Result<Pixels, ClassifyError>,
    ) -> Result<Vec<Vec<Prediction>>, ClassifyError> {
        let classes = self.labels.len();
        if classes < 2 {
            return Err(ClassifyError::Classes { classes });
        }
        if let Some(misfit) = misfit(&self.network.layers(), [1, channels, height, width]) {
            return Err(ClassifyError::Size { misfit });
        }
        let [probabilities] = try_batched(count, at_once([height, width], 64, 224), |some| {
            let logits = self.logits(&pixels(some)?).inner();
            assert_eq!(logits.dims()[1], classes, "one label for each of the network's classes");
            let values: Vec<f32> = logits.to_data().iter().collect();
            if are_probabilities(&values, classes) {
                log::warn!("{PROBABILITIES}");
            }
            Ok::<_, ClassifyError>([softmax(logits, 1)])
        })?;
        Ok(probabilities.chunks_exact(classes).map(|row| self.ranked(row, top)).collect())
    }

    fn ranked(&self, probabilities: &[f32], top: usize) -> Vec<Prediction> {
        let prediction = |class: usize| Prediction {
            class,
            label: self.labels[class].clone(),
            probability: probabilities[class],
        };
        ranked(probabilities).into_iter().take(top).map(prediction).collect()
    }
}

/// Whether rows of logits are probabilities instead: none below 0, and their sum 1.
pub(crate) fn are_probabilities(logits: &[f32], classes: usize) -> bool {
    logits.chunks_exact(classes.max(1)).all(|row| {
        row.iter().all(|&value| value >= 0.0) && (row.iter().sum::<f32>() - 1.0).abs() < 1e-4
    })
}

/// What is said of a model of probabilities.
pub(crate) const PROBABILITIES: &str = "the model gives probabilities where logits are expected: a softmax of them \
     says nothing, and gradients vanish where the model is sure; give its logits, or explain a `Target::score`";
