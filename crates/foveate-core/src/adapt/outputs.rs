//! [`Outputs`]: what a network says of the images of a set, in evaluation mode.

use crate::data::Images;
use crate::image::Preprocessing;
use crate::learn::Features;
use crate::models::{DomainAdversarial, batched, device_of};
use crate::values::argmax;

/// What a network says of images.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outputs {
    /// Classes of the network.
    pub classes: usize,
    /// `[n, classes]`, row by row.
    pub logits: Vec<f32>,
    /// `[n]`: above 0 for the target domain.
    pub domain_logits: Vec<f32>,
}

impl Outputs {
    /// The class of the highest logit of each image.
    pub fn predictions(&self) -> Vec<usize> {
        self.logits.chunks_exact(self.classes.max(1)).map(argmax).collect()
    }

    /// Share of images whose prediction is their label.
    ///
    /// # Panics
    ///
    /// If there is not one label an image, or as [`predictions`](Self::predictions).
    pub fn accuracy(&self, labels: &[usize]) -> f64 {
        let predictions = self.predictions();
        assert_eq!(predictions.len(), labels.len(), "one label an image");
        let right = predictions.iter().zip(labels).filter(|(a, b)| a == b).count();
        right as f64 / labels.len() as f64
    }
}

/// What `network`, in evaluation mode, says of all images of a set.
///
/// # Panics
///
/// If the network's feature layer is none of its layers.
pub fn outputs<N: DomainAdversarial>(
    network: &N,
    preprocessing: &Preprocessing,
    set: &Images,
) -> Outputs {
    let network = network.valid();
    let (layer, device) = (network.feature_layer(), device_of(&network));
    let all: Vec<usize> = (0..set.len()).collect();
    let [logits, domain_logits] = batched(set.len(), AT_ONCE, |some| {
        let input = preprocessing.normalize(&set.batch(&all[some], &device)).into_tensor();
        let features = network.features(input, layer).expect("the feature layer is a layer");
        let domains = network.domain_logits(features.clone(), 0.0);
        [network.head(features, layer).expect("the feature layer is a layer"), domains]
    });
    Outputs { classes: logits.len() / set.len().max(1), logits, domain_logits }
}

/// Features of all images of a set after the network's feature layer, one row an image.
///
/// # Panics
///
/// If the network's feature layer is none of its layers, or there is no image.
pub fn features<N: DomainAdversarial>(
    network: &N,
    preprocessing: &Preprocessing,
    set: &Images,
) -> Features {
    assert!(!set.is_empty(), "features are of images");
    let network = network.valid();
    let (layer, device) = (network.feature_layer(), device_of(&network));
    let all: Vec<usize> = (0..set.len()).collect();
    let [values] = batched(set.len(), AT_ONCE, |some| {
        let input = preprocessing.normalize(&set.batch(&all[some], &device)).into_tensor();
        let features = network.features(input, layer).expect("the feature layer is a layer");
        [features.flatten(1, 3)]
    });
    let columns = values.len() / set.len();
    Features::new(values, columns)
}

/// Images that pass a network together, outside of training.
const AT_ONCE: usize = 250;
