//! [`Pretrained`]: a network with its weights.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::architecture::{AnyNetwork, Architecture};
use super::classifier::{Classifier, imagenet_labels};
use super::weights::{self, Source, WeightsError};
use crate::image::Preprocessing;

/// A network with trained weights, and the preprocessing they were trained with.
#[derive(Debug, Clone)]
pub struct Pretrained {
    /// Architecture of the network.
    pub architecture: Architecture,
    /// The network with its weights.
    pub network: AnyNetwork,
    /// How it takes images.
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
