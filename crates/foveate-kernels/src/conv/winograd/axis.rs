//! [`Axis`]: which pixels the tiles read and write.

use crate::conv::spec::Conv2d;

/// Which way the convolution goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    /// From the gradient of the output to the gradient of the input.
    Adjoint,
}

/// Height or width: which pixels the tiles read and write, in each phase.
pub(super) struct Axis {
    /// Pixels of the input and the output.
    pub from: usize,
    pub to: usize,
    pub tiles: usize,
    /// Input `n` of tile `t` is pixel `step_in * (M * t + n) + shift[phase] + origin`.
    pub step_in: usize,
    pub shift: [usize; 2],
    pub origin: isize,
    /// Output `m` of tile `t` is pixel `step_out * (M * t + m) + place[phase]`.
    pub step_out: usize,
    pub place: [usize; 2],
}

impl Axis {
    pub fn new<const M: usize, const R: usize>(
        spec: &Conv2d,
        direction: Direction,
        i: usize,
    ) -> Self {
        let (stride, padding) = (spec.stride[i], spec.padding[i]);
        let [from, to] = [spec.input[i], spec.output()[i]];
        match direction {
            // output[y] = sum over phase, tap of input[stride (y + tap) + phase - padding].
            Direction::Forward => Self {
                from,
                to,
                tiles: to.div_ceil(M),
                step_in: stride,
                shift: [0, 1],
                origin: -(padding as isize),
                step_out: 1,
                place: [0, 0],
            },
            // output[stride y + phase - padding] = sum over tap of input[y - tap], from the first y
            // on whose output is inside.
            Direction::Adjoint => {
                let phases = [0, stride - 1];
                let first = phases.map(|phase| padding.saturating_sub(phase).div_ceil(stride));
                let least = first[0].min(first[1]);
                Self {
                    from: to,
                    to: from,
                    tiles: from.div_ceil(stride).div_ceil(M),
                    step_in: 1,
                    shift: first.map(|y| y - least),
                    origin: least as isize - (R as isize - 1),
                    step_out: stride,
                    place: [0, 1].map(|i| stride * first[i] + phases[i] - padding),
                }
            }
        }
    }
}
