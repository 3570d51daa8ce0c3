//! Fully connected layers. For few images they are bound by reading the weight, which is read once, front to back
//! ([`few`]); for many they are 1x1 convolutions: of the weight, by the images ([`many`]).

mod few;
mod many;

use rayon::prelude::*;

use crate::activation::Activation;
use crate::dispatch;
use crate::isa::Isa;
use crate::sizes::product;

/// Images from which on arithmetic takes longer than reading the weight.
const MANY: usize = 32;

/// A fully connected layer: `output = activation(input * weight + bias)`.
///
/// # Shapes
///
/// - `input`: `[batch, inputs]`
/// - `weight`: `[inputs, outputs]`, the transpose of PyTorch's
/// - `bias`: `[outputs]`
/// - `output`: `[batch, outputs]`, overwritten
///
/// # Panics
///
/// If a slice has another length.
#[allow(clippy::too_many_arguments, reason = "the sizes and the operands of one product")]
pub fn linear(
    batch: usize,
    inputs: usize,
    outputs: usize,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    check(
        [batch, inputs, outputs],
        [("input", input.len()), ("weight", weight.len()), ("output", output.len())],
    );
    if let Some(bias) = bias {
        assert_eq!(bias.len(), outputs, "elements in the bias, one an output");
    }
    let sizes = [batch, inputs, outputs];
    self::output(dispatch::current(), sizes, input, weight, bias, activation, output);
}

/// [`linear`] on an instruction set, of slices that fit.
pub(crate) fn output(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    if output.is_empty() {
        return;
    }
    if batch > MANY && inputs > 0 {
        many::output(isa, [batch, inputs, outputs], input, weight, output);
        output.par_chunks_mut(outputs).for_each(|output| {
            dispatch::on(
                isa,
                #[inline(always)]
                |_| few::add_bias(bias, 0, activation, output),
            );
        });
    } else {
        few::output(isa, [batch, inputs, outputs], input, weight, bias, activation, output);
    }
}

/// The gradient of [`linear`], without activation, with respect to the input:
/// `output_gradient * weight^T`.
///
/// # Shapes
///
/// - `output_gradient`: `[batch, outputs]`
/// - `weight`: `[inputs, outputs]`, the transpose of PyTorch's
/// - `input_gradient`: `[batch, inputs]`, overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn linear_input_gradient(
    batch: usize,
    inputs: usize,
    outputs: usize,
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
) {
    let slices = [
        ("input gradient", input_gradient.len()),
        ("weight", weight.len()),
        ("output gradient", output_gradient.len()),
    ];
    check([batch, inputs, outputs], slices);
    let (isa, sizes) = (dispatch::current(), [batch, inputs, outputs]);
    self::input_gradient(isa, sizes, output_gradient, weight, input_gradient);
}

/// [`linear_input_gradient`] on an instruction set, of slices that fit.
pub(crate) fn input_gradient(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
) {
    input_gradient.fill(0.0);
    if input_gradient.is_empty() || outputs == 0 {
        return;
    }
    if batch > MANY {
        many::input_gradient(
            isa,
            [batch, inputs, outputs],
            output_gradient,
            weight,
            input_gradient,
        );
    } else {
        few::input_gradient(isa, [batch, inputs, outputs], output_gradient, weight, input_gradient);
    }
}

/// The gradient of [`linear`], without activation, with respect to the weight:
/// `input^T * output_gradient`.
///
/// # Shapes
///
/// - `input`: `[batch, inputs]`
/// - `output_gradient`: `[batch, outputs]`
/// - `weight_gradient`: `[inputs, outputs]`, the transpose of PyTorch's; overwritten
///
/// # Panics
///
/// If a slice has another length.
pub fn linear_weight_gradient(
    batch: usize,
    inputs: usize,
    outputs: usize,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let slices = [
        ("input", input.len()),
        ("weight gradient", weight_gradient.len()),
        ("output gradient", output_gradient.len()),
    ];
    check([batch, inputs, outputs], slices);
    let (isa, sizes) = (dispatch::current(), [batch, inputs, outputs]);
    self::weight_gradient(isa, sizes, input, output_gradient, weight_gradient);
}

/// [`linear_weight_gradient`] on an instruction set, of slices that fit.
pub(crate) fn weight_gradient(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    if weight_gradient.is_empty() {
        return;
    }
    if batch > MANY {
        many::weight_gradient(
            isa,
            [batch, inputs, outputs],
            input,
            output_gradient,
            weight_gradient,
        );
    } else {
        few::weight_gradient(
            isa,
            [batch, inputs, outputs],
            input,
            output_gradient,
            weight_gradient,
        );
    }
}

fn check([batch, inputs, outputs]: [usize; 3], slices: [(&str, usize); 3]) {
    let layer = format_args!("a layer from {inputs} to {outputs}, batch of {batch}");
    for ((name, len), sizes) in
        slices.into_iter().zip([[batch, inputs], [inputs, outputs], [batch, outputs]])
    {
        assert_eq!(len, product(&sizes, &layer), "elements in the {name} of {layer}");
    }
}
