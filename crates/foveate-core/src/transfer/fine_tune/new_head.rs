//! [`new_head`]: a network for other classes.

use std::collections::BTreeSet;

use burn::module::{ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::Normal;

use crate::models::Network;
use crate::ops::Activation;

/// Replaces the classifying layer by one for `classes` classes whose weights are normal numbers of
/// standard deviation 0.01 and whose biases are 0: as torchvision starts the last layer of VGG and
/// SqueezeNet. Same seed, same weights, on every device;
/// [`with_classes`](Network::with_classes) alone draws them from the device's generator.
///
/// Where a ReLU comes after the head (SqueezeNet), the biases are 1, unlike torchvision's: from 0,
/// about half of all classes start below the ReLU's edge, and some never get a gradient.
///
/// # Panics
///
/// As [`with_classes`](Network::with_classes).
#[must_use]
pub fn new_head<N: Network>(network: N, classes: usize, seed: u64) -> N {
    let mut known = Ids::default();
    network.visit(&mut known);
    let layers = network.layers();
    let head = layers.iter().rposition(|named| named.layer.parameters() > 0);
    let rectified = head
        .and_then(|head| layers.get(head + 1))
        .is_some_and(|n| n.layer.activation() == Activation::Relu);
    drop(layers);
    let generator = ChaCha8Rng::seed_from_u64(seed);
    let bias = if rectified { 1.0 } else { 0.0 };
    network.with_classes(classes).map(&mut Redraw { known: known.0, bias, generator })
}

#[derive(Default)]
struct Ids(BTreeSet<ParamId>);

impl ModuleVisitor for Ids {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.0.insert(parameter.id);
    }
}

/// Draws the parameters that were not there before.
struct Redraw {
    known: BTreeSet<ParamId>,
    bias: f32,
    generator: ChaCha8Rng,
}

impl ModuleMapper for Redraw {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.known.contains(&parameter.id) {
            return parameter;
        }
        parameter.map(|tensor| {
            if D == 1 {
                return tensor.full_like(self.bias);
            }
            let normal = Normal::new(0.0, 0.01).expect("0.01 is a deviation");
            let shape = tensor.shape();
            let draws = normal.sample_iter(&mut self.generator).take(shape.num_elements());
            let values: Vec<f32> = draws.collect();
            Tensor::from_data(TensorData::new(values, shape), &tensor.device())
        })
    }
}
