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

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::conv::{Activation, Conv2d};
use crate::direct::Output;
use crate::isa::Isa;
use crate::scratch;
use crate::simd::{COLUMNS, LANES, Product, ROWS, Simd, Work, run};

/// Tiles and channels in worked on at a time: products and transformed weights stay in the
/// second-level cache.
const TILES: usize = 7 * ROWS;
const CHANNELS: usize = 64;

/// Which way the convolution goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    /// From the gradient of the output to the gradient of the input.
    Adjoint,
}

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
    let pass = Pass::<M, R> {
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

/// Height or width: which pixels the tiles read and write, in each phase.
struct Axis {
    /// Pixels of the input and the output.
    from: usize,
    to: usize,
    tiles: usize,
    /// Input `n` of tile `t` is pixel `step_in * (M * t + n) + shift[phase] + origin`.
    step_in: usize,
    shift: [usize; 2],
    origin: isize,
    /// Output `m` of tile `t` is pixel `step_out * (M * t + m) + place[phase]`.
    step_out: usize,
    place: [usize; 2],
}

impl Axis {
    fn new<const M: usize, const R: usize>(spec: &Conv2d, direction: Direction, i: usize) -> Self {
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

struct Pass<'a, const M: usize, const R: usize> {
    direction: Direction,
    groups: usize,
    /// Of a group.
    channels_in: usize,
    channels_out: usize,
    stride: usize,
    /// Down and across.
    axes: [Axis; 2],
    input: &'a [f32],
    /// As the forward pass has it, `[out, in / groups, R * stride, R * stride]`.
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    activation: Activation,
    output: Output,
    /// Whether all transformed kernels are.
    finite: AtomicBool,
}

impl<const M: usize, const R: usize> Pass<'_, M, R> {
    /// Side and number of the elements of a transformed tile.
    const N: usize = M + R - 1;
    const ELEMENTS: usize = Self::N * Self::N;

    /// The phases of the convolution, down and across.
    fn phases(&self) -> impl Iterator<Item = [usize; 2]> {
        let stride = self.stride;
        (0..stride * stride).map(move |i| [i / stride, i % stride])
    }

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

    /// The tiles as stretches of a row: picture, row, columns, and the first one's number.
    fn rows(&self, tiles: [usize; 2]) -> impl Iterator<Item = Row> {
        let [down, across] = [self.axes[0].tiles, self.axes[1].tiles];
        let mut tile = tiles[0];
        std::iter::from_fn(move || {
            (tile < tiles[1]).then(|| {
                let (row, first) = (tile / across, tile % across);
                let count = (across - first).min(tiles[1] - tile);
                let at = tile - tiles[0];
                tile += count;
                Row { image: row / down, y: row % down, first, count, at }
            })
        })
    }
}

/// Tiles side by side.
struct Row {
    image: usize,
    y: usize,
    first: usize,
    count: usize,
    /// Among the tiles of the stretch.
    at: usize,
}

/// `B' d B` for 16 channels: `to[phase][element][tile][channel]`.
struct Inputs<'a, const M: usize, const R: usize> {
    pass: &'a Pass<'a, M, R>,
    group: usize,
    tiles: [usize; 2],
    /// The first of the channels, in the group.
    channel: usize,
    /// Numbers of a tile.
    width: usize,
    to: Output,
}

