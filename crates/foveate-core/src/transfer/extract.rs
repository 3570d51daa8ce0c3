//! [`FeatureExtractor`]: what a network's layer says of images.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;

use burn::store::{ModuleSnapshot, bridge};
use burn::tensor::{Device, Tensor};
use image::RgbImage;
use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use super::cache::{Cache, Digest};
use super::error::TransferError;
use super::rows::{Rows, threads};
use crate::data::{ImageFolder, Sample, prefetch};
use crate::image::{self as images, ImageError, Pixels, Preprocessing, Resize};
use crate::learn::Features;
use crate::models::{
    AnyNetwork, Architecture, Classifier, NamedLayer, Network, Pooling, Pretrained, check_size,
    device_of, position, try_batched, weights::cache_folder,
};
use crate::progress::progress_bar;
use crate::setting::at_least;

/// Changes when the same settings give other numbers.
const VERSION: u32 = 2;

/// A layer of a network by name: `network:layer` for all its activations, `network:layer:pooled` for
/// their mean over height and width. `vgg16:classifier.4` is relu7, `vgg16_features:features` what
/// VGG16's classifier gets, `squeezenet1_1:features:pooled` 512 columns. Its [extractor](Self::extractor) divides each row by
/// its Euclidean length, unless [`l2_normalized`](FeatureExtractor::l2_normalized) is switched off.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeatureSpec {
    /// The network.
    pub architecture: Architecture,
    /// Torchvision's name of the layer.
    pub layer: String,
    /// How its activations become a row.
    pub pooling: Pooling,
}

impl FeatureSpec {
    /// The extractor with the network's pretrained weights.
    ///
    /// # Errors
    ///
    /// [`TransferError::Weights`], [`TransferError::Layer`].
    pub fn extractor(&self, device: &Device) -> Result<FeatureExtractor, TransferError> {
        let Pretrained { network, preprocessing, .. } =
            Pretrained::load(self.architecture, device)?;
        FeatureExtractor::new(network, preprocessing, &self.layer, self.pooling)
    }
}

impl fmt::Display for FeatureSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.architecture, self.layer)?;
        if self.pooling == Pooling::GlobalAverage { f.write_str(":pooled") } else { Ok(()) }
    }
}

impl FromStr for FeatureSpec {
    type Err = TransferError;

    fn from_str(text: &str) -> Result<Self, TransferError> {
        let (network, layer, pooling) = match *text.split(':').collect::<Vec<_>>() {
            [network, layer] => (network, layer, Pooling::Flatten),
            [network, layer, "pooled"] => (network, layer, Pooling::GlobalAverage),
            _ => return Err(TransferError::Spec { text: text.into() }),
        };
        Ok(Self { architecture: network.parse()?, layer: layer.into(), pooling })
    }
}

/// Turns images into rows of features: the activations of a layer, each row divided by its
/// Euclidean length.
///
/// The network is taken in evaluation mode: dropout is off and batch norms keep their statistics.
#[derive(Debug, Clone)]
pub struct FeatureExtractor<N = AnyNetwork> {
    network: N,
    preprocessing: Preprocessing,
    layer: String,
    pooling: Pooling,
    /// Averages the activations of an image with those of its mirror image (`false`).
    pub mirrored: bool,
    /// Divides each row by its Euclidean length (`true`).
    pub l2_normalized: bool,
    /// Images that go through the network at once (8); above 0.
    pub batch: usize,
    /// Folder where features of files are kept (`features` in [`cache_folder`]); `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Shows a progress bar on a terminal (`true`), unless `FOVEATE_PROGRESS` is `off`.
    pub progress: bool,
    weights: OnceLock<Digest>,
}

impl FeatureExtractor<AnyNetwork> {
    /// The features' name; none for a network that is no [`Architecture`] in full width.
    pub fn spec(&self) -> Option<FeatureSpec> {
        let architecture = Architecture::of(&self.network)?;
        Some(FeatureSpec { architecture, layer: self.layer.clone(), pooling: self.pooling })
    }
}

/// The features of a data set.
#[derive(Debug)]
#[non_exhaustive]
pub struct Extraction {
    /// A row for each readable image, in the order of the data set.
    pub features: Features,
    /// The class of each row.
    pub labels: Vec<usize>,
    /// The file of each row.
    pub files: Vec<PathBuf>,
    /// SHA-256 of each row's file: equal ones are the same image.
    pub digests: Vec<Digest>,
    /// Files that are no images, or damaged ones.
    pub unreadable: Vec<ImageError>,
    /// How many rows went through the network; the others were kept from earlier.
    pub computed: usize,
}

