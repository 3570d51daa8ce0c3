//! Convolution as a matrix product whose right side is gathered a stretch of pixels at a time: for
//! any kernel, and for its adjoint.

use rayon::prelude::*;

use crate::border;
use crate::conv::{Activation, Conv2d};
use crate::gather::{Gather, Order, Run, View, runs, stretch};
use crate::isa::Isa;
use crate::scratch::{self, Scratch};
use crate::simd::{COLUMNS, LANES, Product, ROWS, Simd, Work, run};

/// Pixels of a stretch, fewer where they see many numbers, and numbers gathered at a time: they stay
/// in the second-level cache.
const STRETCH: [usize; 2] = [96, 224];
const GATHERED: usize = 96 * 1024;

/// `output[channel][pixel] = sum over k of weights[channel][k] * seen[k][pixel]`, in groups.
pub(crate) struct Pass<'a> {
    pub view: View,
    /// Channels in and out of a group.
    pub channels: [usize; 2],
    pub groups: usize,
    /// `[n, groups * channels in, h, w]`.
    pub input: &'a [f32],
    /// `[groups, channels out, channels in * taps]`, the last in the view's order.
    pub weights: &'a [f32],
    /// Numbers from one channel out to the next.
    pub weights_row: usize,
    pub bias: Option<&'a [f32]>,
    pub activation: Activation,
    pub target: Target,
}

/// Where the pixels of the grid lie in the output: `[y, x]` at `first + step * [y, x]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub output: Output,
    /// Height and width of the output.
    pub size: [usize; 2],
    pub first: [usize; 2],
    pub step: [usize; 2],
}

/// An output to which threads write at the same time, each its own places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output(pub *mut f32);

impl Output {
    /// The output from its number `at` on.
    fn offset(self, at: usize) -> Self {
        Self(self.0.wrapping_add(at))
    }
}

// SAFETY: threads write to disjoint places.
unsafe impl Send for Output {}
// SAFETY: as above.
unsafe impl Sync for Output {}

/// The forward pass.
pub(crate) fn forward(
    isa: Isa,
    spec: &Conv2d,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let size = spec.output();
    let depth = weights.len() / spec.channels_out;
    // Worth a copy where the weights are read often.
    let often = spec.batch * size[0] * size[1] > 4 * STRETCH[1];
    let weights_row = if often { apart(depth) } else { depth };
    let mut spread =
        scratch::take(if weights_row > depth { spec.channels_out * weights_row } else { 0 });
    let rows = spread.par_chunks_mut(weights_row).zip(weights.par_chunks(depth));
    rows.for_each(|(to, from)| to[..depth].copy_from_slice(from));
    let weights = if spread.is_empty() { weights } else { &spread };
    let target = Target { output: Output(output.as_mut_ptr()), size, first: [0; 2], step: [1; 2] };
    Pass {
        view: View::of(spec),
        channels: [spec.channels_in, spec.channels_out].map(|c| c / spec.groups),
        groups: spec.groups,
        input,
        weights,
        weights_row,
        bias,
        activation,
        target,
    }
    .run(isa);
}

/// The adjoint: every pixel of the input gathers from the outputs that it has gone into. With a
/// stride, pixels at different places between two outputs see different taps; each place that sees
/// one is a pass of its own.
pub(crate) fn adjoint(
    isa: Isa,
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let channels = [spec.channels_out, spec.channels_in].map(|c| c / spec.groups);
    let [down, across] = [0, 1].map(|axis| places(spec, axis));
    if down.len() * across.len() < spec.stride[0].saturating_mul(spec.stride[1]) {
        // Some places see nothing.
        let plane = spec.input[0] * spec.input[1];
        output.par_chunks_mut(plane).enumerate().for_each(|(i, output)| {
            let sum = bias.map_or(0.0, |bias| bias[i % spec.channels_in]) + 0.0;
            output.fill(activation.of(sum));
        });
    }
    let target = Output(output.as_mut_ptr());
    for (y, x) in down.iter().flat_map(|y| across.iter().map(move |x| (y, x))) {
        let first = [y.first, x.first];
        let taps: Vec<_> =
            y.taps.iter().flat_map(|&r| x.taps.iter().map(move |&c| (r, c))).collect();
        let indices: Vec<_> =
            taps.iter().map(|((ky, _), (kx, _))| ky * spec.kernel[1] + kx).collect();
        let grid = [0, 1].map(|i| (spec.input[i] - first[i]).div_ceil(spec.stride[i]));
        let view = View {
            batch: spec.batch,
            size: spec.output(),
            grid,
            stride: [1, 1],
            taps: taps.iter().map(|((_, y), (_, x))| [*y, *x]).collect(),
            order: Order::Taps,
        };
        let weights = transposed(isa, spec, weight, &indices);
        Pass {
            view: if spec.stride == [1, 1] { view.flat() } else { view },
            channels,
            groups: spec.groups,
            input,
            weights: &weights,
            weights_row: apart(channels[0] * indices.len()),
            bias,
            activation,
            target: Target { output: target, size: spec.input, first, step: spec.stride },
        }
        .run(isa);
    }
}

