//! Convolution on the kernels.

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use foveate_kernels::{self as kernels, Activation, Algorithm, Conv2d, Plan};

use crate::host::{HostTensor, room};

/// The sizes of a convolution; `None` where it is not for the kernels: padding that differs between
/// the sides, or no values at all.
fn sizes(
    [batch, channels_in, height, width]: [usize; 4],
    [channels_out, _, kernel_height, kernel_width]: [usize; 4],
    options: &ConvOptions<2>,
) -> Option<Conv2d> {
    if options.is_asymmetric() {
        return None;
    }
    let sizes = Conv2d {
        batch,
        channels_in,
        channels_out,
        input: [height, width],
        kernel: [kernel_height, kernel_width],
        stride: options.stride,
        padding: options.padding_begin(),
        dilation: options.dilation,
        groups: options.groups,
    };
    let values = [sizes.input_len(), sizes.weight_len(), sizes.output_len()];
    (!values.contains(&0)).then_some(sizes)
}

/// An algorithm, unless the process asks for another, on the fastest instruction set.
fn plan(algorithm: Algorithm) -> Plan {
    Plan { algorithm: algorithm.or_asked(), ..Plan::default() }
}

/// 2-d convolution, bias and activation in one; `None` where burn has to do it (element types other
/// than `f32`, empty tensors, asymmetric padding).
///
/// # Shapes
///
/// - input: `[n, c_in, h, w]`
/// - weight: `[c_out, c_in / groups, kh, kw]`
/// - bias: `[c_out]`
/// - output: `[n, c_out, h_out, w_out]`
pub fn conv2d<T: HostTensor>(
    input: &T,
    weight: &T,
    bias: Option<&T>,
    options: &ConvOptions<2>,
    algorithm: Algorithm,
    activation: Activation,
) -> Option<T> {
    let sizes = sizes(input.shape().dims(), weight.shape().dims(), options)?;
    let (input, weight) = (input.values()?, weight.values()?);
    let bias = match bias {
        Some(bias) => Some(bias.values()?),
        None => None,
    };
    let mut output = room(sizes.output_len());
    let plan = plan(algorithm);
    plan.conv2d(&sizes, &input, &weight, bias.as_deref(), activation, &mut output);
    let [height, width] = sizes.output();
    Some(T::from_values(output, [sizes.batch, sizes.channels_out, height, width]))
}

/// The gradient of [`conv2d`] with respect to its input of shape `input`, from the gradient of what
/// comes before the activation; `None` as there.
pub fn conv2d_input_gradient<T: HostTensor>(
    input: [usize; 4],
    weight: &T,
    gradient: &T,
    options: &ConvOptions<2>,
    algorithm: Algorithm,
) -> Option<T> {
    let sizes = sizes(input, weight.shape().dims(), options)?;
    let mut input_gradient = room(sizes.input_len());
    let (gradient, weight) = (gradient.values()?, weight.values()?);
    let (plan, none) = (plan(algorithm), Activation::None);
    plan.conv_transpose2d(&sizes, &gradient, &weight, None, none, &mut input_gradient);
    Some(T::from_values(input_gradient, input))
}

/// The gradient of [`conv2d`] with respect to its weight of shape `weight`, from the gradient of
/// what comes before the activation; `None` as there.
pub fn conv2d_weight_gradient<T: HostTensor>(
    input: &T,
    weight: [usize; 4],
    gradient: &T,
    options: &ConvOptions<2>,
) -> Option<T> {
    let sizes = sizes(input.shape().dims(), weight, options)?;
    let mut weight_gradient = room(sizes.weight_len());
    let (input, gradient) = (input.values()?, gradient.values()?);
    kernels::conv2d_weight_gradient(&sizes, &input, &gradient, &mut weight_gradient);
    Some(T::from_values(weight_gradient, weight))
}

/// The convolution whose adjoint a transposed convolution is; `None` where it is not for the
/// kernels: no values at all, or more output pixels added than such a convolution has.
fn adjoint_sizes(
    input @ [batch, channels_in, height, width]: [usize; 4],
    [_, per_group, kernel_height, kernel_width]: [usize; 4],
    options: &ConvTransposeOptions<2>,
) -> Option<Conv2d> {
    let kernel = [kernel_height, kernel_width];
    if input.contains(&0) || kernel.contains(&0) {
        return None;
    }
    let side = |i: usize| {
        let reach = options.dilation[i] * (kernel[i] - 1) + 1 + options.padding_out[i];
        let whole = ([height, width][i] - 1) * options.stride[i] + reach;
        whole.checked_sub(2 * options.padding[i])
    };
    let output = [side(0)?, side(1)?];
    let sizes = Conv2d {
        batch,
        channels_in: per_group * options.groups,
        channels_out: channels_in,
        input: output,
        kernel,
        stride: options.stride,
        padding: options.padding,
        dilation: options.dilation,
        groups: options.groups,
    };
    (sizes.output() == [height, width] && sizes.input_len() > 0).then_some(sizes)
}

/// Transposed 2-d convolution, bias and activation in one; `None` as [`conv2d`].
///
/// # Shapes
///
/// - input: `[n, c_in, h, w]`
/// - weight: `[c_in, c_out / groups, kh, kw]`
/// - bias: `[c_out]`
/// - output: `[n, c_out, h_out, w_out]`
pub fn conv_transpose2d<T: HostTensor>(
    input: &T,
    weight: &T,
    bias: Option<&T>,
    options: &ConvTransposeOptions<2>,
    algorithm: Algorithm,
    activation: Activation,
) -> Option<T> {
    let sizes = adjoint_sizes(input.shape().dims(), weight.shape().dims(), options)?;
    let (input, weight) = (input.values()?, weight.values()?);
    let bias = match bias {
        Some(bias) => Some(bias.values()?),
        None => None,
    };
    let mut output = room(sizes.input_len());
    let plan = plan(algorithm);
    plan.conv_transpose2d(&sizes, &input, &weight, bias.as_deref(), activation, &mut output);
    let [height, width] = sizes.input;
    Some(T::from_values(output, [sizes.batch, sizes.channels_in, height, width]))
}

/// The gradient of [`conv_transpose2d`] with respect to its input of shape `input`, from the gradient
/// of what comes before the activation; `None` as there.
pub fn conv_transpose2d_input_gradient<T: HostTensor>(
    input: [usize; 4],
    weight: &T,
    gradient: &T,
    options: &ConvTransposeOptions<2>,
    algorithm: Algorithm,
) -> Option<T> {
    let sizes = adjoint_sizes(input, weight.shape().dims(), options)?;
    let (weight, gradient) = (weight.values()?, gradient.values()?);
    let mut input_gradient = room(sizes.output_len());
    let (plan, none) = (plan(algorithm), Activation::None);
    plan.conv2d(&sizes, &gradient, &weight, None, none, &mut input_gradient);
    Some(T::from_values(input_gradient, input))
}

/// The gradient of [`conv_transpose2d`] with respect to its weight of shape `weight`, from the
/// gradient of what comes before the activation; `None` as there.
pub fn conv_transpose2d_weight_gradient<T: HostTensor>(
    input: &T,
    weight: [usize; 4],
    gradient: &T,
    options: &ConvTransposeOptions<2>,
) -> Option<T> {
    let sizes = adjoint_sizes(input.shape().dims(), weight, options)?;
    let (input, gradient) = (input.values()?, gradient.values()?);
    let mut weight_gradient = room(sizes.weight_len());
    kernels::conv2d_weight_gradient(&sizes, &gradient, &input, &mut weight_gradient);
    Some(T::from_values(weight_gradient, weight))
}
