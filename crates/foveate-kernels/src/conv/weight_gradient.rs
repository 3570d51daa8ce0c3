//! The gradient of a convolution's weight: the matrix product of what the output pixels see with the
//! gradients that arrive there, summed over all pixels.

use rayon::prelude::*;

use super::border;
use super::im2col::{Gather, Run, View, runs, stretch};
use super::spec::Conv2d;
use crate::isa::Isa;
use crate::scratch;
use crate::shared::Output;
use crate::simd::{COLUMNS, LANES, Product, ROWS, Simd, Work, run};

/// Pixels of a stretch; rows (taps of channels) and channels out of a block.
const STRETCH: usize = 224;
const TAPS: usize = 20 * ROWS;
const CHANNELS: usize = 8 * COLUMNS;

/// `gradient[out][k] = sum over pixels of seen[k][pixel] * output_gradient[out][pixel]`.
pub(crate) fn weight_gradient(
    isa: Isa,
    spec: &Conv2d,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let view = View::of(spec);
    let [channels_in, channels_out] =
        [spec.channels_in, spec.channels_out].map(|c| c / spec.groups);
    let rows = channels_in * view.taps.len();
    // Rows are gathered anew for each part of the channels, and the other way round: parts are
    // small only where there is little to share.
    let threads = rayon::current_num_threads();
    let most_rows = TAPS.min(rows.div_ceil(2 * threads)).next_multiple_of(ROWS);
    let mut parts = [rows.div_ceil(most_rows), channels_out.div_ceil(CHANNELS)];
    // Of more tasks than threads, but not twice as many, most threads would wait for the last.
    let others = spec.groups * parts[1];
    if (threads + 1..2 * threads).contains(&(others * parts[0])) && rows <= TAPS * threads {
        parts[0] = (threads / others).max(1);
    }
    let output = Output(weight_gradient.as_mut_ptr());
    (0..spec.groups * parts[0] * parts[1]).into_par_iter().for_each(|i| {
        let (group, part) = (i / (parts[0] * parts[1]), i % (parts[0] * parts[1]));
        let split = |part, parts, of| [part * of / parts, (part + 1) * of / parts];
        run(
            isa,
            Block {
                spec,
                view: &view,
                input,
                output_gradient,
                group,
                rows: split(part / parts[1], parts[0], rows),
                channels: split(part % parts[1], parts[1], channels_out),
                output,
            },
        );
    });
    border::mend_gradient(spec, &view, input, output_gradient, weight_gradient);
}

struct Block<'a> {
    spec: &'a Conv2d,
    view: &'a View,
    input: &'a [f32],
    output_gradient: &'a [f32],
    group: usize,
    /// Rows of what is seen, and channels out of the group.
    rows: [usize; 2],
    channels: [usize; 2],
    output: Output,
}

impl Work for Block<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { spec, view, rows, channels, group, .. } = self;
        let count = [rows, channels].map(|[from, to]| to - from);
        let pixels = view.pixels();
        let pitch = stretch(pixels, STRETCH);
        // Not a power of two, which would fall on few places of the cache.
        let width = count[1].next_multiple_of(COLUMNS) + LANES;
        let [channels_in, channels_out] =
            [spec.channels_in, spec.channels_out].map(|c| c / spec.groups);
        let depth = channels_in * view.taps.len();
        let plane = view.size[0] * view.size[1];
        let input = &self.input[group * channels_in * plane..];
        let image_len = spec.channels_in * plane;

        // 16 values more for what is written behind the last row.
        let seen_len = count[0] * pitch + LANES;
        let mut memory = scratch::take(seen_len + pitch * width + count[0] * width);
        let (seen, rest) = memory.split_at_mut(seen_len);
        let (arrived, sums) = rest.split_at_mut(pitch * width);
        for from in (0..pixels).step_by(pitch) {
            let to = pixels.min(from + pitch);
            let runs = runs(view.grid, from, to);
            // SAFETY: the matrices have these rows and columns.
            unsafe {
                let gather = Gather::new(view, image_len, &runs);
                gather.write::<S>(input, channels_in, rows, seen.as_mut_ptr(), pitch);
                let planes = group * channels_out + channels[0];
                let arrived = arrived.as_mut_ptr();
                self.arrive::<S>(planes, count[1], &runs, arrived, width);
            }
            let mut first = 0;
            for left in (1..=count[0].div_ceil(S::ROWS)).rev() {
                let height = (count[0] - first).div_ceil(left);
                for c in (0..count[1]).step_by(COLUMNS) {
                    let product = Product {
                        a: seen[first * pitch..].as_ptr(),
                        a_row: pitch,
                        a_step: 1,
                        b: arrived[c..].as_ptr(),
                        b_row: width,
                        depth: to - from,
                        c: sums[first * width + c..].as_mut_ptr(),
                        c_row: width,
                        accumulate: from > 0,
                    };
                    let vectors = (count[1] - c).div_ceil(LANES).min(2);
                    // SAFETY: the matrices have these rows, and columns up to a multiple of a
                    // tile's.
                    unsafe { S::product(height, vectors, &product) };
                }
                first += height;
            }
        }
        // SAFETY: these weights are this block's alone.
        unsafe { self.store::<S>(sums, width, depth) };
    }
}

impl Block<'_> {
    /// Writes `sums[row][channel out]` to `gradient[channel out][row]`.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; no other thread has these weights.
    #[inline(always)]
    unsafe fn store<S: Simd>(&self, sums: &[f32], width: usize, depth: usize) {
        let Self { rows, channels, group, .. } = *self;
        let count = [rows, channels].map(|[from, to]| to - from);
        let channels_out = self.spec.channels_out / self.spec.groups;
        for c in (0..count[1]).step_by(LANES) {
            for row in (0..count[0]).step_by(LANES) {
                let size = [count[0] - row, count[1] - c].map(|n| n.min(LANES));
                let channel = group * channels_out + channels[0] + c;
                // SAFETY: by the contract of this method.
                unsafe {
                    let from = sums.as_ptr().add(row * width + c);
                    let to = self.output.0.add(channel * depth + rows[0] + row);
                    S::transpose(size, size[0], from, width, to, depth);
                }
            }
        }
    }

    /// Writes the gradients that arrive at the runs' pixels, `matrix[pixel][channel]`.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; the matrix has `width` values for each pixel, a multiple of 16.
    #[inline(always)]
    unsafe fn arrive<S: Simd>(
        &self,
        first: usize,
        channels: usize,
        runs: &[Run],
        matrix: *mut f32,
        width: usize,
    ) {
        let [height, row] = self.view.grid;
        let plane = height * row;
        for run in runs {
            let from = (run.image * self.spec.channels_out + first) * plane + run.y * row + run.x;
            for c in (0..channels).step_by(LANES) {
                for x in (0..run.len).step_by(LANES) {
                    let size = [(channels - c).min(LANES), (run.len - x).min(LANES)];
                    let from = from + c * plane + x;
                    debug_assert!(
                        from + (size[0] - 1) * plane + size[1] <= self.output_gradient.len()
                    );
                    // SAFETY: these pixels are part of the gradient, and of the matrix.
                    unsafe {
                        let from = self.output_gradient.as_ptr().add(from);
                        let to = matrix.add((run.at + x) * width + c);
                        S::transpose(size, LANES, from, plane, to, width);
                    }
                }
            }
        }
    }
}
