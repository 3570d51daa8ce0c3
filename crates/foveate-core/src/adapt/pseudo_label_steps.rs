//! [`PseudoLabelSteps`]: now and then a step on the network's own predictions.

use super::error::AdaptError;
use crate::SettingError;
use crate::setting::{at_least, at_least_zero};

/// Steps on the target's images between those on the source's, with the network's own predictions of the
/// moment for labels, with a growing weight of the loss.
///
/// Equation 16 of Dong-Hyun Lee, *Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for
/// Deep Neural Networks*, Workshop on Challenges in Representation Learning, ICML 2013. Deviation: the paper
/// adds both losses in every step; here target batches get steps of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PseudoLabelSteps {
    /// Source batches to one target batch, 1 or more.
    pub every: usize,
    /// The target's weight at last, 0 or larger.
    pub weight: f64,
    /// The share of the training, in `[0, 1]`, before which the weight is 0.
    pub from: f64,
    /// The share at which it has grown to its last value, in a straight line.
    pub to: f64,
}

impl Default for PseudoLabelSteps {
    /// The practical's ratio; the paper's last weight, 3, over the first half.
    fn default() -> Self {
        Self { every: 50, weight: 3.0, from: 0.0, to: 0.5 }
    }
}

impl PseudoLabelSteps {
    /// The weight when the share `progress` in `[0, 1]` of the training is done.
    pub fn at(&self, progress: f64) -> f64 {
        match progress {
            p if p < self.from => 0.0,
            p if p < self.to => self.weight * (p - self.from) / (self.to - self.from),
            _ => self.weight,
        }
    }

    pub(super) fn check(&self) -> Result<(), AdaptError> {
        at_least("pseudo_label_steps.every", self.every, 1)?;
        at_least_zero("pseudo_label_steps.weight", self.weight)?;
        if !(0.0 <= self.from && self.from <= self.to && self.to <= 1.0) {
            let found = format!("{} to {}", self.from, self.to);
            return SettingError::refuse(
                "pseudo_label_steps.from",
                found,
                "two shares in [0, 1], the smaller first",
            );
        }
        Ok(())
    }
}