impl<const M: usize, const R: usize> Work for Inputs<'_, M, R> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { pass, group, tiles, channel, width, to } = self;
        let n = Pass::<M, R>::N;
        let [down, across] = &pass.axes;
        let plane = down.from * across.from;
        let channels = LANES.min(pass.channels_in - channel);
        let count = tiles[1] - tiles[0];
        // Pixels from the first input to the last one of some tiles.
        let span = |axis: &Axis, tiles: usize| {
            axis.step_in * (M * tiles + R - 2) + 1 + axis.shift[..pass.stride].iter().max().unwrap()
        };
        let height = span(down, 1);
        let mut pixels = scratch::take(height * span(across, across.tiles.min(count)) * LANES);
        for row in pass.rows(tiles) {
            let len = span(across, row.count);
            let left = (across.step_in * M * row.first) as isize + across.origin;
            let first =
                (row.image * pass.groups + group) * pass.channels_in * plane + channel * plane;
            // [row][column][channel], zeros around the picture.
            for i in 0..height {
                let line = &mut pixels[i * len * LANES..][..len * LANES];
                let y = (down.step_in * M * row.y + i) as isize + down.origin;
                let begin = (-left).clamp(0, len as isize) as usize;
                let end = (across.from as isize - left).clamp(0, len as isize) as usize;
                let inside = (0..down.from as isize).contains(&y);
                let end = if inside { end.max(begin) } else { begin };
                line[..begin * LANES].fill(0.0);
                line[end * LANES..].fill(0.0);
                for x in (begin..end).step_by(LANES) {
                    let at = first as isize + y * across.from as isize + left + x as isize;
                    // SAFETY: columns begin..end of row y lie inside the picture.
                    unsafe {
                        S::transpose(
                            [channels, LANES.min(end - x)],
                            LANES,
                            pass.input.as_ptr().offset(at),
                            plane,
                            line.as_mut_ptr().add(x * LANES),
                            LANES,
                        );
                    }
                }
            }
            for (phase, [py, px]) in pass.phases().enumerate() {
                for tile in 0..row.count {
                    // SAFETY: each tile has its pixels, and its place in `to`.
                    unsafe {
                        let mut d = [[S::splat(0.0); 6]; 6];
                        for (i, d) in d[..n].iter_mut().enumerate() {
                            let line = (down.step_in * i + down.shift[py]) * len;
                            for (j, d) in d[..n].iter_mut().enumerate() {
                                let x = across.step_in * (M * tile + j) + across.shift[px];
                                *d = S::load(pixels.as_ptr().add((line + x) * LANES));
                            }
                        }
                        let d = both::<S, M, R, INPUTS>(d);
                        let to = to.0.add((row.at + tile) * width + channel);
                        for (i, d) in d[..n].iter().enumerate() {
                            for (j, d) in d[..n].iter().enumerate() {
                                let element = (phase * n + i) * n + j;
                                d.store(to.add(element * count * width));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Products and `A' m A` for 32 channels out.
struct Outputs<'a, const M: usize, const R: usize> {
    pass: &'a Pass<'a, M, R>,
    group: usize,
    tiles: [usize; 2],
    /// The first of the channels, in the group.
    channel: usize,
    /// Numbers of a tile of `inputs[phase][element][tile][channel]`.
    width: usize,
    inputs: &'a [f32],
}

impl<const M: usize, const R: usize> Work for Outputs<'_, M, R> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { pass, group, tiles, channel, .. } = self;
        let count = tiles[1] - tiles[0];
        let channels = COLUMNS.min(pass.channels_out - channel);
        let step = pass.axes[0].step_out;
        let elements = Pass::<M, R>::ELEMENTS;
        let longest = step * M * pass.axes[1].tiles.min(count);
        let (products_len, weights_len) =
            (elements * count * COLUMNS, elements * CHANNELS * COLUMNS);
        let len = step * products_len + weights_len + M * longest * LANES;
        let mut memory = scratch::take(len);
        let (products, rest) = memory.split_at_mut(step * products_len);
        let (weights, pixels) = rest.split_at_mut(weights_len);
        for py in 0..step {
            for px in 0..step {
                let products = &mut products[px * products_len..][..products_len];
                // All phases make one output, or each its own.
                for (phase, tap) in pass.phases().enumerate() {
                    if step == 1 || tap == [py, px] {
                        let accumulate = step == 1 && phase > 0;
                        // SAFETY: by the contract of this method.
                        unsafe { self.multiply::<S>(phase, tap, weights, products, accumulate) };
                    }
                }
            }
            for vector in 0..channels.div_ceil(LANES) {
                // SAFETY: as many channels have products, and this task alone writes them.
                unsafe {
                    let channels = (channels - vector * LANES).min(LANES);
                    let products = products.as_ptr().add(vector * LANES);
                    let channel = channel + vector * LANES;
                    pass.write::<S>(py, group, tiles, [channel, channels], products, pixels);
                }
            }
        }
    }
}

impl<const M: usize, const R: usize> Outputs<'_, M, R> {
    /// `products[element][tile][32]` of one phase; with `accumulate` added to what is there.
    ///
    /// # Safety
    ///
    /// As for [`Simd`].
    #[inline(always)]
    unsafe fn multiply<S: Simd>(
        &self,
        phase: usize,
        tap: [usize; 2],
        weights: &mut [f32],
        products: &mut [f32],
        accumulate: bool,
    ) {
        let &Self { pass, group, tiles, channel, width, inputs } = self;
        let count = tiles[1] - tiles[0];
        let channels = COLUMNS.min(pass.channels_out - channel);
        let elements = Pass::<M, R>::ELEMENTS;
        let inputs = &inputs[phase * elements * count * width..];
        for first in (0..pass.channels_in).step_by(CHANNELS) {
            let depth = CHANNELS.min(pass.channels_in - first);
            // SAFETY: there is room for the elements of CHANNELS x 32 kernels.
            unsafe {
                let channels = [channel, channels];
                pass.transform_weights::<S>(group, tap, [first, depth], channels, weights);
            }
            for element in 0..elements {
                let mut at = 0;
                for left in (1..=count.div_ceil(ROWS)).rev() {
                    let height = (count - at).div_ceil(left);
                    let product = Product {
                        a: inputs[(element * count + at) * width + first..].as_ptr(),
                        a_row: width,
                        a_step: 1,
                        b: weights[element * CHANNELS * COLUMNS..].as_ptr(),
                        b_row: COLUMNS,
                        depth,
                        c: products[(element * count + at) * COLUMNS..].as_mut_ptr(),
                        c_row: COLUMNS,
                        accumulate: accumulate || first > 0,
                    };
                    // SAFETY: these tiles have `depth` channels from `first` on.
                    unsafe { S::product(height, channels.div_ceil(LANES), &product) };
                    at += height;
                }
            }
        }
    }
}

impl<const M: usize, const R: usize> Pass<'_, M, R> {
    /// `G g G'` of the kernels of a phase, from `first` channels in on to 32 channels out:
    /// `to[element][channel in][channel out]`.
    ///
    /// # Safety
    ///
    /// As for [`Simd`].
    #[inline(always)]
    unsafe fn transform_weights<S: Simd>(
        &self,
        group: usize,
        phase: [usize; 2],
        [first, depth]: [usize; 2],
        [channel, channels]: [usize; 2],
        to: &mut [f32],
    ) {
        let (n, side) = (Self::N, R * self.stride);
        let taps = side * side;
        for vector in 0..channels.div_ceil(LANES) {
            let out = channel + vector * LANES;
            let lanes = LANES.min(self.channels_out - out);
            // SAFETY: by the contract of this method.
            let mut zeros = unsafe { S::splat(0.0) };
            for c in (first..first + depth).step_by(LANES) {
                let many = LANES.min(first + depth - c);
                // [channel in][tap][channel out]
                let mut kernels = [[0.0; LANES]; 16 * LANES];
                let kernel = kernels.as_mut_ptr().cast::<f32>();
                let weight = self.weight.as_ptr();
                // SAFETY: these kernels are part of the weight.
                unsafe {
                    match self.direction {
                        Direction::Forward => {
                            let row = self.channels_in * taps;
                            let from =
                                weight.add((group * self.channels_out + out) * row + c * taps);
                            for k in (0..taps * many).step_by(LANES) {
                                let size = [lanes, LANES.min(taps * many - k)];
                                let to = kernel.add(k * LANES);
                                S::transpose(size, LANES, from.add(k), row, to, LANES);
                            }
                        }
                        Direction::Adjoint => {
                            let row = self.channels_out * taps;
                            let from =
                                weight.add((group * self.channels_in + c) * row + out * taps);
                            for i in 0..many {
                                let (from, to) = (from.add(i * row), kernel.add(taps * i * LANES));
                                S::transpose([lanes, taps], LANES, from, taps, to, LANES);
                            }
                        }
                    }
                    for i in 0..many {
                        let mut g = [[S::splat(0.0); 6]; 6];
                        for (y, g) in g[..R].iter_mut().enumerate() {
                            for (x, g) in g[..R].iter_mut().enumerate() {
                                let [y, x] = match self.direction {
                                    Direction::Forward => [y, x],
                                    // Turned by half a turn.
                                    Direction::Adjoint => [R - 1 - y, R - 1 - x],
                                };
                                let [y, x] =
                                    [phase[0] + self.stride * y, phase[1] + self.stride * x];
                                *g = S::load(kernel.add((taps * i + side * y + x) * LANES));
                            }
                        }
                        let g = both::<S, M, R, KERNELS>(g);
                        // In this element every tap has a part.
                        zeros = zeros.add_product(g[1][1], S::splat(0.0));
                        let at = (c - first + i) * COLUMNS + vector * LANES;
                        for (i, g) in g[..n].iter().enumerate() {
                            for (j, g) in g[..n].iter().enumerate() {
                                let element = i * n + j;
                                g.store(to.as_mut_ptr().add(element * CHANNELS * COLUMNS + at));
                            }
                        }
                    }
                }
            }
            let mut sums = [0.0; LANES];
            // SAFETY: there is room for 16 numbers.
            unsafe { zeros.store(sums.as_mut_ptr()) };
            if sums.iter().any(|sum| sum.is_nan()) {
                self.finite.store(false, Ordering::Relaxed);
            }
        }
    }

    /// `A' m A` of 16 channels and the phases of a row, `products[phase][element][tile][32]`, with
    /// bias and activation.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; no other thread has these tiles of these channels.
    #[inline(always)]
    unsafe fn write<S: Simd>(
        &self,
        phase: usize,
        group: usize,
        tiles: [usize; 2],
        [channel, channels]: [usize; 2],
        products: *const f32,
        pixels: &mut [f32],
    ) {
        let n = Self::N;
        let count = tiles[1] - tiles[0];
        let [down, across] = &self.axes;
        let step = across.step_out;
        let mut bias = [0.0; LANES];
        if let Some(given) = self.bias {
            let first = group * self.channels_out + channel;
            bias[..channels].copy_from_slice(&given[first..first + channels]);
        }
        // SAFETY: each tile has its products, and its pixels as far as the picture reaches.
        unsafe {
            let bias = S::load(bias.as_ptr());
            for row in self.rows(tiles) {
                let len = step * M * row.count;
                for px in 0..step {
                    for tile in 0..row.count {
                        let mut m = [[S::splat(0.0); 6]; 6];
                        for (i, m) in m[..n].iter_mut().enumerate() {
                            for (j, m) in m[..n].iter_mut().enumerate() {
                                let at = ((px * n + i) * n + j) * count + row.at + tile;
                                *m = S::load(products.add(at * COLUMNS));
                            }
                        }
                        let y = both::<S, M, R, OUTPUTS>(m);
                        for (i, y) in y[..M].iter().enumerate() {
                            for (j, y) in y[..M].iter().enumerate() {
                                let x = step * (M * tile + j) + across.place[px];
                                let to = pixels.as_mut_ptr().add((i * len + x) * LANES);
                                y.add(bias).activate(self.activation).store(to);
                            }
                        }
                    }
                }
                let x = step * M * row.first;
                let width = len.min(across.to - x);
                let plane = down.to * across.to;
                let planes = (row.image * self.groups + group) * self.channels_out + channel;
                for i in 0..M {
                    let y = step * (M * row.y + i) + down.place[phase];
                    if y >= down.to {
                        break;
                    }
                    let at = planes * plane + y * across.to + x;
                    for j in (0..width).step_by(LANES) {
                        let size = [LANES.min(width - j), channels];
                        let from = pixels.as_ptr().add((i * len + j) * LANES);
                        let to = self.output.0.add(at + j);
                        S::transpose(size, size[0], from, LANES, to, plane);
                    }
                }
            }
        }
    }
}

/// The three transforms.
const INPUTS: u8 = 0;
const KERNELS: u8 = 1;
const OUTPUTS: u8 = 2;

/// `T x T'`: the transform of the columns, then of the rows.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "columns and rows look alike")]
unsafe fn both<S: Simd, const M: usize, const R: usize, const T: u8>(
    mut x: [[S; 6]; 6],
) -> [[S; 6]; 6] {
    let [from, to] = match T {
        INPUTS => [M + R - 1, M + R - 1],
        KERNELS => [R, M + R - 1],
        _ => [M + R - 1, M],
    };
    for j in 0..from {
        // SAFETY: by the contract of this function.
        let column = unsafe {
            transform::<S, M, R, T>([x[0][j], x[1][j], x[2][j], x[3][j], x[4][j], x[5][j]])
        };
        for i in 0..to {
            x[i][j] = column[i];
        }
    }
    for i in 0..to {
        // SAFETY: as above.
        x[i] = unsafe { transform::<S, M, R, T>(x[i]) };
    }
    x
}

/// `T x` for F(2x2, 3x3) and F(4x4, 3x3), section 4.1 and the authors' code, interpolation at
/// 0, 1, -1 (, 2, -2) and infinity; and in the same way for F(2x2, 2x2), at 0, 1 and infinity, and
/// F(4x4, 2x2), at 0, 1, -1, 2 and infinity.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn transform<S: Simd, const M: usize, const R: usize, const T: u8>(x: [S; 6]) -> [S; 6] {
    let [a, b, c, d, e, f] = x;
    // SAFETY: by the contract of this function.
    unsafe {
        match (M, R, T) {
            (2, 2, INPUTS) => [a.sub(b), b, c.sub(b), d, e, f],
            (2, 2, KERNELS) => [a, a.add(b), b, d, e, f],
            (2, 2, _) => [a.add(b), b.add(c), c, d, e, f],
            (4, 2, INPUTS) => {
                let (outer, inner) = (d.sub(b), d.sub(c));
                [
                    plus::<S>(outer, a.sub(c), 2.0),
                    plus::<S>(inner, b, -2.0),
                    plus::<S>(inner, b.sub(c), 2.0),
                    outer,
                    plus::<S>(e.sub(c), outer, -2.0),
                    f,
                ]
            }
            (4, 2, KERNELS) => {
                let (half, sixth) = (times::<S>(a, 0.5), times::<S>(a, 1.0 / 6.0));
                [
                    half,
                    plus::<S>(times::<S>(a, -0.5), b, -0.5),
                    plus::<S>(times::<S>(a, -1.0 / 6.0), b, 1.0 / 6.0),
                    plus::<S>(sixth, b, 1.0 / 3.0),
                    b,
                    f,
                ]
            }
            (4, 2, _) => {
                let difference = b.sub(c);
                [
                    a.add(b).add(c).add(d),
                    plus::<S>(difference, d, 2.0),
                    plus::<S>(b.add(c), d, 4.0),
                    plus::<S>(difference, d, 8.0).add(e),
                    e,
                    f,
                ]
            }
            (2, _, INPUTS) => [a.sub(c), b.add(c), c.sub(b), b.sub(d), e, f],
            (2, _, KERNELS) => {
                let (sum, half) = (times::<S>(a.add(c), 0.5), times::<S>(b, 0.5));
                [a, sum.add(half), sum.sub(half), c, e, f]
            }
            (2, _, _) => [a.add(b).add(c), b.sub(c).sub(d), c, d, e, f],
            (_, _, INPUTS) => {
                let (even, odd) = (plus::<S>(e, c, -4.0), plus::<S>(d, b, -4.0));
                let (even2, odd2) = (e.sub(c), times::<S>(d.sub(b), 2.0));
                [
                    plus::<S>(plus::<S>(e, c, -5.0), a, 4.0),
                    even.add(odd),
                    even.sub(odd),
                    even2.add(odd2),
                    even2.sub(odd2),
                    plus::<S>(plus::<S>(f, d, -5.0), b, 4.0),
                ]
            }
            (_, _, KERNELS) => {
                let (even, odd) = (times::<S>(a.add(c), -1.0 / 6.0), times::<S>(b, -1.0 / 6.0));
                let (even2, odd2) =
                    (plus::<S>(times::<S>(a, 1.0 / 24.0), c, 1.0 / 6.0), times::<S>(b, 1.0 / 12.0));
                [
                    times::<S>(a, 0.25),
                    even.add(odd),
                    even.sub(odd),
                    even2.add(odd2),
                    even2.sub(odd2),
                    c,
                ]
            }
            (_, _, _) => {
                let (sum, difference) = (b.add(c), b.sub(c));
                let (sum2, difference2) = (d.add(e), d.sub(e));
                [
                    a.add(sum).add(sum2),
                    plus::<S>(difference, difference2, 2.0),
                    plus::<S>(sum, sum2, 4.0),
                    plus::<S>(difference, difference2, 8.0).add(f),
                    e,
                    f,
                ]
            }
        }
    }
}

/// `factor * x`.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn times<S: Simd>(x: S, factor: f32) -> S {
    // SAFETY: by the contract of this function.
    unsafe { S::splat(0.0).add_product(x, S::splat(factor)) }
}

/// `x + factor * y`.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn plus<S: Simd>(x: S, y: S, factor: f32) -> S {
    // SAFETY: by the contract of this function.
    unsafe { x.add_product(y, S::splat(factor)) }
}
