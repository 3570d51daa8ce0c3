//! [`Scorer`]: a fixed network that looks at images, and [`Score`]: all numbers of what it saw.

use std::fmt;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use super::{
    Features, InceptionScore, InceptionSettings, KernelDistance, KernelSettings, MetricError,
    ModeCoverage, Prdc, conditional_accuracy, frechet_distance,
};
use crate::data::{ImageFolder, Images, Sample};
use crate::image::{ImageError, Pixels, open, resize};
use crate::models::weights::WeightsError;
use crate::models::{
    Classifier, LeNet, Network, Pooling, UnknownLayer, batched, device_of, position, try_batched,
};
use crate::values::argmax;

/// Small images that pass the network together.
const AT_ONCE: usize = 250;
/// Photographs that do.
const FILES_AT_ONCE: usize = 32;

/// A classifier whose features and predictions measure images. Scores compare only with scores by the same one.
#[derive(Debug, Clone)]
pub struct Scorer<N> {
    classifier: Classifier<N>,
    layer: String,
    pooling: Pooling,
}

impl Scorer<LeNet> {
    /// [`LeNet::digits`]. Features are the 84 of its last hidden layer, behind the ReLU; images are
    /// scaled to 28x28.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] if the weights cannot be used.
    pub fn digits(device: &Device) -> Result<Self, WeightsError> {
        let (classifier, layer) = (LeNet::digits(device)?, "classifier.3".into());
        Ok(Self { classifier, layer, pooling: Pooling::Flatten })
    }
}

impl<N: Network> Scorer<N> {
    /// Measures by the activations of a layer and by the classifier's predictions. For photographs take a pretrained
    /// network's last convolution, [pooled](Pooling::GlobalAverage), as InceptionV3's features are in the papers. Numbers are
    /// on the scale of the network and layer: they compare with numbers of the same scorer alone, not with published ones.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] lists the names there are.
    pub fn new(
        classifier: Classifier<N>,
        layer: &str,
        pooling: Pooling,
    ) -> Result<Self, UnknownLayer> {
        position(&classifier.network().layers(), layer)?;
        Ok(Self { classifier, layer: layer.into(), pooling })
    }

    /// What the network sees in images, which are stretched to its size.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn activations(&self, images: &Images) -> Activations {
        assert!(!images.is_empty(), "there is an image to see");
        let [height, width] = self.classifier.preprocessing().size();
        let scaled;
        let images = match [images.height, images.width] == [height, width] {
            true => images,
            false => {
                scaled = images.resized(height, width);
                &scaled
            }
        };
        let device = device_of(self.classifier.network());
        let all: Vec<usize> = (0..images.len()).collect();
        let seen =
            batched(images.len(), AT_ONCE, |some| self.see(&images.batch(&all[some], &device)));
        Activations::of(seen, images.len())
    }

    /// What the network sees in the images of a folder, prepared as the classifier's preprocessing says.
    ///
    /// # Errors
    ///
    /// [`MetricError::Image`] for a file that is no image: see [`ImageFolder::recognized`]; [`MetricError::Rows`] for a
    /// folder of which that leaves nothing.
    pub fn activations_of_folder(&self, folder: &ImageFolder) -> Result<Activations, MetricError> {
        let (preprocessing, device) =
            (self.classifier.preprocessing(), device_of(self.classifier.network()));
        let samples = folder.samples();
        if samples.is_empty() {
            let (set, what) = ("folder's", "images to measure");
            return Err(MetricError::Rows { set, found: 0, needed: 1, what });
        }
        let seen = try_batched(samples.len(), FILES_AT_ONCE, |some| {
            let read = |sample: &Sample| resize(&open(&sample.path)?, preprocessing.resize);
            let images: Result<Vec<_>, ImageError> = samples[some].par_iter().map(read).collect();
            Ok::<_, MetricError>(self.see(&Pixels::from_images(&images?, &device)))
        })?;
        Ok(Activations::of(seen, samples.len()))
    }

    /// Features and probabilities.
    fn see(&self, pixels: &Pixels) -> [Tensor<2>; 2] {
        let network = self.classifier.network();
        let input = self.classifier.preprocessing().normalize(pixels).into_tensor();
        let found = network.features(input, &self.layer).expect("the layer is there");
        let logits = network.head(found.clone(), &self.layer).expect("the layer is there");
        [self.pooling.apply(found), softmax(logits, 1)]
    }
}

