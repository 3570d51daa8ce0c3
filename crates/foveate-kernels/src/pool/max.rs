//! Max pooling.

use rayon::prelude::*;

use super::window::{Pool2d, Window, fold_rows, fold_taps, for_each_rows, rows};
use crate::dispatch;

/// Max pooling. NaN is larger than any number.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`
/// - `output`: `[planes, output height, output width]`, overwritten
///
/// # Panics
///
/// If a slice has another length, a kernel side, stride or dilation is 0, or the padding is more
/// than half a window.
pub fn max_pool2d(spec: &Pool2d, input: &[f32], output: &mut [f32]) {
    spec.check(("input", input.len()), ("output", output.len()));
    let windows = spec.windows(0);
    let isa = dispatch::current();
    for_each_rows(spec.output(), output, |first, output| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = spec.line(f32::NEG_INFINITY);
                for (plane, y, output) in rows(spec.output(), first, output) {
                    let plane = &input[plane * spec.input[0] * spec.input[1]..];
                    fold_rows(spec, plane, windows[y], &mut line, f32::NEG_INFINITY, larger);
                    fold_taps(spec, &line, output, larger);
                }
            },
        );
    });
}

/// The gradient of max pooling with respect to the input: each output's gradient goes to the first
/// of the largest values of its window, row by row, or to its last NaN.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`
/// - `output_gradient`: `[planes, output height, output width]`
/// - `input_gradient`: as the input, overwritten
///
/// # Panics
///
/// As [`max_pool2d`]; and if a plane has 2^32 values or more.
pub fn max_pool2d_gradient(
    spec: &Pool2d,
    input: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    spec.check(("input", input.len()), ("output gradient", output_gradient.len()));
    spec.check(
        ("input gradient", input_gradient.len()),
        ("output gradient", output_gradient.len()),
    );
    let [height, width] = spec.output();
    let pixels = spec.input[0] * spec.input[1];
    assert!(u32::try_from(pixels).is_ok(), "elements in a plane of {spec:?} are below 2^32");
    input_gradient.fill(0.0);
    if input.is_empty() || output_gradient.is_empty() {
        return;
    }
    let windows = [0, 1].map(|axis| spec.windows(axis));
    let isa = dispatch::current();
    let planes = input.par_chunks(pixels).zip(output_gradient.par_chunks(height * width));
    planes.zip(input_gradient.par_chunks_mut(pixels)).for_each(|((x, g), input_gradient)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                if spec.is_tiled_by_fours() {
                    largest_of_fours(spec, x, g, input_gradient);
                } else {
                    scatter_to_largest(spec, &windows, x, g, input_gradient);
                }
            },
        );
    });
}
/// The larger, the first of equals; NaN if one is.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if (b > a) | b.is_nan() { b } else { a }
}

/// Marks a window without taps.
const NOWHERE: u32 = u32::MAX;

/// [`scatter_to_largest`] for windows of 2x2 side by side, in vectors.
#[inline(always)]
fn largest_of_fours(spec: &Pool2d, input: &[f32], gradient: &[f32], input_gradient: &mut [f32]) {
    let [_, width] = spec.output();
    let rows = input.chunks_exact(2 * spec.input[1]);
    let to = input_gradient.chunks_exact_mut(2 * spec.input[1]);
    for ((gradient, rows), to) in gradient.chunks_exact(width).zip(rows).zip(to) {
        let (top, bottom) = rows.split_at(spec.input[1]);
        let (to_top, to_bottom) = to.split_at_mut(spec.input[1]);
        let from = top.as_chunks::<2>().0.iter().zip(bottom.as_chunks::<2>().0);
        let to = to_top.as_chunks_mut::<2>().0.iter_mut().zip(to_bottom.as_chunks_mut::<2>().0);
        for ((&g, (top, bottom)), (to_top, to_bottom)) in gradient.iter().zip(from).zip(to) {
            let (mut most, mut place) = (top[0], 0);
            for (i, x) in [(1, top[1]), (2, bottom[0]), (3, bottom[1])] {
                let taken = (x > most) | x.is_nan();
                most = if taken { x } else { most };
                place = if taken { i } else { place };
            }
            let share = |i: i32| if place == i { g } else { 0.0 };
            *to_top = [share(0), share(1)];
            *to_bottom = [share(2), share(3)];
        }
    }
}

/// Adds each gradient to where the largest value of its window is, in one plane.
#[inline(always)]
fn scatter_to_largest(
    spec: &Pool2d,
    windows: &[Vec<Window>; 2],
    input: &[f32],
    gradient: &[f32],
    input_gradient: &mut [f32],
) {
    let [_, width] = spec.output();
    let mut line = spec.line(f32::NEG_INFINITY);
    let mut most = vec![0.0; width];
    let mut places = vec![0; width];
    for (gradient, &window) in gradient.chunks_exact(width).zip(&windows[0]) {
        // Where all is minus infinity, the first tap inside counts as the largest.
        most.fill(f32::NEG_INFINITY);
        for (place, columns) in places.iter_mut().zip(&windows[1]) {
            let first = window.start * spec.input[1] + columns.start;
            let none = window.taps == 0 || columns.taps == 0;
            *place = if none { NOWHERE } else { first as u32 };
        }
        for (i, row) in spec.rows(input, window).enumerate() {
            spec.inside(&mut line).copy_from_slice(row);
            let row = (window.start + i * spec.dilation[0]) * spec.input[1];
            for tap in 0..spec.kernel[1] {
                let taps = &line[tap * spec.dilation[1]..];
                // Padding is never larger than anything: places before the row are not taken.
                let first = (row + tap * spec.dilation[1]).wrapping_sub(spec.padding[1]) as u32;
                let best = most.iter_mut().zip(&mut places);
                match spec.stride[1] {
                    1 => take_largest(best, first, 1, taps.iter().copied()),
                    2 => {
                        let taps = taps.as_chunks::<2>().0.iter().map(|x| x[0]);
                        take_largest(best, first, 2, taps);
                    }
                    stride => {
                        let taps = taps.iter().copied().step_by(stride);
                        take_largest(best, first, stride as u32, taps);
                    }
                }
            }
        }
        for (&g, &place) in gradient.iter().zip(&places) {
            if place != NOWHERE {
                input_gradient[place as usize] += g;
            }
        }
    }
}

/// Where a value is larger than the most so far, or NaN, it and its place are taken. Both are asked
/// (`|`), since vectors do not jump.
#[inline(always)]
fn take_largest<'a>(
    best: impl Iterator<Item = (&'a mut f32, &'a mut u32)>,
    first: u32,
    stride: u32,
    values: impl Iterator<Item = f32>,
) {
    for (i, ((most, place), x)) in best.zip(values).enumerate() {
        let taken = (x > *most) | x.is_nan();
        *most = if taken { x } else { *most };
        *place = if taken { first.wrapping_add((i as u32).wrapping_mul(stride)) } else { *place };
    }
}
