//! [`Plan`]: a 2-d convolution's checks, and the way to its algorithm.

use crate::activation::Activation;
use crate::conv::choice::Algorithm;
use crate::conv::spec::Conv2d;
use crate::conv::winograd::{self, Direction};
use crate::conv::{col2im, direct, weight_gradient};
use crate::isa::Isa;
use crate::{dispatch, linear};

/// Where and how a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The instruction set.
    pub isa: Isa,
    /// The algorithm, which decides how large errors are: see there.
    pub algorithm: Algorithm,
}

impl Default for Plan {
    /// The fastest algorithm on the fastest instruction set, unless the environment asks for others:
    /// see [`Algorithm::best`], also for what speed costs, and [`Isa::best`].
    fn default() -> Self {
        Self { isa: dispatch::current(), algorithm: Algorithm::best() }
    }
}

impl Plan {
    /// The forward pass of a convolution.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, channels_in, height, width]`
    /// - `weight`: `[channels_out, channels_in / groups, kernel height, kernel width]`
    /// - `bias`: `[channels_out]`
    /// - `output`: `[batch, channels_out, output height, output width]`, overwritten
    ///
    /// # Panics
    ///
    /// If a slice has another length, the groups do not divide the channels, a number of channels,
    /// kernel side, stride or dilation is 0, or the processor lacks the instruction set.
    pub fn conv2d(
        self,
        spec: &Conv2d,
        input: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        spec.check(input.len(), weight.len(), output.len());
        check_bias(spec, bias, spec.channels_out);
        if output.is_empty() {
            return;
        }
        let isa = self.isa;
        if spec.is_linear() {
            let (out, len) = (spec.channels_out, weight.len() / spec.channels_out);
            linear::input_gradient(isa, [spec.batch, out, len], input, weight, output);
            for output in output.chunks_exact_mut(out) {
                for (i, y) in output.iter_mut().enumerate() {
                    *y = activation.of(*y + bias.map_or(0.0, |bias| bias[i]));
                }
            }
            return;
        }
        let forward = Direction::Forward;
        let convolve = |tile, output: &mut [f32]| {
            winograd::convolve(isa, tile, spec, forward, input, weight, bias, activation, output)
        };
        if !self.algorithm.tile(spec, forward).is_some_and(|tile| convolve(tile, output)) {
            direct::forward(isa, spec, input, weight, bias, activation, output);
        }
    }

    /// The adjoint of a convolution, or transposed convolution: `spec` is the convolution, whose
    /// output is the input here, and the other way round.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, channels_out, output height, output width]`
    /// - `weight`: `[channels_out, channels_in / groups, kernel height, kernel width]`
    /// - `bias`: `[channels_in]`
    /// - `output`: `[batch, channels_in, height, width]`, overwritten
    ///
    /// # Panics
    ///
    /// As [`conv2d`](Plan::conv2d).
    pub fn conv_transpose2d(
        self,
        spec: &Conv2d,
        input: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        spec.check(output.len(), weight.len(), input.len());
        check_bias(spec, bias, spec.channels_in);
        if output.is_empty() {
            return;
        }
        let isa = self.isa;
        if spec.is_linear() && bias.is_none() {
            let sizes = [spec.batch, spec.channels_out, weight.len() / spec.channels_out];
            linear::output(isa, sizes, input, weight, None, activation, output);
            return;
        }
        let adjoint = Direction::Adjoint;
        let convolve = |tile, output: &mut [f32]| {
            winograd::convolve(isa, tile, spec, adjoint, input, weight, bias, activation, output)
        };
        if self.algorithm.tile(spec, adjoint).is_some_and(|tile| convolve(tile, output)) {
            return;
        }
        if col2im::fits(spec) {
            col2im::adjoint(isa, spec, input, weight, bias, activation, output);
        } else {
            direct::adjoint(isa, spec, input, weight, bias, activation, output);
        }
    }

    /// The gradient of a convolution's weight.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, channels_in, height, width]`
    /// - `output_gradient`: `[batch, channels_out, output height, output width]`
    /// - `weight_gradient`: `[channels_out, channels_in / groups, kernel height, kernel width]`,
    ///   overwritten
    ///
    /// # Panics
    ///
    /// As [`conv2d`](Plan::conv2d).
    pub fn conv2d_weight_gradient(
        self,
        spec: &Conv2d,
        input: &[f32],
        output_gradient: &[f32],
        weight_gradient: &mut [f32],
    ) {
        spec.check(input.len(), weight_gradient.len(), output_gradient.len());
        if output_gradient.is_empty() {
            weight_gradient.fill(0.0);
        } else if spec.is_linear() {
            let (out, len) = (spec.channels_out, weight_gradient.len() / spec.channels_out);
            let sizes = [spec.batch, out, len];
            linear::weight_gradient(self.isa, sizes, output_gradient, input, weight_gradient);
        } else {
            weight_gradient::weight_gradient(
                self.isa,
                spec,
                input,
                output_gradient,
                weight_gradient,
            );
        }
    }
}

fn check_bias(spec: &Conv2d, bias: Option<&[f32]>, channels: usize) {
    let found = bias.map_or(channels, <[f32]>::len);
    assert_eq!(found, channels, "elements in the bias of {spec:?}");
}

/// [`Plan::conv2d`], the fastest way.
///
/// # Panics
///
/// As there.
pub fn conv2d(
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    Plan::default().conv2d(spec, input, weight, bias, activation, output);
}

/// [`Plan::conv_transpose2d`], the fastest way.
///
/// # Panics
///
/// As there.
pub fn conv_transpose2d(
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    Plan::default().conv_transpose2d(spec, input, weight, bias, activation, output);
}

/// The gradient of a convolution's input: [`Plan::conv_transpose2d`] of the output's gradient.
///
/// # Panics
///
/// As there.
pub fn conv2d_input_gradient(
    spec: &Conv2d,
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
) {
    conv_transpose2d(spec, output_gradient, weight, None, Activation::None, input_gradient);
}

/// [`Plan::conv2d_weight_gradient`], the fastest way.
///
/// # Panics
///
/// As there.
pub fn conv2d_weight_gradient(
    spec: &Conv2d,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    Plan::default().conv2d_weight_gradient(spec, input, output_gradient, weight_gradient);
}
