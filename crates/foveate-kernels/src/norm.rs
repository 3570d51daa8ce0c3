//! Batch normalisation, and sums over channels.

use rayon::prelude::*;

use crate::conv::Activation;
use crate::dispatch;
use crate::lanes::{Sum, map, update};
use crate::sizes::product;

/// Values of one task, at least.
const CHUNK: usize = 1 << 14;

/// Values that stay in the first cache from one loop to the next.
const TILE: usize = 1 << 11;

/// The numbers of a batch normalisation, one of each for every channel:
/// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` (Sergey Ioffe, Christian Szegedy, *Batch
/// Normalization*, 2015, <https://arxiv.org/abs/1502.03167>).
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    /// Subtracted: the mean of the batch, or the running mean.
    pub mean: &'a [f32],
    /// Divided by, under the root: the biased variance of the batch, or the running variance.
    pub variance: &'a [f32],
    /// Factor.
    pub gamma: &'a [f32],
    /// Summand.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// Mean and variance of each channel of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStatistics {
    /// The mean of all values of a channel; NaN where there are none.
    pub mean: Vec<f32>,
    /// Their mean squared deviation: biased, divided by their number.
    pub variance: Vec<f32>,
}

impl BatchNorm<'_> {
    fn check(&self, shape: [usize; 3]) {
        let numbers = [
            ("mean", self.mean),
            ("variance", self.variance),
            ("gamma", self.gamma),
            ("beta", self.beta),
        ];
        for (name, numbers) in numbers {
            check_channels(shape, name, numbers.len());
        }
    }

    /// `1 / sqrt(variance + epsilon)`.
    fn inverse_deviation(&self, channel: usize) -> f64 {
        1.0 / (f64::from(self.variance[channel]) + f64::from(self.epsilon)).sqrt()
    }

    /// What is subtracted from a channel, what it is multiplied by, what is added.
    #[inline(always)]
    fn line(&self, channel: usize) -> [f32; 3] {
        let scale = f64::from(self.gamma[channel]) * self.inverse_deviation(channel);
        [self.mean[channel], scale as f32, self.beta[channel]]
    }
}

fn check_channels(shape: [usize; 3], name: &str, len: usize) {
    assert_eq!(len, shape[1], "numbers in the {name}, one a channel of {shape:?}");
}

fn check_values(shape: [usize; 3], name: &str, len: usize) {
    assert_eq!(len, product(&shape, &shape), "numbers in the {name} of {shape:?}");
}

/// Planes of one task, at least.
fn planes([_, _, pixels]: [usize; 3]) -> usize {
    1 + CHUNK / pixels.max(1)
}

/// Batch normalisation by given means and variances, and an activation.
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

/// Mean and biased variance of each channel.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `input`: of that shape
///
/// # Panics
///
/// If the slice has another length.
pub fn batch_statistics(shape: [usize; 3], input: &[f32]) -> BatchStatistics {
    check_values(shape, "input", input.len());
    let [batch, _, pixels] = shape;
    let count = (batch * pixels) as f64;
    // In f64, and shifted by one of the values: exact but for the last bits even where the mean is
    // large beside the deviation.
    let moments = for_each_channel(
        shape,
        #[inline(always)]
        |channel| {
            let shift = f64::from(input.get(channel * pixels).copied().unwrap_or_default());
            let (mut sum, mut squares) = (Sum::default(), Sum::default());
            for image in 0..batch {
                let plane = plane(shape, image, channel, input);
                sum.add(plane, |x| f64::from(x) - shift);
                squares.add(plane, |x| (f64::from(x) - shift) * (f64::from(x) - shift));
            }
            let mean = sum.total() / count;
            // A NaN stays one: max() would hide it.
            let variance = squares.total() / count - mean * mean;
            [shift + mean, if variance < 0.0 { 0.0 } else { variance }]
        },
    );
    BatchStatistics {
        mean: moments.iter().map(|m| m[0] as f32).collect(),
        variance: moments.iter().map(|m| m[1] as f32).collect(),
    }
}

/// Batch normalisation by the means and biased variances of the batch itself, which are returned,
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
                // The output's gradient, less its mean, less its part along the normalised input.
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

/// The sum of each channel: the gradient of a bias.
///
/// # Shapes
///
/// - `shape`: `[batch, channels, pixels]`
/// - `values`: of that shape
/// - `sums`: `[channels]`, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn channel_sums(shape: [usize; 3], values: &[f32], sums: &mut [f32]) {
    check_values(shape, "values", values.len());
    check_channels(shape, "sums", sums.len());
    let totals = for_each_channel(
        shape,
        #[inline(always)]
        |channel| {
            let mut sum = Sum::default();
            for image in 0..shape[0] {
                sum.add(plane(shape, image, channel, values), f64::from);
            }
            sum.total()
        },
    );
    for (sum, total) in sums.iter_mut().zip(totals) {
        *sum = total as f32;
    }
}

#[inline(always)]
fn plane(shape: [usize; 3], image: usize, channel: usize, values: &[f32]) -> &[f32] {
    &values[(image * shape[1] + channel) * shape[2]..][..shape[2]]
}

/// What `task` gives for each channel, in order.
fn for_each_channel<T: Send>(shape: [usize; 3], task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let [batch, channels, pixels] = shape;
    let isa = dispatch::current();
    let task = &task;
    let tasks = (0..channels).into_par_iter().with_min_len(1 + CHUNK / (batch * pixels).max(1));
    tasks
        .map(|channel| {
            dispatch::on(
                isa,
                #[inline(always)]
                |_| task(channel),
            )
        })
        .collect()
}
