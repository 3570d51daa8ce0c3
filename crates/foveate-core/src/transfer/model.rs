//! [`TransferModel`]: features, PCA and a classifier, in one file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use burn::store::{bridge, burn_pack};
use burn::tensor::{Device, TensorData};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::error::TransferError;
use super::extract::FeatureExtractor;
use crate::SettingError;
use crate::image::Described;
use crate::learn::{Features, LearnError, LinearClassifier, Pca};
use crate::models::{Architecture, Network, Pooling, weights};
use crate::setting::at_least;
use crate::store::{self, Metadata, Tensors};
use crate::values::ranked;

/// What is learned from a person's images and shipped: networks cut at a layer, perhaps a PCA, and
/// a linear classifier. Takes images of any size, names their class.
#[derive(Debug, Clone)]
pub struct TransferModel {
    extractors: Vec<FeatureExtractor>,
    pca: Option<Pca>,
    classifier: LinearClassifier,
    labels: Vec<String>,
}

/// A class and its score.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScoredClass {
    /// Index of the class.
    pub class: usize,
    /// Name of the class.
    pub label: String,
    /// The classifier's score: of an SVM, 1 and more where it is sure. No probability.
    pub score: f32,
}

/// What stands in the file beside the tensors.
#[derive(Serialize, Deserialize)]
struct Description {
    version: u32,
    extractors: Vec<Extractor>,
    labels: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Extractor {
    architecture: String,
    /// Outputs of the network's own classifier, if it has one.
    classes: Option<usize>,
    layer: String,
    pooled: bool,
    mirrored: bool,
    l2_normalized: bool,
    #[serde(flatten)]
    preprocessing: Described,
}

const VERSION: u32 = 1;
/// The entry of safetensors' metadata that holds the description.
const ENTRY: &str = "foveate.transfer";

impl TransferModel {
    /// Joins what was learned. The rows of several extractors stand side by side.
    ///
    /// # Errors
    ///
    /// [`LearnError::Dimensions`] if the parts do not fit one another; [`TransferError::Setting`]
    /// if there is no extractor, a network is no [`Architecture`] in full width, or there is another number of
    /// labels than classes.
    pub fn new(
        extractors: Vec<FeatureExtractor>,
        pca: Option<Pca>,
        classifier: LinearClassifier,
        labels: Vec<String>,
    ) -> Result<Self, TransferError> {
        at_least("extractors", extractors.len(), 1)?;
        if labels.len() != classifier.classes() {
            return SettingError::refuse("labels", labels.len(), "one for each class");
        }
        for extractor in &extractors {
            extractor.checked()?;
            if extractor.spec().is_none() {
                let expected = "those of an Architecture, in full width";
                return SettingError::refuse("extractors", "a network of other layers", expected);
            }
        }
        let mut found = extractors.iter().map(FeatureExtractor::columns).sum();
        if let Some(pca) = &pca {
            fits(pca.mean().len(), found)?;
            found = pca.components().rows();
        }
        fits(classifier.dimensions(), found)?;
        Ok(Self { extractors, pca, classifier, labels })
    }

    /// Names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// A score for each class of each image, one row an image.
    ///
    /// # Errors
    ///
    /// [`TransferError::Image`] for an image too small or too narrow.
    pub fn scores(&self, images: &[RgbImage]) -> Result<Features, TransferError> {
        let parts = self.extractors.iter().map(|extractor| extractor.extract(images));
        let features = Features::concat(&parts.collect::<Result<Vec<_>, _>>()?);
        match &self.pca {
            Some(pca) => Ok(self.classifier.scores(&pca.transform(&features)?)?),
            None => Ok(self.classifier.scores(&features)?),
        }
    }

    /// The `top` classes of highest score of each image, in descending order.
    ///
    /// # Errors
    ///
    /// As [`scores`](Self::scores).
    pub fn classify(
        &self,
        images: &[RgbImage],
        top: usize,
    ) -> Result<Vec<Vec<ScoredClass>>, TransferError> {
        let best = |row: &[f32]| {
            let scored = |class: usize| ScoredClass {
                class,
                label: self.labels[class].clone(),
                score: row[class],
            };
            ranked(row).into_iter().take(top).map(scored).collect()
        };
        Ok(self.scores(images)?.iter().map(best).collect())
    }

    /// Writes everything, the networks' weights too, to one safetensors file, which takes the old
    /// one's place when it is whole.
    ///
    /// # Errors
    ///
    /// [`TransferError::Io`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TransferError> {
        let path = path.as_ref();
        let mut tensors = Tensors::new();
        let mut extractors = Vec::new();
        for (i, extractor) in self.extractors.iter().enumerate() {
            let network = extractor.network();
            let architecture = Architecture::of(network).expect("as was checked");
            for tensor in weights::tensors(network) {
                let data = bridge::to_data(&tensor).expect("a network's own tensors can be read");
                tensors.insert(format!("{i}.{}", tensor.name), data);
            }
            extractors.push(Extractor {
                architecture: architecture.name().into(),
                classes: architecture.classifies().then(|| classes(network)),
                layer: extractor.layer().into(),
                pooled: extractor.pooling() == Pooling::GlobalAverage,
                mirrored: extractor.mirrored,
                l2_normalized: extractor.l2_normalized,
                preprocessing: (*extractor.preprocessing()).into(),
            });
        }
        let mut insert = |name: &str, columns: usize, values: &[f32]| {
            let shape = [values.len() / columns, columns];
            tensors.insert(name.into(), TensorData::new(values.to_vec(), shape));
        };
        if let Some(pca) = &self.pca {
            let (columns, variance) = (pca.mean().len(), pca.explained_variance());
            insert("pca.mean", columns, pca.mean());
            insert("pca.components", columns, pca.components().values());
            insert("pca.explained_variance", variance.len(), variance);
            insert("pca.total_variance", 1, &[pca.total_variance()]);
        }
        let classifier = &self.classifier;
        insert("weights", classifier.dimensions(), classifier.weights());
        insert("bias", classifier.classes(), classifier.bias());

