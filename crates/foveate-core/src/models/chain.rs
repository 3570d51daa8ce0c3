//! [`Chain`]: layers that run one after the other.

use burn::tensor::Tensor;

use super::backward_rule::BackwardRule;
use super::layer::{Layer, NamedLayer};
use super::pass::Pass;
use crate::ops::Activation;

/// Layers that run one after the other, as one: the straight parts of a block with branches.
///
/// An activation runs in one step with the layer before it, where that can; and relevance takes a batch
/// norm as part of the layer with weights before it (see [`BackwardRule`]), so that the two belong in one chain.
pub struct Chain<'a>(Vec<&'a dyn Layer>);

impl<'a> Chain<'a> {
    /// Layers in the order in which they run.
    pub fn new(layers: impl Into<Vec<&'a dyn Layer>>) -> Self {
        Self(layers.into())
    }

    /// A sum over the layers, of a number that depends on a layer's input.
    fn total(
        &self,
        mut shape: [usize; 4],
        number: impl Fn(&dyn Layer, [usize; 4]) -> u64,
    ) -> ([usize; 4], u64) {
        let mut total = 0;
        for layer in &self.0 {
            total += number(*layer, shape);
            shape = layer.output_shape(shape);
        }
        (shape, total)
    }
}

impl Layer for Chain<'_> {
    fn forward_with(&self, mut input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let mut rest = &self.0[..];
        while !rest.is_empty() {
            let taken;
            (input, taken) = step(rest, input, pass);
            rest = &rest[taken..];
        }
        input
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        self.total(input, |_, _| 0).0
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        self.total(input, |layer, shape| layer.multiply_adds(shape)).1
    }

    fn parameters(&self) -> usize {
        self.0.iter().map(|layer| layer.parameters()).sum()
    }

    fn takes(&self, mut input: [usize; 4]) -> bool {
        self.0.iter().all(|layer| {
            let takes = layer.takes(input);
            if takes {
                input = layer.output_shape(input);
            }
            takes
        })
    }

    fn describe(&self) -> String {
        self.0.iter().map(|layer| layer.describe()).collect::<Vec<_>>().join(", ")
    }
}

/// Runs the layers of a network in their order on `[n, c, h, w]`.
pub(crate) fn run(layers: &[NamedLayer<'_>], mut input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
    let all: Vec<&dyn Layer> = layers.iter().map(|named| named.layer).collect();
    let mut place = 0;
    while place < all.len() {
        let taken;
        (input, taken) = step(&all[place..], input, pass);
        pass.name(&layers[place].name);
        place += taken;
    }
    input
}

/// Runs the first layer, together with the next if that is an activation or a batch norm that it takes
/// in; and how many that were.
fn step(layers: &[&dyn Layer], input: Tensor<4>, pass: &Pass<'_>) -> (Tensor<4>, usize) {
    let (layer, next) = (layers[0], layers.get(1));
    if pass.rule() == BackwardRule::Gradient {
        let activation = next.map_or(Activation::None, |next| next.activation());
        if activation != Activation::None {
            return (layer.forward_activated(input, activation, pass), 2);
        }
    } else if pass.rule().is_relevance()
        && let Some(norm) = next.and_then(|next| next.batch_norm())
    {
        return (layer.forward_normalized(input, norm, pass), 2);
    }
    (layer.forward_with(input, pass), 1)
}
