//! Networks with their weights, and classifiers: what takes pictures and names what they show.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, activation::softmax};
use image::RgbImage;

use super::architecture::{AnyNetwork, Architecture};
use super::labels::imagenet_labels;
use super::layer::device_of;
use super::network::{Network, misfit};
use super::weights::{self, Source, WeightsError};
use crate::image::{PictureError, Pixels, Preprocessing};

/// A network with trained weights, and the preprocessing they were trained with.
#[derive(Debug, Clone)]
pub struct Pretrained {
    /// Which network.
    pub architecture: Architecture,
    /// The network with its weights.
    pub network: AnyNetwork,
    /// How it takes pictures.
    pub preprocessing: Preprocessing,
    /// The file the weights were read from.
    pub file: PathBuf,
    /// Who trained the weights, if they are known ones.
    pub source: Option<&'static Source>,
}

impl Pretrained {
    /// The network with weights that are present, or downloaded now: see [`Source::fetch`].
    ///
    /// # Errors
    ///
    /// [`WeightsError`]: the weights cannot be had, or not be read.
    pub fn load(architecture: Architecture, device: &Device) -> Result<Self, WeightsError> {
        let (source, file) = Source::fetch(architecture)?;
        let network = source.load(&file, device)?;
        Ok(Self {
            architecture,
            network,
            preprocessing: Preprocessing::IMAGENET,
            file,
            source: Some(source),
        })
    }

    /// The network with the weights in a file of the user's, for ImageNet's 1,000 classes and
    /// preprocessing.
    ///
    /// # Errors
    ///
    /// As [`weights::load`].
    pub fn from_file(
        architecture: Architecture,
        file: impl AsRef<Path>,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let file = file.as_ref();
        Ok(Self {
            architecture,
            network: weights::load(architecture.init(device), file)?,
            preprocessing: Preprocessing::IMAGENET,
            file: file.into(),
            source: None,
        })
    }

    /// The classifier of ImageNet's 1,000 classes.
    ///
    /// # Errors
    ///
    /// [`WeightsError::NoClasses`] for networks that end in features.
    pub fn classifier(self) -> Result<Classifier<AnyNetwork>, WeightsError> {
        if !self.architecture.classifies() {
            return Err(WeightsError::NoClasses(self.architecture.name()));
        }
        Ok(Classifier::new(self.network, self.preprocessing, imagenet_labels()))
    }
}

/// Pictures of 224x224 pixels that pass the network together.
const AT_ONCE: usize = 64;

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

impl<N: Network> Classifier<N> {
    /// A classifier whose network gives one logit for each of `labels`.
    ///
    /// The network is taken out of training: on an autodiff device, too, dropout is off and batch
    /// norms keep their statistics.
    pub fn new(network: N, preprocessing: Preprocessing, labels: Vec<String>) -> Self {
        Self { network: network.valid(), preprocessing, labels }
    }

    /// The network.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// How pictures become the network's input.
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

    /// Logits `[n, classes]` of pixels `[n, 3, h, w]`; the normalisation is part of the graph.
    pub fn logits(&self, pixels: &Pixels) -> Tensor<2> {
        self.network.forward(self.preprocessing.normalise(pixels).into_tensor())
    }

    /// The `top` most probable classes of each picture, the first first.
    ///
    /// # Errors
    ///
    /// [`PictureError::Shape`] for a picture too small or too narrow.
    ///
    /// # Panics
    ///
    /// If there is no picture, the network gives another number of logits than there are labels, or it cannot take
    /// pictures of the preprocessing's size.
    pub fn classify(
        &self,
        pictures: &[RgbImage],
        top: usize,
    ) -> Result<Vec<Vec<Prediction>>, PictureError> {
        assert!(!pictures.is_empty(), "there is a picture to classify");
        let (device, classes) = (device_of(&self.network), self.labels.len());
        let [height, width] = self.preprocessing.size();
        let misfit = misfit(&self.network.layers(), [1, 3, height, width]);
        assert!(misfit.is_none(), "the network cannot take {}", misfit.unwrap_or_default());
        let mut values = Vec::new();
        // Of large ones fewer.
        let at_once = (AT_ONCE * 224 * 224 / (height * width)).clamp(1, AT_ONCE);
        for some in pictures.chunks(at_once) {
            let probabilities = softmax(self.logits(&self.preprocessing.pixels(some, &device)?), 1);
            assert_eq!(
                probabilities.dims()[1],
                classes,
                "one label for each of the network's classes"
            );
            values.extend(probabilities.into_data().iter::<f32>());
        }
        let ranked = values.chunks_exact(classes).map(|probabilities| {
            let mut order: Vec<usize> = (0..classes).collect();
            order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
            let prediction = |&class: &usize| Prediction {
                class,
                label: self.labels[class].clone(),
                probability: probabilities[class],
            };
            order.iter().take(top).map(prediction).collect()
        });
        Ok(ranked.collect())
    }
}
