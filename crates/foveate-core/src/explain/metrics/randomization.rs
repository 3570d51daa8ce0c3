//! The model parameter randomization test; see [`cascading_randomization`].

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::distr::Distribution;
use rand::seq::SliceRandom;
use rand_distr::Normal;

use super::infidelity::fixed;
use super::spearman::spearman;
use crate::explain::attribution::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::model::values;
use crate::explain::noise::{Purpose, generator};
use crate::explain::target::Target;
use crate::models::{Classifier, ModulePath, NamedLayer, Network, parameter_names};

/// How much of a map is left when a network's layers from the last one back to this are random.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RandomizedLayer {
    /// The layer that has become random last.
    pub layer: String,
    /// Spearman's correlation of each image's map with that of the trained network, in
    /// `[-1, 1]`; NaN for a map that is the same everywhere. Such a map is 0 where a random network
    /// gives the class no gradient, as SqueezeNet's ReLU behind the class scores often does: take
    /// another seed.
    pub correlations: Vec<f32>,
    /// Rank correlations of the absolute values.
    pub absolute: Vec<f32>,
}

/// Makes a copy's layers random one after the other, from the last to the first, and compares the
/// maps: those of a method that explains the network lose their likeness. The score explained is
/// the same throughout: [`Target::Predicted`] is the class that the trained network finds.
///
/// One element for each layer with parameters. Same seed, same random layers.
///
/// Julius Adebayo, Justin Gilmer, Michael Muelly, Ian Goodfellow, Moritz Hardt, Been Kim, *Sanity Checks for
/// Saliency Maps*, 2018, <https://arxiv.org/abs/1810.03292>, section 3. The paper initializes layers anew.
/// Here weights become normal numbers of mean 0 with the mean square of those they replace, so that
/// activations keep their scale in every architecture; biases are shuffled, and so are the channels of a
/// batch norm, each of which keeps its four numbers: a variance stays with its mean and its factor.
///
/// # Errors
///
/// As [`Attribution::attribute`]; [`ExplainError::LayerName`] if no parameter is found by the name of a
/// layer that has some.
///
/// # Panics
///
/// If a weight is not finite: of a training that went wrong, since files that hold one are refused.
pub fn cascading_randomization<N: Network>(
    method: &(impl Attribution<Classifier<N>> + ?Sized),
    classifier: &Classifier<N>,
    input: &Tensor<4>,
    target: &Target,
    seed: u64,
) -> Result<Vec<RandomizedLayer>, ExplainError> {
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
    let layers = layers(&network)?;
    let steps = layers.into_iter().rev().enumerate().map(|(place, layer)| {
        let generator = generator(seed, Purpose::Randomization, place as u64);
        let mut randomizer =
            Randomizer { layer: &layer, path: ModulePath::default(), norm: None, generator };
        network = network.clone().map(&mut randomizer);
        let labels = classifier.labels().to_vec();
        let random = Classifier::new(network.clone(), *classifier.preprocessing(), labels);
        let other = values(&method.attribute(&random, &input, &target)?);
        let (correlations, absolute) =
            (correlations(&other, |value| value), correlations(&other, f32::abs));
        Ok(RandomizedLayer { layer, correlations, absolute })
    });
    steps.collect()
}

/// The names of a network's layers that have parameters.
fn layers<N: Network>(network: &N) -> Result<Vec<String>, ExplainError> {
    let known = parameter_names(network);
    let mut found = Vec::new();
    for NamedLayer { name, layer } in network.layers() {
        if known.iter().any(|path| within(path, &name)) {
            found.push(name);
        } else if layer.parameters() > 0 {
            let example = known.first().cloned().unwrap_or_default();
            let parameters = layer.parameters();
            return Err(ExplainError::LayerName { layer: name, parameters, example });
        }
    }
    Ok(found)
}

fn within(path: &str, layer: &str) -> bool {
    path.strip_prefix(layer).is_some_and(|rest| rest.starts_with('.'))
}

/// Makes the parameters of one layer random.
struct Randomizer<'a, R> {
    layer: &'a str,
    path: ModulePath,
    /// The last batch norm, and the new order of its channels.
    norm: Option<(String, Vec<usize>)>,
    generator: R,
}

impl<R: Rng> Randomizer<'_, R> {
    /// Each channel of a batch norm keeps its numbers.
    fn order(&mut self, length: usize) -> Vec<usize> {
        let norm = self.path.norm();
        if let (Some(norm), Some((last, order))) = (&norm, &self.norm)
            && norm == last
        {
            return order.clone();
        }
        let mut order: Vec<usize> = (0..length).collect();
        order.shuffle(&mut self.generator);
        self.norm = norm.map(|norm| (norm, order.clone()));
        order
    }
}

impl<R: Rng> ModuleMapper for Randomizer<'_, R> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !within(&self.path.name(), self.layer) {
            return param;
        }
        param.map(|tensor| {
            let mut values = values(&tensor);
            if D == 1 {
                values = self.order(values.len()).into_iter().map(|i| values[i]).collect();
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
