//! 3x3 convolutions with stride 1 and 4x4 convolutions with stride 2 by fewer multiplications:
//! Andrew Lavin, Scott Gray, *Fast Algorithms for Convolutional Neural Networks*, 2015,
//! <https://arxiv.org/abs/1509.09308>.
//!
//! A tile of M x M outputs is `A' [(G g G') * (B' d B)] A` of its N x N inputs `d` and the R x R
//! kernel `g`, where N = M + R - 1; `*` multiplies element by element, and its sum over channels is,
//! for each of the N^2 elements, a matrix product over tiles.
//!
//! A convolution of 2R x 2R taps with stride 2 is a sum of four of R x R taps with stride 1: taps and
//! pixels of even or odd rows and columns, the phases. In its adjoint each phase makes every other
//! row and column of the output.

mod axis;
mod input;
mod output;
mod pass;
mod transform;
mod weights;

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use self::axis::Axis;
pub(crate) use self::axis::Direction;
use self::input::Inputs;
use self::output::Outputs;
use self::pass::{TILES, WinogradPass};
use crate::activation::Activation;
use crate::conv::spec::Conv2d;
use crate::isa::Isa;
use crate::scratch;
use crate::shared::Output;
use crate::simd::{COLUMNS, LANES, run};

/// Whether the convolution is one for this file: 3x3 with stride 1 or 4x4 with stride 2, no dilation,
/// and channels enough for the transforms to pay.
pub(crate) fn fits(spec: &Conv2d) -> bool {
    [([3, 3], [1, 1]), ([4, 4], [2, 2])].contains(&(spec.kernel, spec.stride))
        && spec.dilation == [1, 1]
        && spec.padding.iter().all(|&p| p <= 2)
        && spec.channels_in / spec.groups >= LANES
        && spec.channels_out / spec.groups >= LANES
}

/// Outputs of a tile, down and across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tile {
    Two,
    Four,
}

/// The convolution or its adjoint. False if a kernel, or its transform, is not finite: the transform
/// mixes its taps, and the output is of no use.
#[allow(clippy::too_many_arguments, reason = "those of a convolution")]
pub(crate) fn convolve(
    isa: Isa,
    tile: Tile,
    spec: &Conv2d,
    direction: Direction,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) -> bool {
    let convolve = match (tile, spec.stride) {
        (Tile::Two, [1, 1]) => convolve_tiles::<2, 3>,
        (Tile::Four, [1, 1]) => convolve_tiles::<4, 3>,
        (Tile::Two, _) => convolve_tiles::<2, 2>,
        (Tile::Four, _) => convolve_tiles::<4, 2>,
    };
    convolve(isa, spec, direction, input, weight, bias, activation, output)
}

/// [`convolve`] with tiles of `M` x `M` outputs, and `R` x `R` taps a phase.
#[allow(clippy::too_many_arguments, reason = "those of a convolution")]
fn convolve_tiles<const M: usize, const R: usize>(
    isa: Isa,
    spec: &Conv2d,
    direction: Direction,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) -> bool {
    let channels = [spec.channels_in, spec.channels_out].map(|c| c / spec.groups);
    let [channels_in, channels_out] = match direction {
        Direction::Forward => channels,
        Direction::Adjoint => [channels[1], channels[0]],
    };
    let pass = WinogradPass::<M, R> {
        direction,
        groups: spec.groups,
        channels_in,
        channels_out,
        stride: spec.stride[0],
        axes: [0, 1].map(|i| Axis::new::<M, R>(spec, direction, i)),
        input,
        weight,
        bias,
        activation,
        output: Output(output.as_mut_ptr()),
        finite: AtomicBool::new(true),
    };
    let tiles = spec.batch * pass.axes[0].tiles * pass.axes[1].tiles;
    let stretches = tiles.div_ceil(TILES / pass.stride);
    let stretch = |i: usize| [i * tiles / stretches, (i + 1) * tiles / stretches];
    let work: Vec<_> =
        (0..spec.groups * stretches).map(|i| (i / stretches, stretch(i % stretches))).collect();
    // Many stretches: one a thread. Few: all threads work at one.
    if work.len() >= 4 * rayon::current_num_threads() {
        work.into_par_iter().for_each(|(group, tiles)| pass.run(isa, group, tiles, false));
    } else {
        work.into_iter().for_each(|(group, tiles)| pass.run(isa, group, tiles, true));
    }
    pass.finite.into_inner()
}

impl<const M: usize, const R: usize> WinogradPass<'_, M, R> {
    fn run(&self, isa: Isa, group: usize, tiles: [usize; 2], spread: bool) {
        let count = tiles[1] - tiles[0];
        // Not a power of two, which would fall on few places of the cache.
        let width = self.channels_in.next_multiple_of(LANES) + LANES;
        let mut inputs = scratch::take(self.stride * self.stride * Self::ELEMENTS * count * width);
        let to = Output(inputs.as_mut_ptr());
        let transform = |block: usize| {
            run(isa, Inputs { pass: self, group, tiles, channel: block * LANES, width, to });
        };
        let blocks_in = self.channels_in.div_ceil(LANES);
        let blocks_out = self.channels_out.div_ceil(COLUMNS);
        if spread {
            (0..blocks_in).into_par_iter().for_each(transform);
        } else {
            (0..blocks_in).for_each(transform);
        }
        let inputs: &[f32] = &inputs;
        let multiply = |block: usize| {
            run(isa, Outputs { pass: self, group, tiles, channel: block * COLUMNS, width, inputs });
        };
        if spread {
            (0..blocks_out).into_par_iter().for_each(multiply);
        } else {
            (0..blocks_out).for_each(multiply);
        }
    }
}