/// A place between two outputs, along an axis, that sees some taps.
struct Place {
    /// Its first pixel of the input.
    first: usize,
    /// Each tap, and the output that has it, counted from the one whose pixels begin at the place's.
    taps: Vec<(usize, isize)>,
}

/// The places of an axis: not more than pixels, nor than taps.
fn places(spec: &Conv2d, axis: usize) -> Vec<Place> {
    let stride = spec.stride[axis];
    // Pixel p = stride * i + first has gone into output o by tap k where
    // p = stride * o + dilation * k - padding, so o = i + (first + padding - dilation * k) / stride.
    let seen = |first: usize| -> Vec<(usize, isize)> {
        let distance =
            |k: usize| (first + spec.padding[axis]) as isize - (k * spec.dilation[axis]) as isize;
        let taps = (0..spec.kernel[axis]).map(|k| (k, distance(k)));
        let stride = stride as isize;
        taps.filter(|(_, d)| d % stride == 0).map(|(k, d)| (k, d / stride)).collect()
    };
    let places = (0..stride.min(spec.input[axis])).map(|first| Place { first, taps: seen(first) });
    places.filter(|place| !place.taps.is_empty()).collect()
}

/// Numbers from one row of weights to the next, for `depth` in a row: rows that lie a power of two
/// apart fall on few places of the first cache.
fn apart(depth: usize) -> usize {
    if depth.is_multiple_of(256) { depth + LANES } else { depth }
}

/// The weight `[groups, out, in, taps]` as `[groups, in, indices, out]`, those taps alone, rows
/// [`apart`].
fn transposed(isa: Isa, spec: &Conv2d, weight: &[f32], indices: &[usize]) -> Scratch {
    let [channels_in, channels_out] =
        [spec.channels_in, spec.channels_out].map(|c| c / spec.groups);
    let taps = spec.kernel[0] * spec.kernel[1];
    let row = apart(channels_out * indices.len());
    let mut values = scratch::take(spec.groups * channels_in * row);
    if !indices.is_empty() {
        // 16 channels in at a time, of one group.
        let blocks = channels_in.div_ceil(LANES);
        let to = Output(values.as_mut_ptr());
        (0..spec.groups * blocks).into_par_iter().for_each(|i| {
            let (group, first) = (i / blocks, i % blocks * LANES);
            let from = &weight[group * channels_out * channels_in * taps..];
            let channels = [first, channels_in.min(first + LANES)];
            let to = to.offset(group * channels_in * row);
            run(
                isa,
                Transposition {
                    from,
                    channels_in,
                    channels_out,
                    taps,
                    indices,
                    channels,
                    to_row: row,
                    to,
                },
            );
        });
    }
    values
}

/// `to[in][index][out] = from[out][in][indices[index]]` for some channels in.
struct Transposition<'a> {
    from: &'a [f32],
    channels_in: usize,
    channels_out: usize,
    taps: usize,
    indices: &'a [usize],
    channels: [usize; 2],
    /// Numbers of a channel in, where it goes.
    to_row: usize,
    to: Output,
}

