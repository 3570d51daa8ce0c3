//! What the tests of explanations share.

mod attack;
mod attribution;
mod metrics;
mod model;
mod visualize;

use foveate::burn::tensor::{Tensor, TensorData};
use foveate::explain::{LayeredModel, Model, Target};
use foveate::image::Pixels;
use foveate::models::{Architecture, BackwardRule, Classifier, Network, NoRule, UnknownLayer};

use crate::support::golden::golden_tensors;
use crate::support::{devices, real};

/// SqueezeNet 1.1 and the first two images of val_25, pixels in [0, 1].
fn val_2() -> Option<(Classifier, Tensor<4>)> {
    let classifier = real::classifier(Architecture::SqueezeNet1_1, &devices::any())?;
    let pixels = Pixels::from_images(&real::val_25()?.0[..2], &devices::any());
    Some((classifier, pixels.tensor().clone()))
}

/// The classes of the first two images of val_25.
fn target() -> Target {
    Target::Classes(real::val_25().unwrap().1[..2].to_vec())
}

/// A tensor of tests/golden/perturbation.safetensors.
fn golden(name: &str) -> Vec<f32> {
    let file = golden_tensors("perturbation.safetensors");
    file[name].iter::<f32>().collect()
}

/// Values between -1 and 1 from a seed.
fn noise(shape: [usize; 4], seed: u64) -> Tensor<4> {
    let mut random = devices::knuth(seed);
    let values = (0..shape.iter().product::<usize>())
        .map(|_| (random() >> 40) as f32 / (1u64 << 23) as f32 - 1.0);
    Tensor::from_data(TensorData::new(values.collect::<Vec<_>>(), shape), &devices::any())
}

/// A model of two classes, whose scores are the sum of the input, and the sum of the input times
/// weights, which are given.
fn linear([c, h, w]: [usize; 3]) -> (impl Fn(Tensor<4>) -> Tensor<2>, Vec<f32>) {
    let weights = noise([1, c, h, w], 77);
    let values = weights.to_data().iter::<f32>().collect();
    let model = move |x: Tensor<4>| {
        let sum = |x: Tensor<4>| x.flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![sum(x.clone()), sum(x * weights.clone())], 1)
    };
    (model, values)
}

const MEAN: [f32; 3] = [0.485, 0.456, 0.406];

/// A network that takes its input as it is.
pub struct Raw<N>(pub N);

impl<N: Network> Model for Raw<N> {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        self.0.forward(input)
    }
}

impl<N: Network> LayeredModel for Raw<N> {
    fn normalized(&self, input: Tensor<4>) -> Tensor<4> {
        input
    }

    fn features(&self, normalized: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer> {
        self.0.features(normalized, layer)
    }

    fn head(&self, activations: Tensor<4>, layer: &str) -> Result<Tensor<2>, UnknownLayer> {
        self.0.head(activations, layer)
    }

    fn logits_with_rule(
        &self,
        normalized: Tensor<4>,
        rule: BackwardRule,
    ) -> Result<Tensor<2>, NoRule> {
        self.0.forward_with_rule(normalized, rule)
    }
}
