//! Batch norm by the batch's statistics, and its gradients.

use rayon::prelude::*;

use super::channel::{
    BatchNorm, BatchStatistics, TILE, check_channels, check_values, for_each_channel, plane, planes,
};
use super::inference::batch_norm_inference;
use super::statistics::batch_statistics;
use crate::activation::Activation;
use crate::dispatch;
use crate::lanes::{Sum, update};

/// Batch normalization by the means and biased variances of the batch itself, which are returned,
/// and an activation.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `gamma`, `beta`: `[channels]`
/// - `input`: of that shape
/// - `output`: as the input, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn batch_norm_training(
    shape: [usize; 3],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f32,
    input: &[f32],
    activation: Activation,
    output: &mut [f32],
) -> BatchStatistics {
    let statistics = batch_statistics(shape, input);
    let BatchStatistics { mean, variance } = &statistics;
    let norm = BatchNorm { mean, variance, gamma, beta, epsilon };
    batch_norm_inference(shape, &norm, input, activation, output);
    statistics
}

/// The gradients of [`batch_norm_training`], without activation.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `norm`: `[channels]` each; mean and variance are those that [`batch_norm_training`] returned
/// - `input`, `output_gradient`: of that shape
/// - `input_gradient`: as the input, overwritten
/// - `gamma_gradient`, `beta_gradient`: `[channels]`, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn batch_norm_training_gradient(
    shape: [usize; 3],
    norm: &BatchNorm<'_>,
    input: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
    gamma_gradient: &mut [f32],
    beta_gradient: &mut [f32],
) {
    check_values(shape, "input gradient", input_gradient.len());
    batch_norm_parameter_gradient(
        shape,
        norm,
        input,
        output_gradient,
        gamma_gradient,
        beta_gradient,
    );
    if input.is_empty() {
        return;
    }
    let [batch, channels, pixels] = shape;
    let count = (batch * pixels) as f64;
    let isa = dispatch::current();
    let values = input.par_chunks(pixels).zip(output_gradient.par_chunks(pixels));
    let planes = input_gradient.par_chunks_mut(pixels).zip(values).enumerate();
    planes.with_min_len(self::planes(shape)).for_each(|(plane, (dx, (x, g)))| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                // The output's gradient, less its mean, less its part along the normalized input.
                let channel = plane % channels;
                let [mean, scale, _] = norm.line(channel);
                let inverse = norm.inverse_deviation(channel);
                let shift = (f64::from(beta_gradient[channel]) / count) as f32;
                let slope = (inverse * f64::from(gamma_gradient[channel]) / count) as f32;
                // In parts that stay in the first cache.
                let values = x.chunks(TILE).zip(g.chunks(TILE));
                for (dx, (x, g)) in dx.chunks_mut(TILE).zip(values) {
                    update(dx, g, |_, g| g - shift);
                    update(dx, x, |dx, x| scale * (dx - (x - mean) * slope));
                }
            },
        );
    });
}

/// The gradients of [`batch_norm_training`] or [`batch_norm_inference`], without activation, with
/// respect to gamma and beta.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `norm`: `[channels]` each
/// - `input`, `output_gradient`: of that shape
/// - `gamma_gradient`, `beta_gradient`: `[channels]`, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn batch_norm_parameter_gradient(
    shape: [usize; 3],
    norm: &BatchNorm<'_>,
    input: &[f32],
    output_gradient: &[f32],
    gamma_gradient: &mut [f32],
    beta_gradient: &mut [f32],
) {
    norm.check(shape);
    check_values(shape, "input", input.len());
    check_values(shape, "output gradient", output_gradient.len());
    check_channels(shape, "gamma gradient", gamma_gradient.len());
    check_channels(shape, "beta gradient", beta_gradient.len());
    let gradients = for_each_channel(
        shape,
        #[inline(always)]
        |channel| {
            let mean = f64::from(norm.mean[channel]);
            let (mut products, mut sum) = (Sum::default(), Sum::default());
            for image in 0..shape[0] {
                let x = plane(shape, image, channel, input);
                let g = plane(shape, image, channel, output_gradient);
                products.add_pairs(x, g, |x, g| (f64::from(x) - mean) * f64::from(g));
                sum.add(g, f64::from);
            }
            [products.total() * norm.inverse_deviation(channel), sum.total()]
        },
    );
    for (channel, [gamma, beta]) in gradients.into_iter().enumerate() {
        gamma_gradient[channel] = gamma as f32;
        beta_gradient[channel] = beta as f32;
    }
}