impl Work for Transposition<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { from, channels_in, channels_out, taps, indices, channels, to_row, to } = self;
        let row = channels_in * taps;
        let [begin, end] = channels.map(|c| c * taps);
        // Where each tap goes, if it is wanted.
        let mut places = vec![None; taps];
        for (place, &tap) in indices.iter().enumerate() {
            places[tap] = Some(place);
        }
        for out in (0..channels_out).step_by(LANES) {
            let lanes = LANES.min(channels_out - out);
            for k in (begin..end).step_by(LANES) {
                let many = LANES.min(end - k);
                // SAFETY: these are `lanes` rows and `many` columns of the weight, and rows of the
                // output that are this task's alone.
                unsafe {
                    debug_assert!((out + lanes - 1) * row + k + many <= from.len());
                    let from = from.as_ptr().add(out * row + k);
                    if indices.len() == taps && taps * channels_out == to_row {
                        let to = to.0.add(k * channels_out + out);
                        S::transpose([lanes, many], lanes, from, row, to, channels_out);
                        continue;
                    }
                    let mut block = [[0.0; LANES]; LANES];
                    S::transpose([lanes, many], LANES, from, row, block.as_mut_ptr().cast(), LANES);
                    let (mut channel, mut tap) = (k / taps, k % taps);
                    for values in &block[..many] {
                        if let Some(place) = places[tap] {
                            let at = channel * to_row + place * channels_out + out;
                            to.0.add(at).copy_from_nonoverlapping(values.as_ptr(), lanes);
                        }
                        tap += 1;
                        if tap == taps {
                            (channel, tap) = (channel + 1, 0);
                        }
                    }
                }
            }
        }
    }
}

impl Pass<'_> {
    /// The weights of an output's channel.
    pub fn weights_of(&self, channel: usize) -> &[f32] {
        let depth = self.channels[0] * self.view.taps.len();
        &self.weights[channel * self.weights_row..][..depth]
    }

    /// Where a pixel of the grid is in the output.
    pub fn output(&self, image: usize, channel: usize, at: [usize; 2]) -> *mut f32 {
        let Target { output, size: [height, width], first, step } = self.target;
        let [y, x] = [0, 1].map(|i| first[i] + step[i] * at[i]);
        let plane = image * self.groups * self.channels[1] + channel;
        output.offset((plane * height + y) * width + x).0
    }

    fn run(&self, isa: Isa) {
        let (pixels, channels) = (self.view.pixels(), self.channels[1]);
        if pixels == 0 {
            return;
        }
        // A stretch of pixels and a part of the channels each: pixels are gathered once for all
        // channels where there are stretches enough to keep all threads busy.
        let depth = self.channels[0] * self.view.taps.len();
        let most = (GATHERED / depth.max(1)).clamp(STRETCH[0], STRETCH[1]);
        let stretch = stretch(pixels, most);
        let stretches = pixels.div_ceil(stretch);
        let threads = rayon::current_num_threads();
        let busy = self.groups * stretches;
        let parts = if threads == 1 || busy >= 4 * threads {
            1
        } else {
            (2 * threads).div_ceil(busy).min(channels.div_ceil(2 * ROWS))
        };
        (0..busy * parts).into_par_iter().for_each(|i| {
            let (task, part) = (i / parts, i % parts);
            let (group, at) = (task / stretches, task % stretches);
            run(
                isa,
                Task {
                    pass: self,
                    group,
                    pixels: [at * stretch, pixels.min((at + 1) * stretch)],
                    channels: [part * channels / parts, (part + 1) * channels / parts],
                    pitch: stretch,
                },
            );
        });
        border::mend(self);
    }
}

struct Task<'a> {
    pass: &'a Pass<'a>,
    group: usize,
    pixels: [usize; 2],
    channels: [usize; 2],
    pitch: usize,
}

impl Work for Task<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let pass = self.pass;
        let view = &pass.view;
        let [channels_in, channels_out] = pass.channels;
        let depth = channels_in * view.taps.len();
        let plane = view.size[0] * view.size[1];
        let input = &pass.input[self.group * channels_in * plane..];
        let weights = &pass.weights[self.group * channels_out * pass.weights_row..];
        let count = self.pixels[1] - self.pixels[0];
        let seen = runs(view.grid, self.pixels[0], self.pixels[1]);
        let gather = Gather::new(view, pass.groups * channels_in * plane, &seen);
        let written = pass.target.runs(&seen, view.grid);

        let chunks = depth.div_ceil(GATHERED / self.pitch).max(1);
        let most = depth.div_ceil(chunks);
        // At least one row: a place between strides may see nothing.
        let mut matrix = scratch::take(most.max(1) * self.pitch + LANES);
        for chunk in 0..chunks {
            let rows = [chunk * most, depth.min((chunk + 1) * most)];
            // SAFETY: the matrix has `most` rows of a stretch's length.
            unsafe {
                gather.write::<S>(input, channels_in, rows, matrix.as_mut_ptr(), self.pitch);
            }
            let mut first = self.channels[0];
            for left in (1..=(self.channels[1] - first).div_ceil(ROWS)).rev() {
                let height = (self.channels[1] - first).div_ceil(left);
                for x in (0..count).step_by(COLUMNS) {
                    let width = COLUMNS.min(count - x);
                    let first_run = written.partition_point(|run| run.at + run.len <= x);
                    let runs = written.partition_point(|run| run.at < x + width);
                    let mut tile = [[0.0; COLUMNS]; ROWS];
                    let product = Product {
                        a: weights[first * pass.weights_row + rows[0]..].as_ptr(),
                        a_row: pass.weights_row,
                        a_step: 1,
                        b: matrix[x..].as_ptr(),
                        b_row: self.pitch,
                        depth: rows[1] - rows[0],
                        c: tile.as_mut_ptr().cast(),
                        c_row: COLUMNS,
                        accumulate: false,
                    };
                    // SAFETY: `height` channels have weights for these rows; the pitch of the
                    // matrix is a multiple of a tile's width.
                    unsafe { S::product(height, width.div_ceil(LANES), &product) };
                    for (i, sums) in tile[..height].iter().enumerate() {
                        let channel = self.group * channels_out + first + i;
                        let part = Part {
                            start: (chunk == 0)
                                .then(|| pass.bias.map_or(0.0, |bias| bias[channel])),
                            last: chunk + 1 == chunks,
                            channel,
                        };
                        // SAFETY: these pixels of this channel are this task's alone.
                        unsafe { pass.write(&written[first_run..runs], part, x, &sums[..width]) };
                    }
                }
                first += height;
            }
        }
    }
}

