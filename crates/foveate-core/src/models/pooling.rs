//! [`Pooling`]: from a layer's activations to a row of features.

use burn::tensor::Tensor;

/// How the activations `[c, h, w]` of a layer become one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pooling {
    /// All of them, `c * h * w` columns in PyTorch's order.
    Flatten,
    /// The mean over height and width, `c` columns.
    GlobalAverage,
}

impl Pooling {
    /// `[n, c, h, w]` to `[n, columns]`.
    pub fn apply(self, activations: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Flatten => activations.flatten(1, 3),
            Self::GlobalAverage => activations.flatten::<3>(2, 3).mean_dim(2).squeeze_dim::<2>(2),
        }
    }
}
