//! A [`Generator`] on disk: its weights as safetensors, and in the file's metadata how it is built.

use std::path::Path;

use burn::tensor::Device;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::cgan::CganConfig;
use super::dcgan::DcganConfig;
use super::{Discriminator, Generator};
use crate::models::weights::{self, Precision, WeightsError};
use crate::store;

/// The entry of safetensors' metadata that holds the configuration.
const ENTRY: &str = "foveate.generator";

/// Configuration of a pair of networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub enum GanConfig {
    /// DCGAN.
    Dcgan(DcganConfig),
    /// A conditional GAN.
    Cgan(CganConfig),
}

impl GanConfig {
    /// A generator with random weights.
    ///
    /// # Panics
    ///
    /// If the configuration says so.
    pub fn generator(&self, device: &Device) -> Generator {
        match self {
            Self::Dcgan(config) => config.generator(device),
            Self::Cgan(config) => config.generator(device),
        }
    }

    /// A discriminator with random weights.
    ///
    /// # Panics
    ///
    /// If the configuration says so.
    pub fn discriminator(&self, device: &Device) -> Discriminator {
        match self {
            Self::Dcgan(config) => config.discriminator(device),
            Self::Cgan(config) => config.discriminator(device),
        }
    }

    fn is_valid(&self) -> bool {
        match self {
            Self::Dcgan(config) => config.is_valid(),
            Self::Cgan(config) => config.is_valid(),
        }
    }

    /// Writes the weights of a generator that this configuration built, with the configuration. The file
    /// takes the old one's place when it is whole; PyTorch reads it, too.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Io`] if the file cannot be written.
    pub fn save(
        &self,
        generator: &Generator,
        path: impl AsRef<Path>,
        precision: Precision,
    ) -> Result<(), WeightsError> {
        let text = serde_json::to_string(self).expect("numbers are JSON");
        weights::write(generator, path.as_ref(), precision, Some((ENTRY, &text)))
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]: no such file, or one that does not describe a generator.
    pub fn load(
        path: impl AsRef<Path>,
        device: &Device,
    ) -> Result<(Self, Generator), WeightsError> {
        let path = path.as_ref();
        let bytes =
            store::bytes(path).map_err(|reason| WeightsError::Io { path: path.into(), reason })?;
        let header = SafeTensors::read_metadata(&bytes).ok();
        let text = header.and_then(|(_, header)| header.metadata().as_ref()?.get(ENTRY).cloned());
        let config: Self = text
            .and_then(|text| serde_json::from_str(&text).ok())
            .filter(Self::is_valid)
            .ok_or_else(|| WeightsError::NoGenerator { path: path.into() })?;
        let generator = weights::load(config.generator(device), path)?;
        Ok((config, generator))
    }
}
