//! [`Schedule`]: the learning rate over a training.

use std::f64::consts::PI;

use super::TransferError;
use crate::SettingError;

/// How the learning rate goes on from its first value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It is multiplied by `factor` after every `every` epochs: PyTorch's `StepLR`.
    Step {
        /// Epochs between two steps.
        every: usize,
        /// In `(0, 1]`.
        factor: f64,
    },
    /// It falls to 0 along half a cosine, a little with every batch: Ilya Loshchilov, Frank Hutter,
    /// *SGDR: Stochastic Gradient Descent with Warm Restarts*, 2016,
    /// <https://arxiv.org/abs/1608.03983>, without restarts; PyTorch's `CosineAnnealingLR`.
    Cosine,
}

impl Schedule {
    /// The learning rate in an epoch (from 0) of which the share `progress` in `[0, 1)` is done.
    pub fn at(&self, learning_rate: f64, epoch: usize, progress: f64, epochs: usize) -> f64 {
        let factor = match *self {
            Self::Constant => 1.0,
            Self::Step { every, factor } => factor.powi((epoch / every.max(1)) as i32),
            Self::Cosine => (1.0 + (PI * (epoch as f64 + progress) / epochs as f64).cos()) / 2.0,
        };
        learning_rate * factor
    }

    pub(super) fn check(&self) -> Result<(), TransferError> {
        match *self {
            Self::Step { every: 0, .. } => {
                SettingError::refuse("schedule.every", 0, "one epoch or more")
            }
            Self::Step { factor, .. } if !(factor > 0.0 && factor <= 1.0) => {
                SettingError::refuse("schedule.factor", factor, "a number in (0, 1]")
            }
            _ => Ok(()),
        }
    }
}