        let description = Description { version: VERSION, extractors, labels: self.labels.clone() };
        let text = serde_json::to_string(&description).expect("strings and numbers are JSON");
        store::write(path, &tensors, Metadata::from([(ENTRY.into(), text)]))
            .map_err(|reason| TransferError::Io { path: path.into(), reason })
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    ///
    /// [`TransferError::Io`], [`TransferError::Damaged`] for another or a damaged file,
    /// [`TransferError::Weights`] for weights that are not the network's.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, TransferError> {
        let path = path.as_ref();
        let damaged = |reason: String| TransferError::Damaged { path: path.into(), reason };
        let (tensors, metadata) = store::read(path).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => damaged(error.to_string()),
            _ => TransferError::Io { path: path.into(), reason: error },
        })?;
        let text = metadata.get(ENTRY);
        let text = text.ok_or_else(|| damaged(format!("the file has no entry {ENTRY}")))?;
        let description: Description =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if description.version != VERSION {
            let found = description.version;
            return Err(damaged(format!("it is of version {found}, this program reads {VERSION}")));
        }

        let mut matrices = BTreeMap::new();
        let mut networks: Vec<Vec<_>> = description.extractors.iter().map(|_| Vec::new()).collect();
        for (name, data) in tensors {
            let of_network = name.split_once('.').and_then(|(number, rest)| {
                Some((networks.get_mut(number.parse::<usize>().ok()?)?, rest))
            });
            match of_network {
                Some((network, rest)) => network.push(bridge::from_data(data, rest.into(), None)),
                None => _ = matrices.insert(name, data),
            }
        }
        let (classifier, pca) = learned(matrices).map_err(damaged)?;
        let mut extractors = Vec::new();
        for (it, tensors) in description.extractors.into_iter().zip(networks) {
            extractors.push(it.build(path, tensors, device)?);
        }
        Self::new(extractors, pca, classifier, description.labels)
    }
}

/// The classifier and the PCA of a file's matrices; or what is wrong with them.
fn learned(mut matrices: Tensors) -> Result<(LinearClassifier, Option<Pca>), String> {
    let mut take = |name: &str| {
        let found = matrices.remove(name).and_then(|data| match data.shape()[..] {
            [rows, columns] if rows * columns > 0 => {
                let values: Vec<f32> = data.iter().collect();
                let finite = values.iter().all(|value| value.is_finite());
                finite.then_some(([rows, columns], values))
            }
            _ => None,
        });
        found.ok_or_else(|| format!("the matrix {name} is missing, empty or not finite"))
    };
    let ([rows, _], weights) = take("weights")?;
    let (_, bias) = take("bias")?;
    if bias.len() != rows {
        return Err(format!("{} biases for {rows} rows of weights", bias.len()));
    }
    let pca = match take("pca.mean") {
        Err(_) => None,
        Ok((_, mean)) => {
            let ([rows, columns], components) = take("pca.components")?;
            let (_, variance) = take("pca.explained_variance")?;
            let (_, total) = take("pca.total_variance")?;
            if columns != mean.len() || rows != variance.len() {
                return Err("the PCA's parts do not fit one another".into());
            }
            Some(Pca::from_parts(mean, Features::new(components, columns), variance, total[0]))
        }
    };
    match matrices.keys().next() {
        Some(name) => Err(format!("it holds {name}, which no model has")),
        None => Ok((LinearClassifier::new(weights, bias), pca)),
    }
}

impl Extractor {
    fn build(
        self,
        path: &Path,
        tensors: Vec<burn_pack::Tensor>,
        device: &Device,
    ) -> Result<FeatureExtractor, TransferError> {
        let damaged = |reason: String| TransferError::Damaged { path: path.into(), reason };
        let architecture: Architecture =
            self.architecture.parse().map_err(|error| damaged(format!("{error}")))?;
        let mut network = architecture.init(device);
        if let Some(classes) = self.classes.filter(|_| architecture.classifies()) {
            if !(1..=1 << 20).contains(&classes) {
                return Err(damaged(format!("a network of {classes} classes")));
            }
            network = network.with_classes(classes);
        }
        let network = weights::apply(network, path, tensors)?;
        let preprocessing = self.preprocessing.preprocessing();
        let preprocessing =
            preprocessing.ok_or_else(|| damaged("no image can be taken as it says".into()))?;
        let pooling = if self.pooled { Pooling::GlobalAverage } else { Pooling::Flatten };
        let mut extractor = FeatureExtractor::new(network, preprocessing, &self.layer, pooling)?;
        extractor.mirrored = self.mirrored;
        extractor.l2_normalized = self.l2_normalized;
        Ok(extractor)
    }
}

fn fits(expected: usize, found: usize) -> Result<(), TransferError> {
    if expected == found { Ok(()) } else { Err(LearnError::Dimensions { expected, found }.into()) }
}

/// Outputs of a network's last layer.
fn classes(network: &impl Network) -> usize {
    network.summary(224, 224).layers.last().map_or(0, |layer| layer.output_shape[1])
}
