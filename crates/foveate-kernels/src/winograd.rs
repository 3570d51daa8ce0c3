//! 3x3 convolutions with stride 1 by fewer multiplications: Andrew Lavin, Scott Gray, *Fast
//! Algorithms for Convolutional Neural Networks*, 2015, <https://arxiv.org/abs/1509.09308>.
//!
//! A tile of M x M outputs is `A' [(G g G') * (B' d B)] A` of its (M + 2) x (M + 2) inputs `d` and the
//! kernel `g`; `*` multiplies element by element, and its sum over channels is, for each of the
//! (M + 2)^2 elements, a matrix product over tiles.

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

/// Whether the convolution is one for this file: 3x3, stride 1, no dilation, and channels enough for
/// the transforms to pay.
pub(crate) fn fits(spec: &Conv2d) -> bool {
    spec.kernel == [3, 3]
        && spec.stride == [1, 1]
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

/// The convolution or its adjoint.
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
) {
    let convolve = match tile {
        Tile::Two => convolve_tiles::<2>,
        Tile::Four => convolve_tiles::<4>,
    };
    convolve(isa, spec, direction, input, weight, bias, activation, output);
}

/// [`convolve`] with tiles of `M` x `M` outputs.
#[allow(clippy::too_many_arguments, reason = "those of a convolution")]
fn convolve_tiles<const M: usize>(
    isa: Isa,
    spec: &Conv2d,
    direction: Direction,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let channels = [spec.channels_in, spec.channels_out].map(|c| c / spec.groups);
    let sizes = [spec.input, spec.output()];
    // The adjoint of a padding of 1 pixel is one of 1 pixel, of 0 one of 2.
    let ([channels_in, channels_out], [from, to], padding) = match direction {
        Direction::Forward => (channels, sizes, spec.padding),
        Direction::Adjoint => {
            ([channels[1], channels[0]], [sizes[1], sizes[0]], spec.padding.map(|p| 2 - p))
        }
    };
    let grid = to.map(|n| n.div_ceil(M));
    let pass = Pass::<M> {
        direction,
        groups: spec.groups,
        channels_in,
        channels_out,
        from,
        to,
        padding,
        grid,
        input,
        weight,
        bias,
        activation,
        output: Output(output.as_mut_ptr()),
    };
    let tiles = spec.batch * grid[0] * grid[1];
    let stretches = tiles.div_ceil(TILES);
    let stretch = |i: usize| [i * tiles / stretches, (i + 1) * tiles / stretches];
    let work: Vec<_> =
        (0..spec.groups * stretches).map(|i| (i / stretches, stretch(i % stretches))).collect();
    // Many stretches: one a thread. Few: all threads work at one.
    if work.len() >= 4 * rayon::current_num_threads() {
        work.into_par_iter().for_each(|(group, tiles)| pass.run(isa, group, tiles, false));
    } else {
        work.into_iter().for_each(|(group, tiles)| pass.run(isa, group, tiles, true));
    }
}

struct Pass<'a, const M: usize> {
    direction: Direction,
    groups: usize,
    /// Of a group.
    channels_in: usize,
    channels_out: usize,
    /// Height and width of the input and the output.
    from: [usize; 2],
    to: [usize; 2],
    padding: [usize; 2],
    /// Tiles down and across.
    grid: [usize; 2],
    input: &'a [f32],
    /// As the forward pass has it, `[out, in / groups, 3, 3]`.
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    activation: Activation,
    output: Output,
}

impl<const M: usize> Pass<'_, M> {
    /// Elements of a transformed tile.
    const ELEMENTS: usize = (M + 2) * (M + 2);

    fn run(&self, isa: Isa, group: usize, tiles: [usize; 2], spread: bool) {
        let count = tiles[1] - tiles[0];
        // Not a power of two, which would fall on few places of the cache.
        let width = self.channels_in.next_multiple_of(LANES) + LANES;
        let mut inputs = scratch::take(Self::ELEMENTS * count * width);
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
        let [down, across] = self.grid;
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

/// `B' d B` for 16 channels: `to[element][tile][channel]`.
struct Inputs<'a, const M: usize> {
    pass: &'a Pass<'a, M>,
    group: usize,
    tiles: [usize; 2],
    /// The first of the channels, in the group.
    channel: usize,
    /// Numbers of a tile.
    width: usize,
    to: Output,
}

