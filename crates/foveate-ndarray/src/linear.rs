//! Fully connected layers on the kernels.

use foveate_kernels::{self as kernels, Activation};

use crate::host::{HostTensor, room};

/// `activation(input * weight + bias)`; `None` where burn has to do it: for element types other than
/// `f32` and empty tensors.
///
/// # Shapes
///
/// - input: `[n, inputs]`
/// - weight: `[inputs, outputs]`
/// - bias: `[outputs]`
/// - output: `[n, outputs]`
pub fn linear<T: HostTensor>(
    input: &T,
    weight: &T,
    bias: Option<&T>,
    activation: Activation,
) -> Option<T> {
    let [batch, inputs] = input.shape().dims();
    let [_, outputs] = weight.shape().dims();
    let (input, weight) = (some(input)?, some(weight)?);
    let bias = match bias {
        Some(bias) => Some(bias.values()?),
        None => None,
    };
    let mut output = room(batch * outputs);
    let bias = bias.as_deref();
    kernels::linear(batch, inputs, outputs, &input, &weight, bias, activation, &mut output);
    Some(T::from_values(output, [batch, outputs]))
}

/// The gradient of [`linear`], before the activation, with respect to its input; `None` as there.
pub fn linear_input_gradient<T: HostTensor>(weight: &T, gradient: &T) -> Option<T> {
    let [inputs, outputs] = weight.shape().dims();
    let [batch, _] = gradient.shape().dims();
    let (weight, gradient) = (some(weight)?, some(gradient)?);
    let mut input_gradient = room(batch * inputs);
    kernels::linear_input_gradient(batch, inputs, outputs, &gradient, &weight, &mut input_gradient);
    Some(T::from_values(input_gradient, [batch, inputs]))
}

/// The gradient of [`linear`], before the activation, with respect to its weight; `None` as there.
pub fn linear_weight_gradient<T: HostTensor>(input: &T, gradient: &T) -> Option<T> {
    let [batch, inputs] = input.shape().dims();
    let [_, outputs] = gradient.shape().dims();
    let (input, gradient) = (some(input)?, some(gradient)?);
    let mut weight_gradient = room(inputs * outputs);
    kernels::linear_weight_gradient(
        batch,
        inputs,
        outputs,
        &input,
        &gradient,
        &mut weight_gradient,
    );
    Some(T::from_values(weight_gradient, [inputs, outputs]))
}

fn some<T: HostTensor>(tensor: &T) -> Option<std::borrow::Cow<'_, [f32]>> {
    tensor.values().filter(|values| !values.is_empty())
}