impl<N: Network> FeatureExtractor<N> {
    /// Features of `layer`, which goes by torchvision's name.
    ///
    /// # Errors
    ///
    /// [`TransferError::Layer`] lists the names there are.
    pub fn new(
        network: N,
        preprocessing: Preprocessing,
        layer: &str,
        pooling: Pooling,
    ) -> Result<Self, TransferError> {
        network.output_shape(layer, [1, 3, 224, 224])?;
        Ok(Self {
            network: network.valid(),
            preprocessing,
            layer: layer.into(),
            pooling,
            mirrored: false,
            l2_normalized: true,
            batch: 8,
            cache: Some(cache_folder().join("features")),
            progress: true,
            weights: OnceLock::new(),
        })
    }

    /// Features of a layer of a classifier's network, with its preprocessing.
    ///
    /// # Errors
    ///
    /// [`TransferError::Layer`] lists the names there are.
    pub fn of(
        classifier: &Classifier<N>,
        layer: &str,
        pooling: Pooling,
    ) -> Result<Self, TransferError> {
        Self::new(classifier.network().clone(), *classifier.preprocessing(), layer, pooling)
    }

    /// The same with another preprocessing: another size, say.
    #[must_use]
    pub fn with_preprocessing(self, preprocessing: Preprocessing) -> Self {
        Self { preprocessing, ..self }
    }

    /// The network.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// How images become the network's input.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Torchvision's name of the layer.
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// How the layer's activations become a row.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Length of a row.
    pub fn columns(&self) -> usize {
        let [height, width] = self.preprocessing.size();
        let shape = self.network.output_shape(&self.layer, [1, 3, height, width]);
        let [_, c, h, w] = shape.expect("the layer was found when this was made");
        if self.pooling == Pooling::Flatten { c * h * w } else { c }
    }

    /// The features of pixels `[n, 3, h, w]`, as a tensor: one row an image, not yet divided by its
    /// length.
    pub fn activations(&self, pixels: &Pixels) -> Tensor<2> {
        let pooled = |pixels: &Pixels| {
            let input = self.preprocessing.normalize(pixels).into_tensor();
            let activations = self.network.features(input, &self.layer);
            self.pooling.apply(activations.expect("the layer was found when this was made"))
        };
        let features = pooled(pixels);
        if !self.mirrored {
            return features;
        }
        let mirror = Pixels::new(pixels.tensor().clone().flip([3]));
        (features + pooled(&mirror)) * 0.5
    }

    /// The features of images in memory, one row an image.
    ///
    /// # Errors
    ///
    /// [`ImageError::Shape`](crate::image::ImageError::Shape) for an image too small or too narrow.
    pub fn extract(&self, images: &[RgbImage]) -> Result<Features, TransferError> {
        self.checked()?;
        let [values] = try_batched(images.len(), self.batch, |some| {
            let resized: Result<Vec<_>, ImageError> = images[some]
                .iter()
                .map(|image| images::resize(image, self.preprocessing.resize))
                .collect();
            Ok::<_, ImageError>([self.rows(&resized?)])
        })?;
        Ok(self.finished(values))
    }

    /// The features of every readable image of a folder, from the cache where they are there: a
    /// run that was interrupted resumes where it stopped, and only changed images are computed
    /// again. Files are read and decoded on other threads, a few batches ahead of the network.
    ///
    /// # Errors
    ///
    /// [`TransferError::Io`] for a cache that cannot be written. Unreadable images are no errors:
    /// they are listed in the result.
    pub fn extract_folder(&self, folder: &ImageFolder) -> Result<Extraction, TransferError> {
        let (samples, columns) = (folder.samples(), self.checked()?);
        let cache = match &self.cache {
            Some(place) => Cache::open(place, &self.key(), columns)?,
            None => None,
        };
        let mut rows = Rows {
            values: vec![0.0; samples.len() * columns],
            digests: vec![None; samples.len()],
            columns,
            cache,
        };
        let missing = rows.read_cache(samples)?;
        let unreadable = self.compute(samples, &missing, &mut rows)?;

        let Rows { values, digests, .. } = rows;
        let readable: Vec<usize> = (0..samples.len()).filter(|&i| digests[i].is_some()).collect();
        let computed = missing.len() - unreadable.len();
        let mut features = self.finished(values);
        if readable.len() < samples.len() {
            features = features.select(&readable);
        }
        Ok(Extraction {
            features,
            labels: readable.iter().map(|&i| samples[i].class).collect(),
            files: readable.iter().map(|&i| samples[i].path.clone()).collect(),
            digests: digests.into_iter().flatten().collect(),
            unreadable,
            computed,
        })
    }