/// What a row of a tile is to the output.
struct Part {
    /// For the first part of the sum, what to add it to.
    start: Option<f32>,
    /// Whether it is the last part.
    last: bool,
    channel: usize,
}

impl Target {
    /// Where runs of the grid lie in the output, as few as possible: `x` counts from the start of a
    /// plane here.
    fn runs(&self, seen: &[Run], grid: [usize; 2]) -> Vec<Run> {
        let whole = self.step == [1, 1];
        let mut written: Vec<Run> = Vec::new();
        for run in seen {
            // A 1x1 convolution has one long row.
            let x = if whole {
                run.y * grid[1] + run.x
            } else {
                (run.y * self.step[0] + self.first[0]) * self.size[1]
                    + run.x * self.step[1]
                    + self.first[1]
            };
            match written.last_mut() {
                Some(last) if whole && last.image == run.image => last.len += run.len,
                _ => written.push(Run { y: 0, x, ..*run }),
            }
        }
        written
    }
}

impl Pass<'_> {
    /// Writes a row of a tile, the pixels from `x` of the stretch on, which the runs share.
    ///
    /// # Safety
    ///
    /// No other thread has these pixels of this channel.
    #[inline(always)]
    unsafe fn write(&self, written: &[Run], part: Part, x: usize, sums: &[f32]) {
        let plane = self.target.size[0] * self.target.size[1];
        let planes = self.groups * self.channels[1];
        for run in written {
            let begin = run.at.max(x);
            let end = (run.at + run.len).min(x + sums.len());
            let sums = &sums[begin - x..end - x];
            let step = self.target.step[1];
            let at = (run.image * planes + part.channel) * plane + run.x + (begin - run.at) * step;
            // SAFETY: by the contract, and since the run is part of the output.
            unsafe {
                let to = self.target.output.0.add(at);
                // One loop for each case: each becomes vectors.
                match (part.start, part.last, self.activation) {
                    (Some(start), true, Activation::None) | (Some(start), false, _) => {
                        each(to, step, sums, |_, sum| start + sum);
                    }
                    (Some(start), true, activation) => {
                        each(to, step, sums, |_, sum| activation.of(start + sum));
                    }
                    (None, true, Activation::None) | (None, false, _) => {
                        each(to, step, sums, |to, sum| to + sum);
                    }
                    (None, true, activation) => {
                        each(to, step, sums, |to, sum| activation.of(to + sum));
                    }
                }
            }
        }
    }
}

/// `to[i * step] = f(to[i * step], sums[i])`.
///
/// # Safety
///
/// These places are there, and no other thread has them.
#[inline(always)]
unsafe fn each(to: *mut f32, step: usize, sums: &[f32], f: impl Fn(f32, f32) -> f32) {
    // SAFETY: by the contract of this function.
    unsafe {
        if step == 1 {
            let to = std::slice::from_raw_parts_mut(to, sums.len());
            for (to, &sum) in to.iter_mut().zip(sums) {
                *to = f(*to, sum);
            }
        } else {
            for (i, &sum) in sums.iter().enumerate() {
                let to = to.add(i * step);
                *to = f(*to, sum);
            }
        }
    }
}
