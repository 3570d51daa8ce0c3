//! [`Algorithm`]: how a convolution is computed, and which of Winograd's tiles is the faster one.

use std::sync::LazyLock;

use super::spec::Conv2d;
use super::winograd::{Direction, Tile, fits};
use crate::isa::asked;

/// How a convolution is computed. The sums are the same, their rounding is not; and Winograd's tiles
/// spread an infinity or NaN of the input, as NaN, over all outputs of the tiles that see it. (Weights
/// that are not finite have no tiles: they are multiplied as the formula says.)
///
/// An error is relative to the largest output nearby, not to the output itself. The tiles of
/// [`Winograd4`](Algorithm::Winograd4), which [`Fastest`](Algorithm::Fastest) takes where they are
/// faster, multiply an input by up to 25 before they subtract it again from the outputs that do not see
/// it: with weights of 64 channels in [-0.1, 0.1], one pixel of 1000 among others of at most 1 gives
/// outputs beside it, all below 10, errors of 3e-4; [`Exact`](Algorithm::Exact) sums give them 3e-6.
///
/// Winograd's algorithms: Andrew Lavin, Scott Gray, *Fast Algorithms for Convolutional Neural Networks*,
/// 2015, <https://arxiv.org/abs/1509.09308>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Whatever is fastest for the sizes.
    Fastest,
    /// As accurate as PyTorch, about 5e-6 of the largest output: never
    /// [`Winograd4`](Algorithm::Winograd4).
    Exact,
    /// The products of the formula, for any convolution.
    Direct,
    /// Winograd's F(2x2, 3x3) where the convolution is 3x3 with stride 1 and has channels enough,
    /// F(2x2, 2x2) where it is 4x4 with stride 2, else direct. Weight gradients are always direct.
    Winograd2,
    /// F(4x4, 3x3) and F(4x4, 2x2), in the same way: 4 and 2.6 times fewer products, errors of about
    /// 1e-5 of the largest output that the tile and its neighbors have, also where the output itself
    /// is small.
    Winograd4,
}

impl Algorithm {
    /// [`Fastest`](Algorithm::Fastest), or what the environment asks for: see
    /// [`or_asked`](Algorithm::or_asked).
    pub fn best() -> Self {
        Algorithm::Fastest.or_asked()
    }

    /// This one, or the one that the environment variable `FOVEATE_ALGORITHM` asks for: `fastest`,
    /// `exact`, `direct`, `winograd2` or `winograd4`. Another is passed over, and the error stream told
    /// so once.
    #[must_use]
    pub fn or_asked(self) -> Self {
        use Algorithm::{Direct, Exact, Fastest, Winograd2, Winograd4};
        static ASKED: LazyLock<Option<Algorithm>> = LazyLock::new(|| {
            let names = [Fastest, Exact, Direct, Winograd2, Winograd4]
                .map(|algorithm| (format!("{algorithm:?}").to_lowercase(), algorithm));
            asked("FOVEATE_ALGORITHM", &names)
        });
        ASKED.unwrap_or(self)
    }
}

impl Algorithm {
    /// The tiles to compute a convolution by, F(2x2) or F(4x4); none where the products are the formula's.
    pub(crate) fn tile(self, spec: &Conv2d, direction: Direction) -> Option<Tile> {
        if !fits(spec) {
            return None;
        }
        match self {
            Algorithm::Direct => None,
            Algorithm::Exact | Algorithm::Winograd2 => Some(Tile::Two),
            Algorithm::Winograd4 => Some(Tile::Four),
            Algorithm::Fastest => {
                // A tile that hangs over the edge is computed in vain.
                let size = match direction {
                    Direction::Forward => spec.output(),
                    Direction::Adjoint => spec.input,
                };
                let taps = spec.kernel[0] / spec.stride[0];
                let tiles = |m: usize| {
                    let tiles = size.map(|n| n.div_ceil(m)).iter().product::<usize>();
                    // Products, and the transform of the weights.
                    spec.batch * tiles * (m + taps - 1).pow(2) + 12 * 16
                };
                Some(if tiles(4) <= tiles(2) { Tile::Four } else { Tile::Two })
            }
        }
    }
}
