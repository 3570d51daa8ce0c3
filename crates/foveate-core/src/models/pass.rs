//! [`Pass`]: what all layers know of the run that they are part of.

use std::cell::{Cell, RefCell};

use burn::tensor::{Tensor, TensorData};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use super::backward_rule::{BackwardRule, NoRule, passed};
use crate::ops::{self, Activation};

/// One run through the layers of a network: by which [`BackwardRule`] the gradient goes back, and, in a
/// training of this library, where dropouts draw from. A layer of one's own hands it to the layers
/// inside.
#[derive(Debug)]
pub struct Pass<'a> {
    rule: BackwardRule,
    dropout: Option<RefCell<&'a mut ChaCha8Rng>>,
    /// The layer without a rule that came first.
    refused: RefCell<Option<NoRule>>,
    /// Of the values of a channel that a batch norm has seen.
    fewest: Cell<usize>,
}

impl Pass<'_> {
    /// A run in which the gradient goes back by a rule.
    pub fn with_rule(rule: BackwardRule) -> Self {
        Self { rule, dropout: None, refused: RefCell::new(None), fewest: Cell::new(usize::MAX) }
    }

    /// By which rule the gradient goes back.
    pub fn rule(&self) -> BackwardRule {
        self.rule
    }

    /// `max(x, 0)` by the rule.
    pub fn relu(&self, input: Tensor<4>) -> Tensor<4> {
        match self.rule {
            BackwardRule::Guided => ops::guided_relu(input, true),
            BackwardRule::Deconvnet => ops::guided_relu(input, false),
            // Relevance passes as it is: where the output is 0, there is none.
            _ => Activation::Relu.of(input),
        }
    }

    /// The output of a layer whose every value depends on the value of the input in its place: relevance
    /// passes as it is, whatever the gradient. Where the input is 0, it is lost.
    ///
    /// # Panics
    ///
    /// If the shapes differ.
    pub fn elementwise(&self, input: Tensor<4>, output: Tensor<4>) -> Tensor<4> {
        assert_eq!(input.dims(), output.dims(), "a value for each value");
        if self.rule.is_relevance() { passed(input, output) } else { output }
    }

    /// The output of a layer that has no rule for relevance: the run goes on, and ends in [`NoRule`]
    /// with `kind`, its [description](super::Layer::describe). A gradient, guided or not, is what it is.
    pub fn without_rule(&self, kind: impl Into<String>, output: Tensor<4>) -> Tensor<4> {
        let mut refused = self.refused.borrow_mut();
        if self.rule.is_relevance() && refused.is_none() {
            *refused = Some(NoRule { name: String::new(), kind: kind.into(), rule: self.rule });
        }
        output
    }

    /// Names the layer that has just run, if it has no rule.
    pub(super) fn name(&self, layer: &str) {
        if let Some(refused) = self.refused.borrow_mut().as_mut().filter(|no| no.name.is_empty()) {
            refused.name = layer.into();
        }
    }

    /// What came out, unless a layer had no rule.
    pub(super) fn ended<T>(self, output: T) -> Result<T, NoRule> {
        self.refused.into_inner().map_or(Ok(output), Err)
    }

    /// Notes that a batch norm has seen so many values of each channel.
    pub(super) fn normalizes(&self, values: usize) {
        self.fewest.set(self.fewest.get().min(values));
    }

    /// Whether a batch norm has seen one value of each channel, which is its own mean.
    pub(crate) fn saw_one_value(&self) -> bool {
        self.fewest.get() == 1
    }

    /// Values that a dropout in training mode mode leaves, if its masks are drawn here: a device has one generator
    /// for the whole process, and whoever else draws would change the training.
    pub(super) fn dropped(&self, input: Tensor<4>, probability: f64) -> Option<Tensor<4>> {
        let mut generator = self.dropout.as_ref()?.borrow_mut();
        let shape = input.dims();
        let mask = mask(shape.iter().product(), probability, &mut generator);
        let mask = Tensor::from_data(TensorData::new(mask, shape), &input.device());
        Some(input * mask)
    }
}

impl<'a> Pass<'a> {
    /// A run in training mode: as in evaluation, but with dropout, and batch norms by the batch.
    pub(crate) fn training(dropout: &'a mut ChaCha8Rng) -> Self {
        Self { dropout: Some(RefCell::new(dropout)), ..Self::with_rule(BackwardRule::Gradient) }
    }
}

impl Default for Pass<'_> {
    /// By the gradient.
    fn default() -> Self {
        Self::with_rule(BackwardRule::Gradient)
    }
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
