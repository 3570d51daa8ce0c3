//! [`Part`]: which layers are trained; and the two passes through a network that is cut there.

use burn::tensor::{Tensor, TensorData};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use super::TransferError;
use crate::models::{Network, UnknownLayer};
use crate::ops::Activation;

/// The layers of a network that are trained; those before them stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The last layer that has parameters.
    Head,
    /// From a layer, by torchvision's name, or from the first of a group (`features.9`, `layer4`)
    /// to the end.
    From(String),
    /// All layers.
    Whole,
}

/// Where a network is cut.
pub(super) struct Split {
    /// Index of the first trained layer.
    first: usize,
    /// The layer before it.
    cut: Option<String>,
}

impl Split {
    pub fn new(network: &impl Network, part: &Part) -> Result<Self, TransferError> {
        let layers = network.layers();
        let within = |name: &str, group: &str| {
            name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut first = match part {
            Part::Whole => 0,
            Part::Head => {
                layers.iter().rposition(|named| named.layer.parameters() > 0).unwrap_or(0)
            }
            Part::From(name) => {
                let found = layers.iter().position(|named| within(&named.name, name));
                found.ok_or_else(|| UnknownLayer {
                    name: name.clone(),
                    known: layers.iter().map(|named| named.name.clone()).collect(),
                })?
            }
        };
        if layers[first..].iter().all(|named| named.layer.parameters() == 0) {
            let expected = "a layer with parameters, or one before it";
            return Err(TransferError::setting("part", &layers[first].name, expected));
        }
        // A dropout in front of the first trained layer belongs to its training.
        while first > 0 && layers[first - 1].layer.dropout().is_some() {
            first -= 1;
        }
        let cut = first.checked_sub(1).map(|last| layers[last].name.clone());
        Ok(Self { first, cut })
    }

    /// Activations `[n, c, h, w]` that the trained layers take; `network` is out of training.
    pub fn frozen(
        &self,
        network: &impl Network,
        input: Tensor<4>,
    ) -> Result<Tensor<4>, UnknownLayer> {
        match &self.cut {
            Some(cut) => network.features(input, cut),
            None => Ok(input),
        }
    }

    /// Logits `[n, classes]`, with dropout. Its masks are drawn here, since a device has one
    /// generator for the whole process: whoever else draws would change the training.
    pub fn trained(
        &self,
        network: &impl Network,
        activations: Tensor<4>,
        generator: &mut ChaCha8Rng,
    ) -> Tensor<2> {
        let layers = network.layers();
        let mut layers = layers[self.first..].iter().map(|named| named.layer).peekable();
        let mut activations = activations;
        while let Some(layer) = layers.next() {
            if let Some(probability) = layer.dropout() {
                activations = dropped(activations, probability, generator);
                continue;
            }
            activations = match layers.next_if(|next| next.is_relu()) {
                Some(_) => layer.forward_activated(activations, Activation::Relu),
                None => layer.forward(activations),
            };
        }
        activations.flatten(1, 3)
    }
}

fn dropped(activations: Tensor<4>, probability: f64, generator: &mut ChaCha8Rng) -> Tensor<4> {
    let shape = activations.dims();
    let mask = TensorData::new(mask(shape.iter().product(), probability, generator), shape);
    let mask = Tensor::from_data(mask, &activations.device());
    activations * mask
}

/// 0 with this probability, and otherwise what makes the mean 1.
fn mask(length: usize, probability: f64, generator: &mut ChaCha8Rng) -> Vec<f32> {
    let kept = 1.0 - probability;
    let (below, scale) = ((kept * 2f64.powi(32)) as u64, (1.0 / kept) as f32);
    let draw = |_| if u64::from(generator.next_u32()) < below { scale } else { 0.0 };
    (0..length).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn masks_keep_the_mean() {
        for probability in [0.0, 0.2, 0.5, 0.9] {
            let mask = mask(100_000, probability, &mut ChaCha8Rng::seed_from_u64(1));
            let scale = (1.0 / (1.0 - probability)) as f32;
            assert!(mask.iter().all(|&value| value == 0.0 || value == scale));
            let mean = mask.iter().map(|&value| f64::from(value)).sum::<f64>() / 1e5;
            // Five standard deviations of the mean.
            let deviation = (probability / (1.0 - probability) / 1e5).sqrt();
            assert!((mean - 1.0).abs() <= 5.0 * deviation, "{mean} at {probability}");
        }
    }
}
