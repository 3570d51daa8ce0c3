//! [`Trainable`]: which layers are trained; and the two passes through a network that is cut there.

use burn::tensor::Tensor;

use crate::SettingError;
use crate::models::{Network, Pass, UnknownLayer, run};
use crate::transfer::error::TransferError;

/// The layers of a network that are trained; those before them stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trainable {
    /// The last layer that has parameters.
    Head,
    /// From a layer, by torchvision's name, or from the first of a group (`features.9`, `layer4`)
    /// to the end.
    From(String),
    /// All layers.
    All,
}

/// Where a network is cut.
pub(super) struct Split {
    /// Index of the first trained layer.
    first: usize,
    /// The layer before it.
    cut: Option<String>,
}

impl Split {
    pub fn new(network: &impl Network, trainable: &Trainable) -> Result<Self, TransferError> {
        let layers = network.layers();
        let within = |name: &str, group: &str| {
            name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut first = match trainable {
            Trainable::All => 0,
            Trainable::Head => {
                layers.iter().rposition(|named| named.layer.parameters() > 0).unwrap_or(0)
            }
            Trainable::From(name) => {
                let found = layers.iter().position(|named| within(&named.name, name));
                found.ok_or_else(|| UnknownLayer {
                    name: name.clone(),
                    known: layers.iter().map(|named| named.name.clone()).collect(),
                })?
            }
        };
        if layers[first..].iter().all(|named| named.layer.parameters() == 0) {
            let expected = "a layer with parameters, or one before it";
            return SettingError::refuse("trainable", &layers[first].name, expected);
        }
        // A dropout in front of the first trained layer belongs to its training.
        while first > 0 && layers[first - 1].layer.dropout().is_some() {
            first -= 1;
        }
        let cut = first.checked_sub(1).map(|last| layers[last].name.clone());
        Ok(Self { first, cut })
    }

    /// Activations `[n, c, h, w]` that the trained layers take; `network` is in evaluation mode.
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

    /// Logits `[n, classes]`.
    pub fn trained(
        &self,
        network: &impl Network,
        activations: Tensor<4>,
        pass: &Pass<'_>,
    ) -> Tensor<2> {
        run(&network.layers()[self.first..], activations, pass).flatten(1, 3)
    }
}
