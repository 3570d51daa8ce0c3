//! [`Schedule`]: the learning rate over a training.

use std::f64::consts::PI;

use crate::SettingError;
use crate::setting::{at_least, at_least_zero, share};

/// How the learning rate goes on from its first value, when the share `p` of the training is done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It falls to 0 by the same amount in each step: `first (1 - p)`.
    Linear,
    /// It is multiplied by `factor` after every `every` epochs: PyTorch's `StepLR`.
    Step {
        /// Epochs between two steps; iterations, where a training counts those.
        every: usize,
        /// Factor of the learning rate, in `(0, 1]`.
        factor: f64,
    },
    /// It falls to 0 along half a cosine: Ilya Loshchilov, Frank Hutter, *SGDR: Stochastic Gradient Descent
    /// with Warm Restarts*, 2016, <https://arxiv.org/abs/1608.03983>, without restarts; PyTorch's
    /// `CosineAnnealingLR`.
    Cosine,
    /// `first / (1 + alpha p)^beta`: Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*,
    /// 2016, <https://arxiv.org/abs/1505.07818>, section 5.2.2.
    Annealed {
        /// Steepness of the decay; 0 or larger, 10 in the paper.
        alpha: f64,
        /// Exponent of the decay; 0 or larger, 0.75 in the paper.
        beta: f64,
    },
}

impl Schedule {
    /// That of Ganin et al., 2016: see [`Annealed`](Self::Annealed).
    pub const DANN: Self = Self::Annealed { alpha: 10.0, beta: 0.75 };

    /// The learning rate when `done` of `all` epochs are done, parts of one included; or iterations, where a
    /// training counts those.
    pub fn at(&self, first: f64, done: f64, all: usize) -> f64 {
        let p = done / all as f64;
        match *self {
            Self::Constant => first,
            Self::Linear => first * (1.0 - p),
            Self::Step { every, factor } => {
                first * factor.powi((done as usize / every.max(1)) as i32)
            }
            Self::Cosine => first * ((1.0 + (PI * p).cos()) / 2.0),
            Self::Annealed { alpha, beta } => first / (1.0 + alpha * p).powf(beta),
        }
    }

    /// Whether a training may be made longer without having been another one so far.
    pub(crate) fn may_go_on(&self) -> bool {
        matches!(self, Self::Constant | Self::Step { .. })
    }

    pub(crate) fn check(&self) -> Result<(), SettingError> {
        match *self {
            Self::Step { every, factor } => {
                at_least("schedule.every", every, 1)?;
                share("schedule.factor", factor)
            }
            Self::Annealed { alpha, beta } => {
                at_least_zero("schedule.alpha", alpha)?;
                at_least_zero("schedule.beta", beta)
            }
            _ => Ok(()),
        }
    }
}
