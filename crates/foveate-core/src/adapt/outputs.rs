//! [`Outputs`]: what a network says of the images of a set, in evaluation mode.

use crate::data::Images;
use crate::image::Preprocessing;
use crate::learn::Features;
use crate::models::{DomainAdversarial, device_of};
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

    /// Share of images whose answer is their label.
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

/// What `network`, out of training, says of all images of a set.
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
    let device = device_of(&network);
    let mut outputs = Outputs { classes: 0, logits: vec![], domain_logits: vec![] };
    let all: Vec<usize> = (0..set.len()).collect();
    for chosen in all.chunks(AT_ONCE) {
        let input = preprocessing.normalize(&set.batch(chosen, &device)).into_tensor();
        let layer = network.feature_layer();
        let features = network.features(input, layer).expect("the feature layer is a layer");
        let domains = network.domain_logits(features.clone(), 0.0);
        let logits = network.head(features, layer).expect("the feature layer is a layer");
        outputs.classes = logits.dims()[1];
        outputs.logits.extend(logits.into_data().iter::<f32>());
        outputs.domain_logits.extend(domains.into_data().iter::<f32>());
    }
    outputs
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
    let network = network.valid();
    let device = device_of(&network);
    let mut all = Vec::new();
    let indices: Vec<usize> = (0..set.len()).collect();
    for chosen in indices.chunks(AT_ONCE) {
        let input = preprocessing.normalize(&set.batch(chosen, &device)).into_tensor();
        let found =
            network.features(input, network.feature_layer()).expect("the feature layer is a layer");
        all.extend(found.into_data().iter::<f32>());
    }
    assert!(!set.is_empty(), "features are of images");
    let columns = all.len() / set.len();
    Features::new(all, columns)
}

/// Images that pass a network together, outside of training.
const AT_ONCE: usize = 250;