impl<const M: usize> Work for Inputs<'_, M> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { pass, group, tiles, channel, width, to } = self;
        let [height, across] = pass.from.map(|n| n as isize);
        let plane = pass.from[0] * pass.from[1];
        let channels = LANES.min(pass.channels_in - channel);
        let count = tiles[1] - tiles[0];
        let longest = M * pass.grid[1].min(count) + 2;
        let mut pixels = scratch::take((M + 2) * longest * LANES);
        for row in pass.rows(tiles) {
            let len = M * row.count + 2;
            let left = (M * row.first) as isize - pass.padding[1] as isize;
            let first =
                (row.image * pass.groups + group) * pass.channels_in * plane + channel * plane;
            // [row][column][channel], zeros around the picture.
            for i in 0..M + 2 {
                let line = &mut pixels[i * len * LANES..][..len * LANES];
                let y = (M * row.y + i) as isize - pass.padding[0] as isize;
                let begin = (-left).clamp(0, len as isize) as usize;
                let end = (across - left).clamp(0, len as isize) as usize;
                let end = if y < 0 || y >= height { begin } else { end.max(begin) };
                line[..begin * LANES].fill(0.0);
                line[end * LANES..].fill(0.0);
                for x in (begin..end).step_by(LANES) {
                    let at = first as isize + y * across + left + x as isize;
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
            for tile in 0..row.count {
                // SAFETY: each tile has its M + 2 columns of pixels, and its place in `to`.
                unsafe {
                    let mut d = [[S::splat(0.0); 6]; 6];
                    for (i, d) in d[..M + 2].iter_mut().enumerate() {
                        for (j, d) in d[..M + 2].iter_mut().enumerate() {
                            *d = S::load(pixels.as_ptr().add((i * len + tile * M + j) * LANES));
                        }
                    }
                    let d = both::<S, M, INPUTS>(d);
                    let to = to.0.add((row.at + tile) * width + channel);
                    for (i, d) in d[..M + 2].iter().enumerate() {
                        for (j, d) in d[..M + 2].iter().enumerate() {
                            d.store(to.add((i * (M + 2) + j) * count * width));
                        }
                    }
                }
            }
        }
    }
}

/// Products and `A' m A` for 32 channels out.
struct Outputs<'a, const M: usize> {
    pass: &'a Pass<'a, M>,
    group: usize,
    tiles: [usize; 2],
    /// The first of the channels, in the group.
    channel: usize,
    /// Numbers of a tile of `inputs[element][tile][channel]`.
    width: usize,
    inputs: &'a [f32],
}

impl<const M: usize> Work for Outputs<'_, M> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { pass, group, tiles, channel, width, inputs } = self;
        let count = tiles[1] - tiles[0];
        let channels = COLUMNS.min(pass.channels_out - channel);
        let vectors = channels.div_ceil(LANES);
        let elements = Pass::<M>::ELEMENTS;
        let longest = M * pass.grid[1].min(count);
        let (products_len, weights_len) =
            (elements * count * COLUMNS, elements * CHANNELS * COLUMNS);
        let len = products_len + weights_len + M * longest * LANES;
        let mut memory = scratch::take(len);
        let (products, rest) = memory.split_at_mut(products_len);
        let (weights, pixels) = rest.split_at_mut(weights_len);
        for first in (0..pass.channels_in).step_by(CHANNELS) {
            let depth = CHANNELS.min(pass.channels_in - first);
            // SAFETY: there is room for the elements of CHANNELS x 32 kernels.
            unsafe {
                pass.transform_weights::<S>(group, [first, depth], [channel, channels], weights);
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
                        accumulate: first > 0,
                    };
                    // SAFETY: these tiles have `depth` channels from `first` on.
                    unsafe { S::product(height, vectors, &product) };
                    at += height;
                }
            }
        }
        for vector in 0..vectors {
            // SAFETY: as many channels have products, and this task alone writes them.
            unsafe {
                let channels = (channels - vector * LANES).min(LANES);
                let products = products.as_ptr().add(vector * LANES);
                let channel = channel + vector * LANES;
                pass.write::<S>(group, tiles, [channel, channels], products, pixels);
            }
        }
    }
}

