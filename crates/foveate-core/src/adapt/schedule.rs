//! What changes over a training beside the learning rate: lambda, by its progress p from 0 to 1.

use crate::SettingError;
use crate::setting::{at_least_zero, in_range, positive};

/// The factor lambda of the reversed gradient, by the progress p of the training, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Lambda {
    /// It stays. At 0 the domain head learns and the features do not heed it.
    Constant {
        /// Lambda; 0 or larger.
        lambda: f64,
    },
    /// 0 until a share of the training is done, then constant.
    WarmStart {
        /// Lambda; 0 or larger.
        lambda: f64,
        /// Share of the training before lambda, in `[0, 1]`.
        share: f64,
    },
    /// `highest (2 / (1 + exp(-gamma p)) - 1)`: from 0 to about `highest`. Yaroslav Ganin et al.,
    /// *Domain-Adversarial Training of Neural Networks*, 2016, <https://arxiv.org/abs/1505.07818>, section
    /// 5.2.2.
    Annealed {
        /// Lambda at the end; 0 or larger, 1 in the paper.
        highest: f64,
        /// How fast; larger than 0, 10 in the paper.
        gamma: f64,
    },
}

impl Lambda {
    /// That of Ganin et al., 2016: see [`Annealed`](Self::Annealed).
    pub const PAPER: Self = Self::Annealed { highest: 1.0, gamma: 10.0 };

    /// The factor when the share `progress` in `[0, 1]` of the training is done.
    pub fn at(&self, progress: f64) -> f64 {
        match *self {
            Self::Constant { lambda } => lambda,
            Self::WarmStart { share, .. } if progress < share => 0.0,
            Self::WarmStart { lambda, .. } => lambda,
            Self::Annealed { highest, gamma } => {
                highest * (2.0 / (1.0 + (-gamma * progress).exp()) - 1.0)
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingError> {
        let (Self::Constant { lambda: factor }
        | Self::WarmStart { lambda: factor, .. }
        | Self::Annealed { highest: factor, .. }) = *self;
        at_least_zero("lambda", factor)?;
        match *self {
            Self::WarmStart { share, .. } => in_range("lambda.share", share, 0.0..=1.0),
            Self::Annealed { gamma, .. } => positive("lambda.gamma", gamma),
            Self::Constant { .. } => Ok(()),
        }
    }
}

/// How often the progress is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateEvery {
    /// Before every step.
    Batch,
    /// Before every epoch.
    Epoch,
}
