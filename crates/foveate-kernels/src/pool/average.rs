//! Average pooling.

use rayon::prelude::*;

use super::window::{Pool2d, Window, add, fold_rows, fold_taps, for_each_rows, rows};
use crate::dispatch;
use crate::lanes::update;

/// Average pooling. A window's sum is divided by its taps inside the input, with
/// `count_include_pad` by those inside the input or its padding; never by those beyond, which ceil
/// mode may add.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`
/// - `output`: `[planes, output height, output width]`, overwritten
///
/// # Panics
///
/// As [`max_pool2d`](super::max_pool2d).
pub fn avg_pool2d(spec: &Pool2d, count_include_pad: bool, input: &[f32], output: &mut [f32]) {
    spec.check(("input", input.len()), ("output", output.len()));
    let windows = spec.windows(0);
    let [row_counts, column_counts] = counts(spec, count_include_pad);
    let isa = dispatch::current();
    for_each_rows(spec.output(), output, |first, output| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = spec.line(0.0);
                for (plane, row, output) in rows(spec.output(), first, output) {
                    let plane = &input[plane * spec.input[0] * spec.input[1]..];
                    fold_rows(spec, plane, windows[row], &mut line, 0.0, add);
                    fold_taps(spec, &line, output, add);
                    let rows = row_counts[row];
                    update(output, &column_counts, |y, columns| y / (rows * columns));
                }
            },
        );
    });
}

/// The gradient of average pooling with respect to the input.
///
/// # Shapes
///
/// - `output_gradient`: `[planes, output height, output width]`
/// - `input_gradient`: `[planes, height, width]`, overwritten
///
/// # Panics
///
/// As [`max_pool2d`](super::max_pool2d).
pub fn avg_pool2d_gradient(
    spec: &Pool2d,
    count_include_pad: bool,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    spec.check(
        ("input gradient", input_gradient.len()),
        ("output gradient", output_gradient.len()),
    );
    input_gradient.fill(0.0);
    if input_gradient.is_empty() || output_gradient.is_empty() {
        return;
    }
    let [height, width] = spec.output();
    let windows = spec.windows(0);
    let [row_counts, column_counts] = counts(spec, count_include_pad);
    let isa = dispatch::current();
    let planes = input_gradient.par_chunks_mut(spec.input[0] * spec.input[1]);
    planes.zip(output_gradient.par_chunks(height * width)).for_each(|(plane, gradient)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = spec.line(0.0);
                let mut shares = vec![0.0; width];
                let gradients = gradient.chunks_exact(width).zip(&row_counts).zip(&windows);
                for ((gradient, &rows), &window) in gradients {
                    let columns = gradient.iter().zip(&column_counts);
                    for (share, (&g, &columns)) in shares.iter_mut().zip(columns) {
                        *share = g / (rows * columns);
                    }
                    line.fill(0.0);
                    spread_taps(spec, &shares, &mut line);
                    for tap in 0..window.taps {
                        let at = (window.start + tap * spec.dilation[0]) * spec.input[1];
                        let row = &mut plane[at..][..spec.input[1]];
                        update(row, spec.inside(&mut line), add);
                    }
                }
            },
        );
    });
}
/// What sums are divided by, down and across. Windows without taps, whose sum is 0, count one.
fn counts(spec: &Pool2d, count_include_pad: bool) -> [Vec<f32>; 2] {
    [0, 1].map(|axis| {
        let count = |window: Window| if count_include_pad { window.padded } else { window.taps };
        spec.windows(axis).into_iter().map(|window| count(window).max(1) as f32).collect()
    })
}

/// The adjoint of [`fold_taps`] with a sum.
#[inline(always)]
fn spread_taps(spec: &Pool2d, shares: &[f32], line: &mut [f32]) {
    for tap in 0..spec.kernel[1] {
        let taps = &mut line[tap * spec.dilation[1]..];
        match spec.stride[1] {
            1 => update(taps, shares, add),
            2 => spread_tap(shares, taps.as_chunks_mut::<2>().0.iter_mut().map(|x| &mut x[0])),
            stride => spread_tap(shares, taps.iter_mut().step_by(stride)),
        }
    }
}

#[inline(always)]
fn spread_tap<'a>(shares: &[f32], sums: impl Iterator<Item = &'a mut f32>) {
    for (sum, &share) in sums.zip(shares) {
        *sum += share;
    }
}
