//! A [`Classifier`] on disk: the network's weights as safetensors, and in the file's metadata how it
//! takes images and what its classes are called.

use std::path::Path;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::Classifier;
use crate::image::Described;
use crate::models::network::{Network, misfit};
use crate::models::weights::{self, Precision, WeightsError};
use crate::store;

/// The entry of safetensors' metadata that holds the description.
const ENTRY: &str = "foveate.classifier";

#[derive(Serialize, Deserialize)]
struct Description {
    #[serde(flatten)]
    preprocessing: Described,
    labels: Vec<String>,
}

impl<N: Network> Classifier<N> {
    /// Writes the network's weights, by torchvision's names, with all that it takes to classify images.
    /// The file takes the old one's place when it is whole; [`weights::load`] reads it too.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Io`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>, precision: Precision) -> Result<(), WeightsError> {
        let preprocessing = Described::from(*self.preprocessing());
        let labels = self.labels().to_vec();
        let text = serde_json::to_string(&Description { preprocessing, labels })
            .expect("strings and numbers are JSON");
        weights::write(self.network(), path.as_ref(), precision, Some((ENTRY, &text)))
    }

    /// Reads what [`save`](Self::save) wrote into `network`, which is built as that one was.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]: no such file, one that does not describe a classifier, or one of another network.
    pub fn load(network: N, path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let bytes =
            store::bytes(path).map_err(|reason| WeightsError::Io { path: path.into(), reason })?;
        Self::parse(weights::load(network, path)?, &bytes, path)
    }

    /// The same from the file's bytes, as `include_bytes!` gives them.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn from_bytes(network: N, bytes: &[u8]) -> Result<Self, WeightsError> {
        let path = Path::new("(bytes)");
        Self::parse(weights::from_bytes(network, bytes, path)?, bytes, path)
    }

    fn parse(network: N, bytes: &[u8], path: &Path) -> Result<Self, WeightsError> {
        let header = SafeTensors::read_metadata(bytes).ok();
        let text = header.and_then(|(_, header)| header.metadata().as_ref()?.get(ENTRY).cloned());
        let described = || {
            let description: Description = serde_json::from_str(&text?).ok()?;
            Some((description.preprocessing.preprocessing()?, description.labels))
        };
        let (preprocessing, labels) =
            described().ok_or_else(|| WeightsError::NoClassifier { path: path.into() })?;
        let [height, width] = preprocessing.size();
        let unfit = |reason| Err(WeightsError::Unfit { path: path.into(), reason });
        if let Some(found) = misfit(&network.layers(), [1, 3, height, width]) {
            return unfit(format!("{found}: the network takes another size"));
        }
        let outputs = network.summary(height, width).layers.last().map(|layer| layer.output_shape);
        match outputs {
            Some([_, classes, 1, 1]) if classes == labels.len() => {
                Ok(Self::new(network, preprocessing, labels))
            }
            found => unfit(format!("{} labels for outputs of shape {found:?}", labels.len())),
        }
    }
}
