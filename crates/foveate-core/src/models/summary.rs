//! A table of a network's layers: shapes, parameters, multiply-adds.

use std::fmt;

use super::layer::NamedLayer;

/// One row of a [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerSummary {
    /// Torchvision's name of the layer.
    pub name: String,
    /// Kind and sizes, `Conv2d(3, 64, 3x3, padding 1)`.
    pub kind: String,
    /// Output shape `[n, c, h, w]`.
    pub output_shape: [usize; 4],
    /// Trainable parameters.
    pub parameters: usize,
    /// Multiply-adds of the convolutions and fully connected layers.
    pub multiply_adds: u64,
}

/// A network's layers in order; prints as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The rows.
    pub layers: Vec<LayerSummary>,
}

impl Summary {
    pub(super) fn of(layers: &[NamedLayer<'_>], input: [usize; 4]) -> Self {
        let mut shape = input;
        let layers = layers
            .iter()
            .map(|NamedLayer { name, layer }| {
                let multiply_adds = layer.multiply_adds(shape);
                shape = layer.output_shape(shape);
                LayerSummary {
                    name: name.clone(),
                    kind: layer.describe(),
                    output_shape: shape,
                    parameters: layer.parameters(),
                    multiply_adds,
                }
            })
            .collect();
        Self { layers }
    }

    /// Trainable parameters of the whole network.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.parameters).sum()
    }

    /// Multiply-adds of one forward pass.
    pub fn multiply_adds(&self) -> u64 {
        self.layers.iter().map(|layer| layer.multiply_adds).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<18} {:<36} {:>18} {:>12} {:>15}",
            "layer", "kind", "output", "parameters", "multiply-adds"
        )?;
        for layer in &self.layers {
            let [_, c, h, w] = layer.output_shape;
            writeln!(
                f,
                "{:<18} {:<36} {:>18} {:>12} {:>15}",
                layer.name,
                layer.kind,
                format!("[n, {c}, {h}, {w}]"),
                layer.parameters,
                layer.multiply_adds
            )?;
        }
        write!(
            f,
            "{:<18} {:<36} {:>18} {:>12} {:>15}",
            "total",
            "",
            "",
            self.parameters(),
            self.multiply_adds()
        )
    }
}
