//! The products of the formula, for any kernel, and for its adjoint; by a matrix product over gathered pixels.

use rayon::prelude::*;

use super::border;
use super::gathered_product::{GatheredProduct, STRETCH, Target};
use super::im2col::{Order, View};
use super::spec::Conv2d;
use crate::activation::Activation;
use crate::isa::Isa;
use crate::scratch::{self, Scratch};
use crate::shared::Output;
use crate::simd::{LANES, Simd, Work, run};

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
    let product = GatheredProduct {
        view: View::of(spec),
        channels: [spec.channels_in, spec.channels_out].map(|c| c / spec.groups),
        groups: spec.groups,
        input,
        weights,
        weights_row,
        bias,
        activation,
        target,
    };
    product.run(isa);
    border::mend(&product);
}

/// The adjoint: every pixel of the input gathers from the outputs that it has gone into. With a
/// stride, pixels at different places between two outputs see different taps; each place that sees
/// one is a product of its own.
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
        let product = GatheredProduct {
            view: if spec.stride == [1, 1] { view.flat() } else { view },
            channels,
            groups: spec.groups,
            input,
            weights: &weights,
            weights_row: apart(channels[0] * indices.len()),
            bias,
            activation,
            target: Target { output: target, size: spec.input, first, step: spec.stride },
        };
        product.run(isa);
        border::mend(&product);
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

/// Values from one row of weights to the next, for `depth` in a row: rows that lie a power of two
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
    /// Values of a channel in, where it goes.
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