    /// Runs the samples of these places through the network, a batch at a time; gives back what cannot be read.
    fn compute(
        &self,
        samples: &[Sample],
        missing: &[usize],
        rows: &mut Rows,
    ) -> Result<Vec<ImageError>, TransferError> {
        let mut unreadable = Vec::new();
        let mut batch: Vec<(usize, Digest, RgbImage)> = Vec::new();
        let bar = self.bar(missing.len());
        let mut compute = |batch: &mut Vec<(usize, Digest, RgbImage)>| {
            let apart = batch.drain(..).map(|(i, digest, image)| ((i, digest), image));
            let (places, images): (Vec<_>, Vec<_>) = apart.unzip();
            let found: Vec<f32> = self.rows(&images).into_data().iter().collect();
            let found = places.into_iter().zip(found.chunks_exact(rows.columns));
            found.into_iter().try_for_each(|((i, digest), row)| rows.insert(i, digest, row))
        };
        let resize = self.preprocessing.resize;
        let load = |&i: &usize| (i, read(&samples[i].path, resize));
        let waiting = (2 * self.batch).div_ceil(threads());
        prefetch(missing, threads(), waiting, load, |(i, loaded)| {
            bar.inc(1);
            match loaded {
                Ok((digest, image)) => batch.push((i, digest, image)),
                Err(error) => unreadable.push(error),
            }
            if batch.len() == self.batch { compute(&mut batch) } else { Ok(()) }
        })?;
        if !batch.is_empty() {
            compute(&mut batch)?;
        }
        bar.finish_and_clear();
        Ok(unreadable)
    }

    /// Activations of images of the network's size.
    fn rows(&self, images: &[RgbImage]) -> Tensor<2> {
        let rows = self.activations(&Pixels::from_images(images, &device_of(&self.network)));
        assert_eq!(rows.dims(), [images.len(), self.columns()], "the layer keeps its shape");
        rows
    }

    /// The length of a row, if the settings make any.
    pub(super) fn checked(&self) -> Result<usize, TransferError> {
        at_least("batch", self.batch, 1)?;
        self.preprocessing.resize.check()?;
        let layers = self.network.layers();
        let end = position(&layers, &self.layer)?;
        check_size(&layers[..=end], self.preprocessing.size())?;
        Ok(self.columns())
    }

    fn finished(&self, values: Vec<f32>) -> Features {
        let features = Features::new(values, self.columns());
        if self.l2_normalized { features.l2_normalized() } else { features }
    }

    /// What the activations depend on beside the image: layers, weights, preprocessing. (They are
    /// taken for the same on every device.)
    fn key(&self) -> Digest {
        let weights = self.weights.get_or_init(|| {
            let mut hash = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
            for NamedLayer { name, layer } in self.network.layers() {
                hash.update(format!("{name} {}\n", layer.describe()));
            }
            for tensor in self.network.collect(None, None, false) {
                hash.update(&tensor.name);
                let data = bridge::to_data(&tensor).expect("a network's own tensors can be read");
                hash.update(data.as_bytes());
            }
            hash.finalize().into()
        });
        let Self { preprocessing, layer, pooling, mirrored, .. } = self;
        let settings = format!("{VERSION} {preprocessing:?} {layer} {pooling:?} {mirrored}");
        Sha256::new().chain_update(weights).chain_update(settings).finalize().into()
    }

    fn bar(&self, images: usize) -> ProgressBar {
        if !self.progress || images == 0 {
            return ProgressBar::hidden();
        }
        progress_bar(images, self.layer.clone())
    }
}

/// Reads a file: its SHA-256, and the image in the network's size.
fn read(path: &Path, resize: Resize) -> Result<(Digest, RgbImage), ImageError> {
    let bytes = images::read(path)?;
    let image = images::decode(&bytes, path)?;
    Ok((Sha256::digest(&bytes).into(), images::resize(&image, resize)?))
}
