//! A [`Classifier`] on disk: the network's weights as safetensors, and in the file's metadata how it
//! takes pictures and what its classes are called.

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::classifier::Classifier;
use super::network::Network;
use super::weights::{self, Precision, WeightsError};
use crate::image::{Preprocessing, Resize};

/// The entry of safetensors' metadata that holds the description.
const ENTRY: &str = "foveate.classifier";

#[derive(Serialize, Deserialize)]
struct Description {
    /// Height and width, or short side and crop.
    size: [u32; 2],
    stretched: bool,
    mean: [f32; 3],
    std: [f32; 3],
    labels: Vec<String>,
}

impl<N: Network> Classifier<N> {
    /// Writes the network's weights, by torchvision's names, with all that it takes to classify pictures.
    /// The file takes the old one's place when it is whole; [`weights::load`] reads it too.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Io`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>, precision: Precision) -> Result<(), WeightsError> {
        let Preprocessing { resize, mean, std } = *self.preprocessing();
        let (size, stretched) = match resize {
            Resize::Exact { height, width } => ([height, width], true),
            Resize::ShortSideCrop { short_side, crop } => ([short_side, crop], false),
        };
        let labels = self.labels().to_vec();
        let text = serde_json::to_string(&Description { size, stretched, mean, std, labels })
            .expect("strings and numbers are JSON");
        weights::write(self.network(), path.as_ref(), precision, Some((ENTRY, &text)))
    }

    /// Reads what [`save`](Self::save) wrote into `network`, which is built as that one was.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]: no such file, one that does not describe a classifier, or one of another network.
    pub fn open(network: N, path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let bytes =
            fs::read(path).map_err(|reason| WeightsError::Io { path: path.into(), reason })?;
        Self::parse(weights::load(network, path)?, &bytes, path)
    }

    /// The same from the file's bytes, as `include_bytes!` gives them.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_bytes(network: N, bytes: &[u8]) -> Result<Self, WeightsError> {
        let path = Path::new("(bytes)");
        Self::parse(weights::from_bytes(network, bytes, path)?, bytes, path)
    }

    fn parse(network: N, bytes: &[u8], path: &Path) -> Result<Self, WeightsError> {
        let header = SafeTensors::read_metadata(bytes).ok();
        let text = header.and_then(|(_, header)| header.metadata().as_ref()?.get(ENTRY).cloned());
        let lacking = || WeightsError::NoClassifier { path: path.into() };
        let Description { size: [a, b], stretched, mean, std, labels } =
            text.and_then(|text| serde_json::from_str(&text).ok()).ok_or_else(lacking)?;
        let resize = match stretched {
            true => Resize::Exact { height: a, width: b },
            false if b <= a => Resize::ShortSideCrop { short_side: a, crop: b },
            false => return Err(lacking()),
        };
        let usable = |(mean, std): (&f32, &f32)| mean.is_finite() && *std > 0.0 && std.is_finite();
        if a == 0 || b == 0 || !mean.iter().zip(&std).all(usable) {
            return Err(lacking());
        }
        Ok(Self::new(network, Preprocessing { resize, mean, std }, labels))
    }
}
