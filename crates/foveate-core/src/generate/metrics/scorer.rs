//! [`Scorer`]: a fixed network that looks at images, and [`Score`]: all numbers of what it saw.

use std::fmt;

use burn::tensor::Device;
use burn::tensor::activation::softmax;

use super::{
    Features, InceptionScore, InceptionSettings, KernelDistance, KernelSettings, MetricError,
    ModeCoverage, Prdc, conditional_accuracy, frechet_distance,
};
use crate::data::Images;
use crate::models::weights::WeightsError;
use crate::models::{Classifier, LeNet, Network, UnknownLayer, device_of, position};
use crate::train::highest;

/// Images that pass the network together.
const AT_ONCE: usize = 250;

/// A classifier whose features and answers measure images. Scores compare only with scores by the same one.
#[derive(Debug, Clone)]
pub struct Scorer<N> {
    classifier: Classifier<N>,
    layer: String,
}

impl Scorer<LeNet> {
    /// [`LeNet::digits`]. Features are the 84 of its last hidden layer, behind the ReLU; images are
    /// scaled to 28x28.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] if the weights cannot be used.
    pub fn digits(device: &Device) -> Result<Self, WeightsError> {
        Ok(Self { classifier: LeNet::digits(device)?, layer: "classifier.3".into() })
    }
}

impl<N: Network> Scorer<N> {
    /// Measures by the activations of a layer, flattened, and by the classifier's answers.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] lists the names there are.
    pub fn new(classifier: Classifier<N>, layer: &str) -> Result<Self, UnknownLayer> {
        position(&classifier.network().layers(), layer)?;
        Ok(Self { classifier, layer: layer.into() })
    }

    /// What the network sees in images, which are scaled to its size.
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
        let network = self.classifier.network();
        let device = device_of(network);
        let (mut features, mut probabilities) = (Vec::new(), Vec::new());
        let indices: Vec<usize> = (0..images.len()).collect();
        for chosen in indices.chunks(AT_ONCE) {
            let pixels = images.batch(chosen, &device);
            let input = self.classifier.preprocessing().normalize(&pixels).into_tensor();
            let found = network.features(input, &self.layer).expect("the layer is there");
            let logits = network.head(found.clone(), &self.layer).expect("the layer is there");
            features.extend(found.into_data().iter::<f32>());
            probabilities.extend(softmax(logits, 1).into_data().iter::<f32>());
        }
        let rows = |values: Vec<f32>| {
            let columns = values.len() / images.len();
            Features::new(values, columns)
        };
        Activations { features: rows(features), probabilities: rows(probabilities) }
    }
}

/// What a network sees in images, one row each.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Activations {
    /// Of the scorer's layer.
    pub features: Features,
    /// Of the classes.
    pub probabilities: Features,
}

impl Activations {
    /// The most probable class of each image.
    pub fn labels(&self) -> Vec<usize> {
        self.probabilities.iter().map(highest).collect()
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