impl<const M: usize> Pass<'_, M> {
    /// `G g G'` of the kernels from `first` channels in on to 32 channels out:
    /// `to[element][channel in][channel out]`.
    ///
    /// # Safety
    ///
    /// As for [`Simd`].
    #[inline(always)]
    unsafe fn transform_weights<S: Simd>(
        &self,
        group: usize,
        [first, depth]: [usize; 2],
        [channel, channels]: [usize; 2],
        to: &mut [f32],
    ) {
        for vector in 0..channels.div_ceil(LANES) {
            let out = channel + vector * LANES;
            let lanes = LANES.min(self.channels_out - out);
            for c in (first..first + depth).step_by(LANES) {
                let many = LANES.min(first + depth - c);
                // [channel in][tap][channel out]
                let mut kernels = [[0.0; LANES]; 9 * LANES];
                let kernel = kernels.as_mut_ptr().cast::<f32>();
                let weight = self.weight.as_ptr();
                // SAFETY: these kernels are part of the weight.
                unsafe {
                    match self.direction {
                        Direction::Forward => {
                            let row = self.channels_in * 9;
                            let from = weight.add((group * self.channels_out + out) * row + c * 9);
                            for k in (0..9 * many).step_by(LANES) {
                                let size = [lanes, LANES.min(9 * many - k)];
                                let to = kernel.add(k * LANES);
                                S::transpose(size, LANES, from.add(k), row, to, LANES);
                            }
                        }
                        Direction::Adjoint => {
                            let row = self.channels_out * 9;
                            let from = weight.add((group * self.channels_in + c) * row + out * 9);
                            for i in 0..many {
                                let to = kernel.add(9 * i * LANES);
                                S::transpose([lanes, 9], LANES, from.add(i * row), 9, to, LANES);
                            }
                        }
                    }
                    for i in 0..many {
                        let mut g = [[S::splat(0.0); 6]; 6];
                        for tap in 0..9 {
                            let from = match self.direction {
                                Direction::Forward => tap,
                                // Turned by half a turn.
                                Direction::Adjoint => 8 - tap,
                            };
                            g[tap / 3][tap % 3] = S::load(kernel.add((9 * i + from) * LANES));
                        }
                        let g = both::<S, M, KERNELS>(g);
                        let at = (c - first + i) * COLUMNS + vector * LANES;
                        for (i, g) in g[..M + 2].iter().enumerate() {
                            for (j, g) in g[..M + 2].iter().enumerate() {
                                let element = i * (M + 2) + j;
                                g.store(to.as_mut_ptr().add(element * CHANNELS * COLUMNS + at));
                            }
                        }
                    }
                }
            }
        }
    }

    /// `A' m A` of 16 channels, `products[element][tile][32]`, with bias and activation.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; no other thread has these tiles of these channels.
    #[inline(always)]
    unsafe fn write<S: Simd>(
        &self,
        group: usize,
        tiles: [usize; 2],
        [channel, channels]: [usize; 2],
        products: *const f32,
        pixels: &mut [f32],
    ) {
        let count = tiles[1] - tiles[0];
        let [height, across] = self.to;
        let mut bias = [0.0; LANES];
        if let Some(given) = self.bias {
            let first = group * self.channels_out + channel;
            bias[..channels].copy_from_slice(&given[first..first + channels]);
        }
        // SAFETY: each tile has its products, and its pixels as far as the picture reaches.
        unsafe {
            let bias = S::load(bias.as_ptr());
            for row in self.rows(tiles) {
                let len = M * row.count;
                for tile in 0..row.count {
                    let mut m = [[S::splat(0.0); 6]; 6];
                    for (i, m) in m[..M + 2].iter_mut().enumerate() {
                        for (j, m) in m[..M + 2].iter_mut().enumerate() {
                            let at = (i * (M + 2) + j) * count + row.at + tile;
                            *m = S::load(products.add(at * COLUMNS));
                        }
                    }
                    let y = both::<S, M, OUTPUTS>(m);
                    for (i, y) in y[..M].iter().enumerate() {
                        for (j, y) in y[..M].iter().enumerate() {
                            let to = pixels.as_mut_ptr().add((i * len + tile * M + j) * LANES);
                            y.add(bias).activate(self.activation).store(to);
                        }
                    }
                }
                let x = M * row.first;
                let width = len.min(across - x);
                let planes = (row.image * self.groups + group) * self.channels_out + channel;
                for i in 0..M.min(height - M * row.y) {
                    let at = planes * height * across + (M * row.y + i) * across + x;
                    for j in (0..width).step_by(LANES) {
                        let size = [LANES.min(width - j), channels];
                        let from = pixels.as_ptr().add((i * len + j) * LANES);
                        let to = self.output.0.add(at + j);
                        S::transpose(size, size[0], from, LANES, to, height * across);
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
unsafe fn both<S: Simd, const M: usize, const T: u8>(mut x: [[S; 6]; 6]) -> [[S; 6]; 6] {
    let [from, to] = match T {
        INPUTS => [M + 2, M + 2],
        KERNELS => [3, M + 2],
        _ => [M + 2, M],
    };
    for j in 0..from {
        // SAFETY: by the contract of this function.
        let column =
            unsafe { transform::<S, M, T>([x[0][j], x[1][j], x[2][j], x[3][j], x[4][j], x[5][j]]) };
        for i in 0..to {
            x[i][j] = column[i];
        }
    }
    for i in 0..to {
        // SAFETY: as above.
        x[i] = unsafe { transform::<S, M, T>(x[i]) };
    }
    x
}

/// `T x` for F(2x2, 3x3) and F(4x4, 3x3), section 4.1 and the authors' code: interpolation at
/// 0, 1, -1 (, 2, -2) and infinity.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn transform<S: Simd, const M: usize, const T: u8>(x: [S; 6]) -> [S; 6] {
    let [a, b, c, d, e, f] = x;
    // SAFETY: by the contract of this function.
    unsafe {
        match (M, T) {
            (2, INPUTS) => [a.sub(c), b.add(c), c.sub(b), b.sub(d), e, f],
            (2, KERNELS) => {
                let (sum, half) = (times::<S>(a.add(c), 0.5), times::<S>(b, 0.5));
                [a, sum.add(half), sum.sub(half), c, e, f]
            }
            (2, _) => [a.add(b).add(c), b.sub(c).sub(d), c, d, e, f],
            (_, INPUTS) => {
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
            (_, KERNELS) => {
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
            (_, _) => {
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
