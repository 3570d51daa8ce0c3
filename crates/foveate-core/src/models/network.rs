//! The [`Network`] trait: a list of named layers that runs whole or in part.

use burn::module::Module;
use burn::tensor::Tensor;

use super::backward_rule::{BackwardRule, NoRule};
use super::chain::run;
use super::layer::NamedLayer;
use super::pass::Pass;
use super::summary::Summary;
use crate::SettingError;

/// A network has no layer of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no layer is named `{name}`; this network has {}", .known.join(", "))]
pub struct UnknownLayer {
    /// What was asked for.
    pub name: String,
    /// The names there are, in the order in which the layers run.
    pub known: Vec<String>,
}

/// A vision network: layers with names, run in order.
///
/// A name stands for the layer itself or, where it is the name of a group, for the last layer of
/// that group: `features` of a VGG is everything before its classifier, `layer3` of a ResNet ends
/// with `layer3.1`.
pub trait Network: Module {
    /// The layers in the order in which they run.
    fn layers(&self) -> Vec<NamedLayer<'_>>;

    /// Replaces the classifying layer by a freshly initialized one for `classes` classes.
    ///
    /// # Panics
    ///
    /// If `classes` is 0 or the network was built without a head.
    #[must_use]
    fn with_classes(self, classes: usize) -> Self;

    /// Logits of a batch of normalized images.
    ///
    /// # Shapes
    ///
    /// - input: `[n, 3, h, w]`
    /// - output: `[n, classes]`, or `[n, c * h * w]` for a network built without a head
    fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        run(&self.layers(), input, &Pass::default()).flatten(1, 3)
    }

    /// [`forward`](Network::forward), through which the gradient goes back by a rule.
    ///
    /// # Errors
    ///
    /// [`NoRule`] names a layer that has none.
    fn forward_with_rule(&self, input: Tensor<4>, rule: BackwardRule) -> Result<Tensor<2>, NoRule> {
        let pass = Pass::with_rule(rule);
        let output = run(&self.layers(), input, &pass).flatten(1, 3);
        pass.ended(output)
    }

    /// Activations after `layer`, `[n, c, h, w]`; nothing behind it is computed.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] lists the names there are.
    fn features(&self, input: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer> {
        let layers = self.layers();
        let end = position(&layers, layer)? + 1;
        Ok(run(&layers[..end], input, &Pass::default()))
    }

    /// Logits `[n, classes]` from the activations after `layer`:
    /// `head(features(x, layer), layer)` is `forward(x)`.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] lists the names there are.
    fn head(&self, activations: Tensor<4>, layer: &str) -> Result<Tensor<2>, UnknownLayer> {
        let layers = self.layers();
        let start = position(&layers, layer)? + 1;
        Ok(run(&layers[start..], activations, &Pass::default()).flatten(1, 3))
    }

    /// The shape `[n, c, h, w]` of the activations after `layer`, for an input `[n, 3, h, w]`; nothing
    /// is computed.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] lists the names there are.
    fn output_shape(&self, layer: &str, input: [usize; 4]) -> Result<[usize; 4], UnknownLayer> {
        let layers = self.layers();
        let end = position(&layers, layer)? + 1;
        Ok(layers[..end].iter().fold(input, |shape, named| named.layer.output_shape(shape)))
    }

    /// Layers with output shapes, parameters and multiply-adds for one image of
    /// `height` x `width` pixels.
    fn summary(&self, height: usize, width: usize) -> Summary {
        Summary::of(&self.layers(), [1, 3, height, width])
    }
}

/// That layers take images of a height and width, those of a preprocessing.
pub(crate) fn check_size(
    layers: &[NamedLayer<'_>],
    [height, width]: [usize; 2],
) -> Result<(), SettingError> {
    match misfit(layers, [1, 3, height, width]) {
        Some(found) => SettingError::refuse("preprocessing", found, "another size"),
        None => Ok(()),
    }
}

/// Why layers cannot take an input `[n, c, h, w]`, if they cannot: so small that nothing of it reaches one of them, or
/// of another size than one takes.
pub(crate) fn misfit(layers: &[NamedLayer<'_>], input: [usize; 4]) -> Option<String> {
    let [_, _, height, width] = input;
    if input.contains(&0) {
        return Some(format!("images of {height}x{width} pixels"));
    }
    let mut shape = input;
    for NamedLayer { name, layer } in layers {
        if !layer.takes(shape) {
            let [_, c, h, w] = shape;
            return Some(format!(
                "images of {height}x{width} pixels, of which {name} gets activations {c}x{h}x{w}, and is a {}",
                layer.describe()
            ));
        }
        shape = layer.output_shape(shape);
        if shape.contains(&0) {
            return Some(format!(
                "images of {height}x{width} pixels, of which nothing leaves {name}"
            ));
        }
    }
    None
}

pub(crate) fn position(layers: &[NamedLayer<'_>], name: &str) -> Result<usize, UnknownLayer> {
    layers
        .iter()
        .rposition(|layer| {
            layer
                .name
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
        .ok_or_else(|| UnknownLayer {
            name: name.into(),
            known: layers.iter().map(|layer| layer.name.clone()).collect(),
        })
}
