//! The model parameter randomisation test; see [`cascading_randomisation`].

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::distr::Distribution;
use rand::seq::SliceRandom;
use rand_distr::Normal;

use super::infidelity::fixed;
use super::rank::spearman;
use crate::explain::attribution::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::model::values;
use crate::explain::noise::{Purpose, generator};
use crate::explain::target::Target;
use crate::models::{Classifier, Network};

/// How much of a map is left when a network's layers from the last one back to this are random.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RandomisedLayer {
    /// The layer that has become random last.
    pub layer: String,
    /// Spearman's correlation of each picture's map with that of the trained network, in
    /// `[-1, 1]`; NaN for a map that is the same everywhere. Such a map is 0 where a random network
    /// gives the class no gradient, as SqueezeNet's ReLU behind the class scores often does: take
    /// another seed.
    pub correlations: Vec<f32>,
    /// The same of absolute values.
    pub absolute: Vec<f32>,
}

/// Makes a copy's layers random one after the other, from the last to the first, and compares the
/// maps: those of a method that explains the network lose their likeness. The score explained is
/// the same throughout: [`Target::Predicted`] is the class that the trained network finds.
///
/// One element for each layer with parameters. Same seed, same random layers.
///
/// Julius Adebayo, Justin Gilmer, Michael Muelly, Ian Goodfellow, Moritz Hardt, Been Kim, *Sanity Checks for
/// Saliency Maps*, 2018, <https://arxiv.org/abs/1810.03292>, section 3. The paper initialises layers anew.
/// Here weights become normal numbers of mean 0 with the mean square of those they replace, so that
/// activations keep their scale in every architecture; biases and the vectors of a batch norm are shuffled,
/// which keeps variances positive.
///
/// # Errors
///
/// As [`Attribution::attribute`].
///
/// # Panics
///
/// If a weight is not finite: of a training that went wrong, since files that hold one are refused.
pub fn cascading_randomisation<N: Network>(
    method: &(impl Attribution<Classifier<N>> + ?Sized),
    classifier: &Classifier<N>,
    input: &Tensor<4>,
    target: &Target,
    seed: u64,
) -> Result<Vec<RandomisedLayer>, ExplainError> {
    let (input, target, _) = fixed(classifier, input, target)?;
    let map = values(&method.attribute(classifier, &input, &target)?);
    let size = map.len() / input.dims()[0];
    let correlations = |other: &[f32], of: fn(f32) -> f32| {
        let list = |values: &[f32]| values.iter().map(|&value| of(value)).collect::<Vec<_>>();
        let pairs = map.chunks_exact(size).zip(other.chunks_exact(size));
        pairs.map(|(map, other)| spearman(&list(map), &list(other))).collect()
    };

    // A clone would share the running statistics of batch norms with the network; `valid` copies.
    let mut network = classifier.network().valid();
    let layers = network.layers();
    let layers = layers.iter().filter(|named| named.layer.parameters() > 0);
    let layers: Vec<String> = layers.map(|named| named.name.clone()).collect();
    let steps = layers.into_iter().rev().enumerate().map(|(place, layer)| {
        let generator = generator(seed, Purpose::Randomisation, place as u64);
        let mut randomiser = Randomiser { layer: &layer, path: Vec::new(), generator };
        network = network.clone().map(&mut randomiser);
        let labels = classifier.labels().to_vec();
        let random = Classifier::new(network.clone(), *classifier.preprocessing(), labels);
        let other = values(&method.attribute(&random, &input, &target)?);
        let (correlations, absolute) =
            (correlations(&other, |value| value), correlations(&other, f32::abs));
        Ok(RandomisedLayer { layer, correlations, absolute })
    });
    steps.collect()
}

/// Makes the parameters of one layer random.
struct Randomiser<'a, R> {
    layer: &'a str,
    path: Vec<String>,
    generator: R,
}

impl<R: Rng> ModuleMapper for Randomiser<'_, R> {
    fn enter_module(&mut self, name: &str, container: &str) {
        // Names of an enum's variants are not in torchvision's names.
        if !container.starts_with("Enum:") {
            self.path.push(name.into());
        }
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        if !container.starts_with("Enum:") {
            self.path.pop();
        }
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        if !path.strip_prefix(self.layer).is_some_and(|rest| rest.starts_with('.')) {
            return param;
        }
        param.map(|tensor| {
            let mut values = values(&tensor);
            if D == 1 {
                values.shuffle(&mut self.generator);
            } else {
                let square = values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
                let sigma = (square / values.len().max(1) as f64).sqrt() as f32;
                let normal = Normal::new(0.0, sigma).expect("weights are finite");
                values.fill_with(|| normal.sample(&mut self.generator));
            }
            Tensor::from_data(TensorData::new(values, tensor.dims()), &tensor.device())
        })
    }
}
