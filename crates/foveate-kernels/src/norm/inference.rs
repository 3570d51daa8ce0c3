//! Batch norm by given statistics.

use rayon::prelude::*;

use super::channel::{BatchNorm, check_values, planes};
use crate::activation::Activation;
use crate::dispatch;
use crate::lanes::{map, update};

/// Batch normalization by given means and variances, and an activation.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `norm`: `[channels]` each
/// - `input`: of that shape
/// - `output`: as the input, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn batch_norm_inference(
    shape: [usize; 3],
    norm: &BatchNorm<'_>,
    input: &[f32],
    activation: Activation,
    output: &mut [f32],
) {
    norm.check(shape);
    check_values(shape, "input", input.len());
    check_values(shape, "output", output.len());
    if output.is_empty() {
        return;
    }
    let [_, channels, pixels] = shape;
    let isa = dispatch::current();
    let pairs = output.par_chunks_mut(pixels).zip(input.par_chunks(pixels));
    pairs.enumerate().with_min_len(planes(shape)).for_each(|(plane, (output, input))| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let [mean, scale, beta] = norm.line(plane % channels);
                let normed = |x: f32| (x - mean) * scale + beta;
                // The compiler makes vectors of what it knows.
                match activation {
                    Activation::None => update(output, input, |_, x| normed(x)),
                    Activation::Relu => {
                        update(output, input, |_, x| Activation::Relu.of(normed(x)));
                    }
                    Activation::LeakyRelu(_) => {
                        update(output, input, |_, x| activation.of(normed(x)));
                    }
                }
            },
        );
    });
}

/// [`batch_norm_inference`] whose output replaces its input.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `norm`: `[channels]` each
/// - `values`: of that shape, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn batch_norm_inference_in_place(
    shape: [usize; 3],
    norm: &BatchNorm<'_>,
    activation: Activation,
    values: &mut [f32],
) {
    norm.check(shape);
    check_values(shape, "values", values.len());
    if values.is_empty() {
        return;
    }
    let [_, channels, pixels] = shape;
    let isa = dispatch::current();
    let parts = values.par_chunks_mut(pixels).enumerate().with_min_len(planes(shape));
    parts.for_each(|(plane, values)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let [mean, scale, beta] = norm.line(plane % channels);
                let normed = |x: f32| (x - mean) * scale + beta;
                match activation {
                    Activation::None => map(values, normed),
                    Activation::Relu => {
                        map(values, |x| Activation::Relu.of(normed(x)));
                    }
                    Activation::LeakyRelu(_) => map(values, |x| activation.of(normed(x))),
                }
            },
        );
    });
}

/// The gradient of [`batch_norm_inference`], without activation, with respect to the input:
/// `gamma / sqrt(variance + epsilon)` times the output's.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `norm`: `[channels]` each
/// - `output_gradient`: of that shape
/// - `input_gradient`: as the output gradient, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn batch_norm_inference_gradient(
    shape: [usize; 3],
    norm: &BatchNorm<'_>,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    norm.check(shape);
    check_values(shape, "output gradient", output_gradient.len());
    check_values(shape, "input gradient", input_gradient.len());
    if input_gradient.is_empty() {
        return;
    }
    let [_, channels, pixels] = shape;
    let isa = dispatch::current();
    let pairs = input_gradient.par_chunks_mut(pixels).zip(output_gradient.par_chunks(pixels));
    pairs.enumerate().with_min_len(planes(shape)).for_each(|(plane, (dx, g))| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let [_, scale, _] = norm.line(plane % channels);
                update(dx, g, |_, g| g * scale);
            },
        );
    });
}
