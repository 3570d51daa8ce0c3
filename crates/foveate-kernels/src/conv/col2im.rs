//! The adjoint of a convolution, in which every output pixel hands its share to the input pixels it
//! has seen (col2im). For few channels (the first layer of a network, the last of a generator), where
//! [`direct`](super::direct) would spend most time gathering, and for inputs much larger than the
//! output, most of whose taps would see nothing.

use rayon::prelude::*;

use super::spec::Conv2d;
use crate::activation::Activation;
use crate::isa::Isa;
use crate::scratch;
use crate::shared::Output;
use crate::simd::{COLUMNS, LANES, Product, Simd, Work, run};

/// Channels in of a group that are few.
const FEW: usize = 4;
/// Rows of the input that a task owns.
const BAND: usize = 32;
/// Pixels of the output worked on at a time, and shares: they stay in L2.
const STRETCH: usize = 224;
const SHARED: usize = 64 * 1024;

/// Whether the convolution is one for this file.
pub(crate) fn fits(spec: &Conv2d) -> bool {
    let [height, width] = spec.output();
    let seen = spec.stride.iter().fold(height * width, |seen, &n| seen.saturating_mul(n));
    let few = spec.channels_in / spec.groups <= FEW;
    let pixels = spec.input[0] * spec.input[1];
    let sparse = 2 * pixels > seen.saturating_mul(3) && height * width >= LANES;
    (few || sparse) && spec.channels_out / spec.groups >= LANES
}

/// The adjoint: `input` is the output's gradient.
pub(crate) fn adjoint(
    isa: Isa,
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let bands = spec.input[0].div_ceil(BAND);
    let channels = spec.channels_in / spec.groups;
    let pixels = spec.output().iter().product::<usize>().clamp(1, STRETCH);
    let parts = (channels * spec.kernel[0] * spec.kernel[1] * pixels).div_ceil(SHARED);
    let parts = parts.min(channels);
    let to = Output(output.as_mut_ptr());
    (0..spec.batch * spec.groups * bands * parts).into_par_iter().for_each(|i| {
        let (i, part) = (i / parts, i % parts);
        let channels = [part * channels / parts, (part + 1) * channels / parts];
        let (plane, band) = (i / bands, i % bands);
        let rows = [band * BAND, spec.input[0].min((band + 1) * BAND)];
        let (image, group) = (plane / spec.groups, plane % spec.groups);
        run(isa, Band { spec, input, weight, bias, activation, image, group, channels, rows, to });
    });
}

struct Band<'a> {
    spec: &'a Conv2d,
    input: &'a [f32],
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    activation: Activation,
    image: usize,
    group: usize,
    /// Of the group's channels in.
    channels: [usize; 2],
    /// Of the spec's input, which is what is written here.
    rows: [usize; 2],
    to: Output,
}

impl Work for Band<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { spec, image, group, channels, rows: [begin, end], .. } = self;
        let Conv2d { kernel, stride, padding, dilation, .. } = *spec;
        let channels_out = spec.channels_out / spec.groups;
        let [height, width] = spec.output();
        let taps = kernel[0] * kernel[1];
        // Of a row of the weight, and of these channels.
        let all = spec.channels_in / spec.groups * taps;
        let channels_in = channels[1] - channels[0];
        let shares = channels_in * taps;
        let weight = &self.weight[group * channels_out * all + channels[0] * taps..];

        // Output rows that have seen one of these: row y has seen y * stride + tap - padding.
        let reach = (kernel[0] - 1) * dilation[0];
        let first = (begin + padding[0]).saturating_sub(reach).div_ceil(stride[0]);
        let last = height.min((end - 1 + padding[0]) / stride[0] + 1);

        // Input column x = stride * column + tap - padding: the sums of each x modulo the stride lie
        // side by side, so that a row is added to a row.
        let places = stride[1].min(spec.input[1]);
        let line = spec.input[1].div_ceil(stride[1]);
        let sums_len = channels_in * (end - begin) * places * line;
        let many = (STRETCH / width.max(1)).max(1);
        let pitch = (many * width).next_multiple_of(COLUMNS);
        let mut memory = scratch::take(sums_len + (channels_out + shares) * pitch);
        let (sums, rest) = memory.split_at_mut(sums_len);
        let (arrived, shared) = rest.split_at_mut(channels_out * pitch);
        sums.fill(0.0);
        let layout = Layout { channels_in, width, places, line };

        for top in (first..last.max(first)).step_by(many) {
            let count = many.min(last - top);
            let pixels = count * width;
            for channel in 0..channels_out {
                let plane = image * spec.channels_out + group * channels_out + channel;
                let from = &self.input[(plane * height + top) * width..][..pixels];
                arrived[channel * pitch..][..pixels].copy_from_slice(from);
            }
            let mut share = 0;
            for left in (1..=shares.div_ceil(S::ROWS)).rev() {
                let height = (shares - share).div_ceil(left);
                for x in (0..pixels).step_by(COLUMNS) {
                    let product = Product {
                        a: weight[share..].as_ptr(),
                        a_row: 1,
                        a_step: all,
                        b: arrived[x..].as_ptr(),
                        b_row: pitch,
                        depth: channels_out,
                        c: shared[share * pitch + x..].as_mut_ptr(),
                        c_row: pitch,
                        accumulate: false,
                    };
                    let vectors = (pixels - x).div_ceil(LANES).min(2);
                    // SAFETY: every channel out has a weight for every share; the pitch is a
                    // multiple of a tile's width.
                    unsafe { S::product(height, vectors, &product) };
                }
                share += height;
            }
            self.add(&layout, [top, count], shared, pitch, sums);
        }
        self.write(&layout, sums);
    }
}

