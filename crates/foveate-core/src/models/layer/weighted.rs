//! Layers with weights: `z = w a + b`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;

use super::batch_norm::affine;
use super::{Layer, reach, symmetric, windows};
use crate::models::backward_rule::{BackwardRule, positive, stabilized};
use crate::models::pass::Pass;
use crate::ops::{self, Activation, ConvOptions, ConvTransposeOptions};

/// What a convolution and its adjoint have in common.
trait Convolution: Layer {
    fn weights(&self) -> (Tensor<4>, Option<Tensor<1>>);

    /// A weight times a number for each output channel.
    fn scaled(&self, weight: Tensor<4>, scale: Tensor<1>) -> Tensor<4>;

    fn product(
        &self,
        input: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        activation: Activation,
    ) -> Tensor<4>;

    /// With a batch norm behind it, if there is one.
    fn by_rule(&self, input: Tensor<4>, norm: Option<&BatchNorm>, pass: &Pass<'_>) -> Tensor<4> {
        let z = self.forward_activated(input.clone(), Activation::None, pass);
        let z = norm.map_or(z.clone(), |norm| norm.forward_activated(z, Activation::None, pass));
        match pass.rule() {
            BackwardRule::Gradient | BackwardRule::Guided | BackwardRule::Deconvnet => z,
            BackwardRule::Epsilon(epsilon) => stabilized(z, epsilon),
            BackwardRule::Composite(_) => {
                let (mut weight, mut bias) = self.weights();
                if let Some(norm) = norm {
                    let [scale, shift] = affine(norm, &weight.device());
                    weight = self.scaled(weight, scale.clone());
                    bias = Some(bias.map_or(shift.clone(), |bias| bias * scale + shift));
                }
                positive(z, input, weight, bias, |input, weight, bias| {
                    self.product(input, weight, bias, Activation::None)
                })
            }
        }
    }
}

impl Convolution for Conv2d {
    fn weights(&self) -> (Tensor<4>, Option<Tensor<1>>) {
        (self.weight.val(), self.bias.as_ref().map(|bias| bias.val()))
    }

    fn scaled(&self, weight: Tensor<4>, scale: Tensor<1>) -> Tensor<4> {
        let [channels, ..] = weight.dims();
        weight * scale.reshape([channels, 1, 1, 1])
    }

    fn product(
        &self,
        input: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        activation: Activation,
    ) -> Tensor<4> {
        let padding = symmetric(&self.padding);
        let options = ConvOptions::new(self.stride, padding, self.dilation, self.groups);
        ops::conv2d(input, weight, bias, options, activation)
    }
}

impl Layer for Conv2d {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        self.by_rule(input, None, pass)
    }

    fn forward_activated(
        &self,
        input: Tensor<4>,
        activation: Activation,
        _: &Pass<'_>,
    ) -> Tensor<4> {
        let (weight, bias) = self.weights();
        self.product(input, weight, bias, activation)
    }

    fn forward_normalized(&self, input: Tensor<4>, norm: &BatchNorm, pass: &Pass<'_>) -> Tensor<4> {
        self.by_rule(input, Some(norm), pass)
    }

    fn output_shape(&self, [n, _, h, w]: [usize; 4]) -> [usize; 4] {
        let [vertical, horizontal] = symmetric(&self.padding);
        let [out, ..] = self.weight.lazy_shape().dims::<4>();
        let ([kh, kw], [sh, sw]) = (reach(self.kernel_size, self.dilation), self.stride);
        [n, out, windows(h, kh, sh, vertical, false), windows(w, kw, sw, horizontal, false)]
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        let [_, per_group, kh, kw] = self.weight.lazy_shape().dims::<4>();
        let outputs: usize = self.output_shape(input).iter().product();
        (outputs * per_group * kh * kw) as u64
    }

    fn parameters(&self) -> usize {
        self.num_params()
    }

    fn describe(&self) -> String {
        let [out, per_group, kh, kw] = self.weight.lazy_shape().dims::<4>();
        let mut text = format!("Conv2d({}, {out}, {kh}x{kw}", per_group * self.groups);
        if self.stride != [1, 1] {
            text += &format!(", stride {}", self.stride[0]);
        }
        match symmetric(&self.padding) {
            [0, 0] => {}
            [p, _] => text += &format!(", padding {p}"),
        }
        text + ")"
    }
}