/// What a network sees in images, one row each.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Activations {
    /// Activations of the scorer's layer.
    pub features: Features,
    /// Probabilities of the classes.
    pub probabilities: Features,
}

impl Activations {
    fn of(values: [Vec<f32>; 2], images: usize) -> Self {
        let [features, probabilities] = values.map(|values| {
            let columns = values.len() / images;
            Features::new(values, columns)
        });
        Self { features, probabilities }
    }

    /// The most probable class of each image.
    pub fn labels(&self) -> Vec<usize> {
        self.probabilities.iter().map(argmax).collect()
    }
}

/// All numbers of generated images beside real ones.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// The Fréchet distance (FID).
    pub frechet: f64,
    /// The kernel distance (KID) of random subsets of 1,000, or of half as many as there are.
    pub kernel: KernelDistance,
    /// Precision, recall, density, coverage by five neighbors.
    pub prdc: Prdc,
    /// The inception score.
    pub inception: InceptionScore,
    /// The classes.
    pub modes: ModeCoverage,
    /// The share of images of the class that was asked for, if one was.
    pub conditional_accuracy: Option<f64>,
}

impl Score {
    /// Measures the images of one folder against those of another.
    ///
    /// # Errors
    ///
    /// [`MetricError`]: a file that is no image, too few images, features that are not finite.
    pub fn of_folders<N: Network>(
        scorer: &Scorer<N>,
        real: &ImageFolder,
        generated: &ImageFolder,
    ) -> Result<Self, MetricError> {
        Self::of(
            &scorer.activations_of_folder(real)?,
            &scorer.activations_of_folder(generated)?,
            None,
        )
    }

    /// Measures generated images against real ones; `asked` are the classes that the generated ones
    /// were to be of.
    ///
    /// # Errors
    ///
    /// [`MetricError`]: too few images, features that are not finite.
    pub fn of(
        real: &Activations,
        generated: &Activations,
        asked: Option<&[usize]>,
    ) -> Result<Self, MetricError> {
        let least = real.features.rows().min(generated.features.rows());
        let subsets = KernelSettings {
            subset_size: KernelSettings::default().subset_size.min(least / 2),
            ..Default::default()
        };
        let labels = generated.labels();
        let classes = real.probabilities.columns();
        Ok(Self {
            frechet: frechet_distance(&real.features, &generated.features)?,
            kernel: KernelDistance::of(&real.features, &generated.features, &subsets)?,
            prdc: Prdc::of(&real.features, &generated.features, Prdc::NEAREST_K)?,
            inception: InceptionScore::of(&generated.probabilities, &InceptionSettings::default())?,
            modes: ModeCoverage::of(&labels, &real.labels(), classes)?,
            conditional_accuracy: match asked {
                Some(asked) => Some(conditional_accuracy(&labels, asked)?),
                None => None,
            },
        })
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Prdc { precision, recall, density, coverage } = self.prdc;
        let ModeCoverage { covered, classes, divergence } = self.modes;
        writeln!(f, "FID                    {:.3}", self.frechet)?;
        writeln!(
            f,
            "KID                    {:.5} +- {:.5}",
            self.kernel.mean, self.kernel.deviation
        )?;
        writeln!(f, "precision, recall      {precision:.3}, {recall:.3}")?;
        writeln!(f, "density, coverage      {density:.3}, {coverage:.3}")?;
        let InceptionScore { mean, deviation } = self.inception;
        writeln!(f, "inception score        {mean:.3} +- {deviation:.3}")?;
        write!(f, "classes                {covered} of {classes}, KL {divergence:.4} nats")?;
        match self.conditional_accuracy {
            Some(share) => write!(f, "\nof the class asked for {:.2} %", 100.0 * share),
            None => Ok(()),
        }
    }
}
