//! Many images: 1x1 convolutions, of the weight by the images.

use crate::activation::Activation;
use crate::conv::spec::Conv2d;
use crate::conv::{col2im, direct, weight_gradient as gradient};
use crate::isa::Isa;

/// The 1x1 convolution, of the weight as an image of `inputs` channels, whose own weight are the
/// images: its outputs are the layer's.
fn convolution(batch: usize, inputs: usize, outputs: usize) -> Conv2d {
    Conv2d {
        batch: 1,
        channels_in: inputs,
        channels_out: batch,
        input: [1, outputs],
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
    }
}

/// `input * weight`.
pub(super) fn output(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
) {
    let spec = convolution(batch, inputs, outputs);
    direct::forward(isa, &spec, weight, input, None, Activation::None, output);
}

/// `output_gradient * weight^T`.
pub(super) fn input_gradient(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
) {
    let spec = convolution(batch, inputs, outputs);
    gradient::weight_gradient(isa, &spec, weight, output_gradient, input_gradient);
}

/// `input^T * output_gradient`.
pub(super) fn weight_gradient(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let spec = convolution(batch, inputs, outputs);
    let adjoint = if col2im::fits(&spec) { col2im::adjoint } else { direct::adjoint };
    adjoint(isa, &spec, output_gradient, input, None, Activation::None, weight_gradient);
}
