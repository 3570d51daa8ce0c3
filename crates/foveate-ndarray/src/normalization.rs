//! Batch normalization and local response normalization on the kernels.

use std::borrow::Cow;

use foveate_kernels::{self as kernels, Activation, BatchNorm, Lrn};

use crate::host::{HostTensor, room};

/// Means and biased variances of the channels of `[n, c, h, w]`, as `[2, c]`; `None` where burn has
/// to do it: for element types other than `f32` and empty tensors.
pub fn batch_statistics<T: HostTensor>(input: &T) -> Option<T> {
    let (shape, values) = planes(input)?;
    let mut statistics = kernels::batch_statistics(shape, &values);
    statistics.mean.append(&mut statistics.variance);
    Some(T::from_values(statistics.mean, [2, shape[1]]))
}

/// `activation(gamma (x - mean) / sqrt(variance + epsilon) + beta)`, `numbers` being mean, variance,
/// gamma and beta of each channel; `None` as [`batch_statistics`].
pub fn batch_norm<T: HostTensor>(
    input: &T,
    numbers: [&T; 4],
    epsilon: f64,
    activation: Activation,
) -> Option<T> {
    let (shape, values) = planes(input)?;
    let numbers = Numbers::of(numbers)?;
    let mut output = room(values.len());
    let norm = numbers.norm(epsilon);
    kernels::batch_norm_inference(shape, &norm, &values, activation, &mut output);
    Some(T::from_values(output, input.shape()))
}

/// The gradients of [`batch_norm`], before the activation: of the input and, if `parameters`, of
/// gamma and beta; `of_batch` tells that mean and variance are those of the input. `None` as there.
pub fn batch_norm_gradients<T: HostTensor>(
    input: &T,
    numbers: [&T; 4],
    epsilon: f64,
    [of_batch, parameters]: [bool; 2],
    gradient: &T,
) -> Option<(T, Option<[T; 2]>)> {
    let (shape, values) = planes(input)?;
    let (_, gradient) = planes(gradient)?;
    let numbers = Numbers::of(numbers)?;
    let norm = numbers.norm(epsilon);
    let mut slope = room(values.len());
    let [mut gamma, mut beta] = [room(shape[1]), room(shape[1])];
    if of_batch {
        kernels::batch_norm_training_gradient(
            shape, &norm, &values, &gradient, &mut slope, &mut gamma, &mut beta,
        );
    } else {
        kernels::batch_norm_inference_gradient(shape, &norm, &gradient, &mut slope);
        if parameters {
            kernels::batch_norm_parameter_gradient(
                shape, &norm, &values, &gradient, &mut gamma, &mut beta,
            );
        }
    }
    let of_channels = |values| T::from_values(values, [shape[1]]);
    let parameters = parameters.then(|| [of_channels(gamma), of_channels(beta)]);
    Some((T::from_values(slope, input.shape()), parameters))
}

/// `x / (k + alpha mean(x^2))^beta`, the mean over `size` channels; `None` as [`batch_statistics`].
pub fn lrn<T: HostTensor>(input: &T, size: usize, constants: [f64; 3]) -> Option<T> {
    let (shape, values) = planes(input)?;
    let mut output = room(values.len());
    kernels::lrn(&spec(shape, size, constants), &values, &mut output);
    Some(T::from_values(output, input.shape()))
}

/// The gradient of [`lrn`]; `None` as there.
pub fn lrn_gradient<T: HostTensor>(
    input: &T,
    gradient: &T,
    size: usize,
    constants: [f64; 3],
) -> Option<T> {
    let (shape, values) = planes(input)?;
    let (_, gradient) = planes(gradient)?;
    let mut slope = room(values.len());
    kernels::lrn_gradient(&spec(shape, size, constants), &values, &gradient, &mut slope);
    Some(T::from_values(slope, input.shape()))
}

fn spec([batch, channels, pixels]: [usize; 3], size: usize, constants: [f64; 3]) -> Lrn {
    let [alpha, beta, k] = constants.map(|x| x as f32);
    Lrn { batch, channels, pixels, size, alpha, beta, k }
}

/// `[n, c, pixels]`, and the values.
fn planes<T: HostTensor>(tensor: &T) -> Option<([usize; 3], Cow<'_, [f32]>)> {
    let [batch, channels, height, width] = tensor.shape().dims();
    let values = tensor.values().filter(|values| !values.is_empty())?;
    Some(([batch, channels, height * width], values))
}

/// Mean, variance, gamma and beta.
struct Numbers<'a>([Cow<'a, [f32]>; 4]);

impl<'a> Numbers<'a> {
    fn of<T: HostTensor>([mean, variance, gamma, beta]: [&'a T; 4]) -> Option<Self> {
        Some(Self([mean.values()?, variance.values()?, gamma.values()?, beta.values()?]))
    }

    fn norm(&self, epsilon: f64) -> BatchNorm<'_> {
        let [mean, variance, gamma, beta] = &self.0;
        BatchNorm { mean, variance, gamma, beta, epsilon: epsilon as f32 }
    }
}