impl Convolution for ConvTranspose2d {
    fn weights(&self) -> (Tensor<4>, Option<Tensor<1>>) {
        (self.weight.val(), self.bias.as_ref().map(|bias| bias.val()))
    }

    fn scaled(&self, weight: Tensor<4>, scale: Tensor<1>) -> Tensor<4> {
        // [c_in, c_out / groups, kh, kw]
        let ([inputs, per_group, kh, kw], groups) = (weight.dims(), self.groups);
        let grouped = weight.reshape([groups, inputs / groups, per_group, kh * kw]);
        let scaled = grouped * scale.reshape([groups, 1, per_group, 1]);
        scaled.reshape([inputs, per_group, kh, kw])
    }

    fn product(
        &self,
        input: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        activation: Activation,
    ) -> Tensor<4> {
        let Self { stride, padding, padding_out, dilation, groups, .. } = *self;
        let options = ConvTransposeOptions::new(stride, padding, padding_out, dilation, groups);
        ops::conv_transpose2d(input, weight, bias, options, activation)
    }
}

impl Layer for ConvTranspose2d {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        self.by_rule(input, None, pass)
    }

    fn forward_activated(
        &self,
        input: Tensor<4>,
        activation: Activation,
        _: &Pass<'_>,
    ) -> Tensor<4> {
        let (weight, bias) = self.weights();
        self.product(input, weight, bias, activation)
    }

    fn forward_normalized(&self, input: Tensor<4>, norm: &BatchNorm, pass: &Pass<'_>) -> Tensor<4> {
        self.by_rule(input, Some(norm), pass)
    }

    fn output_shape(&self, [n, _, h, w]: [usize; 4]) -> [usize; 4] {
        let side = |i: usize, pixels: usize| {
            let reach = self.dilation[i] * (self.kernel_size[i] - 1) + 1 + self.padding_out[i];
            (pixels - 1) * self.stride[i] + reach - 2 * self.padding[i]
        };
        [n, self.channels[1], side(0, h), side(1, w)]
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        let [_, per_group, kh, kw] = self.weight.lazy_shape().dims::<4>();
        (input.iter().product::<usize>() * per_group * kh * kw) as u64
    }

    fn parameters(&self) -> usize {
        self.num_params()
    }

    fn describe(&self) -> String {
        let ([from, to], [kh, kw]) = (self.channels, self.kernel_size);
        let stride = self.stride[0];
        format!("ConvTranspose2d({from}, {to}, {kh}x{kw}, stride {stride})")
    }
}

impl Layer for Linear {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        by_epsilon(self.forward_activated(input, Activation::None, pass), pass)
    }

    fn forward_activated(
        &self,
        input: Tensor<4>,
        activation: Activation,
        _: &Pass<'_>,
    ) -> Tensor<4> {
        let bias = self.bias.as_ref().map(|bias| bias.val());
        let output = ops::linear(input.flatten(1, 3), self.weight.val(), bias, activation);
        let [n, features] = output.dims();
        output.reshape([n, features, 1, 1])
    }

    fn forward_normalized(&self, input: Tensor<4>, norm: &BatchNorm, pass: &Pass<'_>) -> Tensor<4> {
        let z = self.forward_activated(input, Activation::None, pass);
        by_epsilon(norm.forward_activated(z, Activation::None, pass), pass)
    }

    fn takes(&self, [_, c, h, w]: [usize; 4]) -> bool {
        let [inputs, _] = self.weight.lazy_shape().dims::<2>();
        c * h * w == inputs
    }

    fn output_shape(&self, [n, ..]: [usize; 4]) -> [usize; 4] {
        let [_, out] = self.weight.lazy_shape().dims::<2>();
        [n, out, 1, 1]
    }

    fn multiply_adds(&self, [n, ..]: [usize; 4]) -> u64 {
        (n * self.weight.lazy_shape().num_elements()) as u64
    }

    fn parameters(&self) -> usize {
        self.num_params()
    }

    fn describe(&self) -> String {
        let [inputs, outputs] = self.weight.lazy_shape().dims::<2>();
        format!("Linear({inputs}, {outputs})")
    }
}

fn by_epsilon(z: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
    match pass.rule() {
        BackwardRule::Epsilon(epsilon) | BackwardRule::Composite(epsilon) => stabilized(z, epsilon),
        _ => z,
    }
}