/// Where the sums of a band are: `sums[channel][row][place][column]`.
struct Layout {
    channels_in: usize,
    width: usize,
    /// Columns modulo the stride, and those of each.
    places: usize,
    line: usize,
}

impl Band<'_> {
    /// Adds the shares of `count` output rows from `top` on, `shared[channel, tap][pixel]`.
    #[inline(always)]
    fn add(
        &self,
        layout: &Layout,
        [top, count]: [usize; 2],
        shared: &[f32],
        pitch: usize,
        sums: &mut [f32],
    ) {
        let &Layout { channels_in, width, places, line } = layout;
        let Conv2d { kernel, stride, padding, dilation, .. } = *self.spec;
        let ([begin, end], spec) = (self.rows, self.spec);
        let taps = kernel[0] * kernel[1];
        for share in 0..channels_in * taps {
            let (channel, tap) = (share / taps, share % taps);
            let [dy, dx] = [tap / kernel[1] * dilation[0], tap % kernel[1] * dilation[1]];
            let shift = dx as isize - padding[1] as isize;
            let place = shift.rem_euclid(stride[1] as isize) as usize;
            if place >= places {
                continue;
            }
            // Output columns whose pixel is inside, and the sum of the first.
            let shift = shift.div_euclid(stride[1] as isize);
            let skip = (-shift).max(0) as usize;
            let at = shift.max(0) as usize;
            let inside = (spec.input[1] - place).div_ceil(stride[1]).saturating_sub(at);
            let inside = skip..width.min(skip + inside);
            if inside.is_empty() {
                continue;
            }
            for i in 0..count {
                let Some(row) = ((top + i) * stride[0] + dy).checked_sub(padding[0] + begin) else {
                    continue;
                };
                if row >= end - begin {
                    continue;
                }
                let from = ((channel * (end - begin) + row) * places + place) * line + at;
                let sums = &mut sums[from..][..inside.len()];
                let shared = &shared[share * pitch + i * width..][inside.clone()];
                for (sum, share) in sums.iter_mut().zip(shared) {
                    *sum += share;
                }
            }
        }
    }

    /// Writes the sums to the band, with bias and activation.
    #[inline(always)]
    fn write(&self, layout: &Layout, sums: &[f32]) {
        let &Layout { channels_in, places, line, .. } = layout;
        let Self { spec, image, group, channels, rows: [begin, end], .. } = *self;
        let stride = spec.stride;
        for channel in 0..channels_in {
            let plane = group * (spec.channels_in / spec.groups) + channels[0] + channel;
            let bias = self.bias.map_or(0.0, |bias| bias[plane]);
            for row in begin..end {
                let at = ((image * spec.channels_in + plane) * spec.input[0] + row) * spec.input[1];
                // SAFETY: this row is this task's alone.
                let to =
                    unsafe { std::slice::from_raw_parts_mut(self.to.0.add(at), spec.input[1]) };
                let sums = &sums[(channel * (end - begin) + row - begin) * places * line..];
                for (x, to) in to.iter_mut().enumerate() {
                    let sum = sums[x % stride[1] * line + x / stride[1]];
                    *to = self.activation.of(sum + bias);
                }
            }
        }
    }
}
