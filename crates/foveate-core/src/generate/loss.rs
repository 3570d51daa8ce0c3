//! [`Loss`]: what the two networks play for.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::ops::binary_cross_entropy;

/// The losses of discriminator and generator, as functions of the discriminator's logits d(x) of real
/// and d(G(z)) of generated images; D is the logistic function of d, and E the mean over a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// Goodfellow et al., *Generative Adversarial Nets*, 2014, <https://arxiv.org/abs/1406.2661>: the
    /// discriminator's is `-E ln D(x) - E ln (1 - D(G(z)))`, the generator's `-E ln D(G(z))`, whose
    /// gradient does not vanish where the discriminator is sure.
    NonSaturating,
    /// The minimax loss of the same paper (equation 1): the generator's is `E ln (1 - D(G(z)))`.
    Saturating,
    /// Xudong Mao et al., *Least Squares Generative Adversarial Networks*, 2017,
    /// <https://arxiv.org/abs/1611.04076>, with a = 0 and b = c = 1:
    /// `½ E (d(x) - 1)² + ½ E d(G(z))²`, and `½ E (d(G(z)) - 1)²`.
    LeastSquares,
    /// Jae Hyun Lim, Jong Chul Ye, *Geometric GAN*, 2017, <https://arxiv.org/abs/1705.02894>:
    /// `E max(0, 1 - d(x)) + E max(0, 1 + d(G(z)))`, and `-E d(G(z))`.
    Hinge,
    /// Martin Arjovsky, Soumith Chintala, Léon Bottou, *Wasserstein GAN*, 2017,
    /// <https://arxiv.org/abs/1701.07875>: `-E d(x) + E d(G(z))`, and `-E d(G(z))`. After each of its
    /// steps, the discriminator's parameters are clamped to `[-clip, clip]`.
    Wasserstein {
        /// Largest size of a parameter of the discriminator; larger than 0, 0.01 in the paper.
        clip: f64,
    },
}

impl Loss {
    /// The discriminator's losses of real and of generated images, each `[1]`; their sum is its loss.
    ///
    /// `real` is what a real image counts as: 1, or less for one-sided label smoothing (Tim Salimans et
    /// al., *Improved Techniques for Training GANs*, 2016, <https://arxiv.org/abs/1606.03498>). Hinge and
    /// Wasserstein have no such number.
    ///
    /// # Shapes
    ///
    /// - logits: `[n]`, `[m]`
    pub fn discriminator(self, logits: [Tensor<1>; 2], real: f64) -> [Tensor<1>; 2] {
        let [of_real, of_fake] = logits;
        match self {
            Self::NonSaturating | Self::Saturating => {
                [cross_entropy(of_real, real), cross_entropy(of_fake, 0.0)]
            }
            Self::LeastSquares => [half_squares(of_real - real), half_squares(of_fake)],
            Self::Hinge => [relu(of_real.neg() + 1.0).mean(), relu(of_fake + 1.0).mean()],
            Self::Wasserstein { .. } => [of_real.neg().mean(), of_fake.mean()],
        }
    }

    /// The generator's loss, `[1]`, of the logits `[n]` of its images.
    pub fn generator(self, of_fake: Tensor<1>) -> Tensor<1> {
        match self {
            Self::NonSaturating => cross_entropy(of_fake, 1.0),
            Self::Saturating => cross_entropy(of_fake, 0.0).neg(),
            Self::LeastSquares => half_squares(of_fake - 1.0),
            Self::Hinge | Self::Wasserstein { .. } => of_fake.neg().mean(),
        }
    }
}

fn cross_entropy(logits: Tensor<1>, target: f64) -> Tensor<1> {
    let targets = logits.ones_like() * target;
    binary_cross_entropy(logits, targets)
}

fn half_squares(differences: Tensor<1>) -> Tensor<1> {
    (differences.clone() * differences).mean() * 0.5
}
