//! [`GatheredProduct`]: a matrix product whose right side is gathered a stretch of pixels at a time.

use rayon::prelude::*;

use super::im2col::{Gather, Run, View, runs, stretch};
use crate::activation::Activation;
use crate::isa::Isa;
use crate::scratch;
use crate::shared::Output;
use crate::simd::{COLUMNS, LANES, Product, ROWS, Simd, Work, run};

/// Pixels of a stretch, fewer where they see many values, and values gathered at a time: they stay in L2.
pub(super) const STRETCH: [usize; 2] = [96, 224];
const GATHERED: usize = 96 * 1024;

/// `output[channel][pixel] = sum over k of weights[channel][k] * seen[k][pixel]`, in groups.
pub(crate) struct GatheredProduct<'a> {
    pub view: View,
    /// Channels in and out of a group.
    pub channels: [usize; 2],
    pub groups: usize,
    /// `[n, groups * channels in, h, w]`.
    pub input: &'a [f32],
    /// `[groups, channels out, channels in * taps]`, the last in the view's order.
    pub weights: &'a [f32],
    /// Values from one channel out to the next.
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

impl GatheredProduct<'_> {
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

    /// Computes it, but for taps beside the image: see [`border`](super::border).
    pub fn run(&self, isa: Isa) {
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
                Stretch {
                    pass: self,
                    group,
                    pixels: [at * stretch, pixels.min((at + 1) * stretch)],
                    channels: [part * channels / parts, (part + 1) * channels / parts],
                    pitch: stretch,
                },
            );
        });
    }
}

struct Stretch<'a> {
    pass: &'a GatheredProduct<'a>,
    group: usize,
    pixels: [usize; 2],
    channels: [usize; 2],
    pitch: usize,
}

impl Work for Stretch<'_> {
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
            for left in (1..=(self.channels[1] - first).div_ceil(S::ROWS)).rev() {
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

impl GatheredProduct<'_> {
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
