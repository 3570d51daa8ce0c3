//! Average pooling to a size.

use rayon::prelude::*;

use super::window::{CHUNK, add, for_each_rows, rows};
use crate::dispatch;
use crate::lanes::{Sum, update};
use crate::sizes::product;

/// Average pooling to a size: output `i` of `o` is the average of the pixels from `i * size / o`,
/// rounded down, to `(i + 1) * size / o`, rounded up.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`, of the size `input_size`
/// - `output`: `[planes, output height, output width]`, of the size `output_size`; overwritten
///
/// # Panics
///
/// If a slice has another length, or pixels are to be made of no pixels.
pub fn adaptive_avg_pool2d(
    planes: usize,
    input_size: [usize; 2],
    output_size: [usize; 2],
    input: &[f32],
    output: &mut [f32],
) {
    check_adaptive(planes, input_size, output_size, input.len(), output.len());
    if output.is_empty() {
        return;
    }
    let pixels = input_size[0] * input_size[1];
    let isa = dispatch::current();
    if output_size == [1, 1] {
        let planes = output.par_iter_mut().zip(input.par_chunks(pixels));
        planes.with_min_len(1 + CHUNK / pixels).for_each(|(mean, plane)| {
            dispatch::on(
                isa,
                #[inline(always)]
                |_| {
                    let mut sum = Sum::default();
                    sum.add(plane, f64::from);
                    *mean = (sum.total() / pixels as f64) as f32;
                },
            );
        });
        return;
    }
    let [rows_of, columns_of] = [0, 1].map(|i| ranges(input_size[i], output_size[i]));
    for_each_rows(output_size, output, |first, output| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = vec![0.0; input_size[1]];
                for (plane, y, output) in rows(output_size, first, output) {
                    let [start, end] = rows_of[y];
                    line.fill(0.0);
                    for row in start..end {
                        let row = &input[plane * pixels + row * input_size[1]..][..input_size[1]];
                        update(&mut line, row, add);
                    }
                    for (y, &[left, right]) in output.iter_mut().zip(&columns_of) {
                        let count = (end - start) * (right - left);
                        *y = line[left..right].iter().sum::<f32>() / count as f32;
                    }
                }
            },
        );
    });
}

/// The gradient of [`adaptive_avg_pool2d`] with respect to the input.
///
/// # Shapes
///
/// - `output_gradient`: `[planes, output height, output width]`, of the size `output_size`
/// - `input_gradient`: `[planes, height, width]`, of the size `input_size`; overwritten
///
/// # Panics
///
/// As [`adaptive_avg_pool2d`].
pub fn adaptive_avg_pool2d_gradient(
    planes: usize,
    input_size: [usize; 2],
    output_size: [usize; 2],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    check_adaptive(planes, input_size, output_size, input_gradient.len(), output_gradient.len());
    input_gradient.fill(0.0);
    if input_gradient.is_empty() || output_gradient.is_empty() {
        return;
    }
    let width = input_size[1];
    let pixels = input_size[0] * width;
    let [rows_of, columns_of] = [0, 1].map(|i| ranges(input_size[i], output_size[i]));
    let isa = dispatch::current();
    let gradients = output_gradient.par_chunks(output_size[0] * output_size[1]);
    let planes = input_gradient.par_chunks_mut(pixels).zip(gradients);
    planes.with_min_len(1 + CHUNK / pixels).for_each(|(plane, gradient)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = vec![0.0; width];
                for (gradient, &[start, end]) in gradient.chunks(output_size[1]).zip(&rows_of) {
                    line.fill(0.0);
                    for (&g, &[left, right]) in gradient.iter().zip(&columns_of) {
                        let share = g / ((end - start) * (right - left)) as f32;
                        for sum in &mut line[left..right] {
                            *sum += share;
                        }
                    }
                    for row in plane[start * width..end * width].chunks_mut(width) {
                        update(row, &line, add);
                    }
                }
            },
        );
    });
}

fn check_adaptive(planes: usize, from: [usize; 2], to: [usize; 2], input: usize, output: usize) {
    let text = format_args!("{planes} planes of {from:?} pooled to {to:?}");
    let [expected, made] = [from, to].map(|[h, w]| product(&[planes, h, w], &text));
    assert_eq!(input, expected, "elements in the input of {text}");
    assert_eq!(output, made, "elements in the output of {text}");
    assert!(output == 0 || input > 0, "pixels are made of pixels: {text}");
    for i in [0, 1] {
        product(&[from[i], to[i]], &text); // of which the windows' bounds are made
    }
}

/// Where adaptive windows start and end along an axis.
fn ranges(from: usize, to: usize) -> Vec<[usize; 2]> {
    (0..to).map(|i| [i * from / to, ((i + 1) * from).div_ceil(to)]).collect()
}
