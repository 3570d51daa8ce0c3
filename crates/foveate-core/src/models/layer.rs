//! What a network is made of: the [`Layer`] trait, and its implementation for burn's layers.

use burn::module::{Module, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d};
use burn::nn::pool::{AdaptiveAvgPool2d, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, Dropout, LeakyRelu, Linear, LinearConfig, PaddingConfig2d, Relu, Tanh};
use burn::tensor::{Device, Tensor};

use super::rule::Rule;
use super::squeezenet::Fire;
use crate::ops::{self, Activation, ConvOptions, ConvTransposeOptions, Lrn, Statistics, Window};

/// One step of a network: a function of activations `[n, c, h, w]`.
///
/// Activations keep four dimensions throughout, so that a network can be cut anywhere: a fully
/// connected layer flattens what it gets and gives `[n, features, 1, 1]`.
pub trait Layer {
    /// Runs the layer on `[n, c, h, w]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4>;

    /// [`forward`](Layer::forward), then an activation: in one step where the layer can.
    fn forward_activated(&self, input: Tensor<4>, activation: Activation) -> Tensor<4> {
        activation.of(self.forward(input))
    }

    /// [`forward`](Layer::forward), through which the gradient goes back by a rule.
    fn forward_by(&self, input: Tensor<4>, _rule: Rule) -> Tensor<4> {
        self.forward(input)
    }

    /// The activation that the layer is, which the layer before it may do in its stead.
    fn activation(&self) -> Activation {
        Activation::None
    }

    /// The probability with which the layer drops each value, if it is a dropout in training.
    fn dropout(&self) -> Option<f64> {
        None
    }

    /// Whether the layer can run on an input of shape `[n, c, h, w]`.
    fn takes(&self, _input: [usize; 4]) -> bool {
        true
    }

    /// The shape [`forward`](Layer::forward) gives for an input of shape `[n, c, h, w]`.
    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        input
    }

    /// Multiply-adds of convolutions and fully connected layers, for an input `[n, c, h, w]`.
    fn multiply_adds(&self, _input: [usize; 4]) -> u64 {
        0
    }

    /// Trainable parameters (running statistics are not counted, as in PyTorch).
    fn parameters(&self) -> usize {
        0
    }

    /// The kind of layer with its sizes, for a person to read: `Conv2d(3, 64, 7x7, stride 2)`.
    fn describe(&self) -> String;
}

/// `pixels` after a window of `kernel` moved by `stride` over `pixels + 2 * padding`.
fn windows(pixels: usize, kernel: usize, stride: usize, padding: usize, ceil: bool) -> usize {
    let span = pixels + 2 * padding + if ceil { stride - 1 } else { 0 };
    let Some(room) = span.checked_sub(kernel) else { return 0 };
    let count = room / stride + 1;
    // As PyTorch: the last window must start inside the picture or its left padding.
    if ceil && (count - 1) * stride >= pixels + padding { count - 1 } else { count }
}

/// Pixels from the first to the last of a dilated kernel.
fn reach(kernel: [usize; 2], dilation: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|i| dilation[i] * (kernel[i] - 1) + 1)
}

/// Symmetric padding `[vertical, horizontal]` in pixels.
fn symmetric(padding: &PaddingConfig2d) -> [usize; 2] {
    match padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [*top, *left]
        }
        other => panic!("the networks here pad symmetrically, found {other:?}"),
    }
}

impl Layer for Conv2d {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_activated(input, Activation::None)
    }

    fn forward_activated(&self, input: Tensor<4>, activation: Activation) -> Tensor<4> {
        let bias = self.bias.as_ref().map(|bias| bias.val());
        ops::conv2d(input, self.weight.val(), bias, conv_options(self), activation)
    }

    fn forward_by(&self, input: Tensor<4>, rule: Rule) -> Tensor<4> {
        if !matches!(rule, Rule::Composite(_)) {
            return rule.stabilised(Layer::forward(self, input));
        }
        // z+ = sum over the positive a_i w_i, without the bias.
        let z = Layer::forward(self, input.clone()).detach();
        let weight = self.weight.val();
        let product = |activations, weight| {
            ops::conv2d(activations, weight, None, conv_options(self), Activation::None)
        };
        let ([up, down], [w_up, w_down]) = (signs(input), signs(weight));
        let positive = product(up, w_up) + product(down, w_down);
        let fixed = positive.clone().detach();
        // Below, the quotient could overflow.
        let none = fixed.clone().lower_equal_scalar(1e-30);
        let factor = (z.clone() / fixed.mask_fill(none.clone(), 1.0)).mask_fill(none, 0.0);
        let product = positive * factor;
        product.clone() + (z - product.detach())
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

fn conv_options(conv: &Conv2d) -> ConvOptions<2> {
    ConvOptions::new(conv.stride, symmetric(&conv.padding), conv.dilation, conv.groups)
}

/// The positive and the negative part.
fn signs(tensor: Tensor<4>) -> [Tensor<4>; 2] {
    let positive = Activation::Relu.of(tensor.clone());
    [positive.clone(), tensor - positive]
}

impl Layer for ConvTranspose2d {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_activated(input, Activation::None)
    }

    fn forward_activated(&self, input: Tensor<4>, activation: Activation) -> Tensor<4> {
        let Self { stride, padding, padding_out, dilation, groups, .. } = *self;
        let options = ConvTransposeOptions::new(stride, padding, padding_out, dilation, groups);
        let bias = self.bias.as_ref().map(|bias| bias.val());
        ops::conv_transpose2d(input, self.weight.val(), bias, options, activation)
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
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_activated(input, Activation::None)
    }

    fn forward_activated(&self, input: Tensor<4>, activation: Activation) -> Tensor<4> {
        let bias = self.bias.as_ref().map(|bias| bias.val());
        let output = ops::linear(input.flatten(1, 3), self.weight.val(), bias, activation);
        let [n, features] = output.dims();
        output.reshape([n, features, 1, 1])
    }

    fn forward_by(&self, input: Tensor<4>, rule: Rule) -> Tensor<4> {
        rule.stabilised(Layer::forward(self, input))
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

impl Layer for BatchNorm {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_activated(input, Activation::None)
    }

    /// By the batch's statistics in training, which move the running ones, and by those otherwise.
    /// As in PyTorch (and unlike burn's layer), the running variance is that of the unbiased ones.
    fn forward_activated(&self, input: Tensor<4>, activation: Activation) -> Tensor<4> {
        let device = input.device();
        let (statistics, numbers) = if device.is_autodiff() && self.training.is_enabled() {
            let batch = ops::batch_statistics(input.clone());
            let move_towards = |running: &RunningState<Tensor<1>>, batch: Tensor<1>| {
                let kept = running.value_sync().to_device(&device) * (1.0 - self.momentum);
                running.update((kept + batch * self.momentum).detach());
            };
            move_towards(&self.running_mean, batch[0].clone());
            let [n, _, h, w] = input.dims();
            let unbiased = (n * h * w) as f64 / (n * h * w).saturating_sub(1).max(1) as f64;
            move_towards(&self.running_var, batch[1].clone() * unbiased);
            (Statistics::Batch, batch)
        } else {
            let numbers = [self.running_mean.value(), self.running_var.value()];
            (Statistics::Given, numbers.map(|number| number.to_device(&device)))
        };
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        ops::batch_norm(input, gamma, beta, numbers, statistics, self.epsilon, activation)
    }

    fn forward_by(&self, input: Tensor<4>, rule: Rule) -> Tensor<4> {
        rule.stabilised(Layer::forward(self, input))
    }

    fn parameters(&self) -> usize {
        self.gamma.lazy_shape().num_elements() + self.beta.lazy_shape().num_elements()
    }

    fn describe(&self) -> String {
        format!("BatchNorm2d({})", self.gamma.lazy_shape().num_elements())
    }
}

impl Layer for Relu {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        Relu::forward(self, input)
    }

    fn forward_by(&self, input: Tensor<4>, rule: Rule) -> Tensor<4> {
        rule.relu(input)
    }

    fn activation(&self) -> Activation {
        Activation::Relu
    }

    fn describe(&self) -> String {
        "ReLU".into()
    }
}

impl Layer for LeakyRelu {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        LeakyRelu::forward(self, input)
    }

    fn activation(&self) -> Activation {
        Activation::LeakyRelu(self.negative_slope as f32)
    }

    fn describe(&self) -> String {
        format!("LeakyReLU({})", self.negative_slope)
    }
}

impl Layer for Tanh {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        Tanh::forward(self, input)
    }

    fn describe(&self) -> String {
        "Tanh".into()
    }
}

impl Layer for Dropout {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        Dropout::forward(self, input)
    }

    fn dropout(&self) -> Option<f64> {
        self.training.is_enabled().then_some(self.prob)
    }

    fn describe(&self) -> String {
        format!("Dropout({})", self.prob)
    }
}

impl Layer for MaxPool2d {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let window = Window {
            kernel: self.kernel_size,
            stride: self.stride,
            padding: symmetric(&self.padding),
            dilation: self.dilation,
            ceil_mode: self.ceil_mode,
        };
        ops::max_pool2d(input, window)
    }

    fn output_shape(&self, [n, c, h, w]: [usize; 4]) -> [usize; 4] {
        let [vertical, horizontal] = symmetric(&self.padding);
        let ([kh, kw], [sh, sw]) = (reach(self.kernel_size, self.dilation), self.stride);
        [
            n,
            c,
            windows(h, kh, sh, vertical, self.ceil_mode),
            windows(w, kw, sw, horizontal, self.ceil_mode),
        ]
    }

    fn describe(&self) -> String {
        let ceil = if self.ceil_mode { ", ceil" } else { "" };
        format!("MaxPool2d({0}x{0}, stride {1}{ceil})", self.kernel_size[0], self.stride[0])
    }
}

impl Layer for AdaptiveAvgPool2d {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        ops::adaptive_avg_pool2d(input, self.output_size)
    }

    fn output_shape(&self, [n, c, ..]: [usize; 4]) -> [usize; 4] {
        let [h, w] = self.output_size;
        [n, c, h, w]
    }

    fn describe(&self) -> String {
        let [_, _, h, w] = self.output_shape([0; 4]);
        format!("AdaptiveAvgPool2d({h}x{w})")
    }
}

/// Local response normalisation across channels; see [`ops::lrn`].
#[derive(Module, Debug)]
pub struct LocalResponseNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
}

impl LocalResponseNorm {
    /// Over 5 channels, with the constants of AlexNet and of the published GoogLeNet.
    pub(super) fn new() -> Self {
        Self { size: 5, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }
}

impl Layer for LocalResponseNorm {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let Self { size, alpha, beta, k } = *self;
        ops::lrn(input, Lrn { size, alpha, beta, k })
    }

    fn forward_by(&self, input: Tensor<4>, rule: Rule) -> Tensor<4> {
        let output = self.forward(input.clone());
        if !matches!(rule, Rule::Epsilon(_) | Rule::Composite(_)) {
            return output;
        }
        let fixed = input.clone().detach();
        let zero = fixed.clone().equal_scalar(0.0);
        input * (output.detach() / fixed.mask_fill(zero, 1.0))
    }

    fn describe(&self) -> String {
        "LocalResponseNorm".into()
    }
}

/// The largest of each group of neighbouring channels: Ian Goodfellow, David Warde-Farley, Mehdi Mirza,
/// Aaron Courville, Yoshua Bengio, *Maxout Networks*, 2013, <https://arxiv.org/abs/1302.4389>.
#[derive(Module, Debug)]
pub struct Maxout {
    /// Channels of a group.
    pub pieces: usize,
}

impl Layer for Maxout {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let shape = self.output_shape(input.dims());
        let [n, groups, h, w] = shape;
        input.reshape([n, groups, self.pieces, h, w]).max_dim(2).reshape(shape)
    }

    fn output_shape(&self, [n, c, h, w]: [usize; 4]) -> [usize; 4] {
        [n, c / self.pieces, h, w]
    }

    fn describe(&self) -> String {
        format!("Maxout({})", self.pieces)
    }
}

/// A layer of torchvision's `nn.Sequential`s, where it is known by its index alone.
#[derive(Module, Debug)]
#[non_exhaustive]
pub enum Unit {
    /// A 2-d convolution.
    Conv2d(Conv2d),
    /// A transposed 2-d convolution.
    ConvTranspose2d(ConvTranspose2d),
    /// A fully connected layer.
    Linear(Linear),
    /// Batch normalisation over channels.
    BatchNorm(BatchNorm),
    /// `max(x, 0)`.
    Relu(Relu),
    /// `x` where positive, else a factor times `x`.
    LeakyRelu(LeakyRelu),
    /// The hyperbolic tangent.
    Tanh(Tanh),
    /// The largest of each group of neighbouring channels.
    Maxout(Maxout),
    /// The largest value of each window.
    MaxPool2d(MaxPool2d),
    /// The means of a given number of windows.
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    /// In training, values that are dropped at random.
    Dropout(Dropout),
    /// SqueezeNet's module.
    Fire(Fire),
}

impl Unit {
    /// The layer inside.
    pub fn as_layer(&self) -> &dyn Layer {
        match self {
            Unit::Conv2d(layer) => layer,
            Unit::ConvTranspose2d(layer) => layer,
            Unit::Linear(layer) => layer,
            Unit::BatchNorm(layer) => layer,
            Unit::Relu(layer) => layer,
            Unit::LeakyRelu(layer) => layer,
            Unit::Tanh(layer) => layer,
            Unit::Maxout(layer) => layer,
            Unit::MaxPool2d(layer) => layer,
            Unit::AdaptiveAvgPool2d(layer) => layer,
            Unit::Dropout(layer) => layer,
            Unit::Fire(layer) => layer,
        }
    }
}

/// A square convolution with `stride` and symmetric `padding`; weights initialised as PyTorch does.
pub(super) fn conv2d(
    [inputs, outputs]: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Conv2dConfig {
    assert!(outputs > 0, "a layer has at least one output");
    Conv2dConfig::new([inputs, outputs], [kernel; 2])
        .with_stride([stride; 2])
        .with_padding(pad(padding))
}

/// A fully connected layer; weights initialised as PyTorch does.
pub(super) fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    assert!(outputs > 0, "a layer has at least one output");
    LinearConfig::new(inputs, outputs).init(device)
}

/// Max pooling with a square window; `ceil` keeps a last, partial window.
pub(super) fn max_pool2d(kernel: usize, stride: usize, padding: usize, ceil: bool) -> MaxPool2d {
    MaxPool2dConfig::new([kernel; 2])
        .with_strides([stride; 2])
        .with_padding(pad(padding))
        .with_ceil_mode(ceil)
        .init()
}

fn pad(pixels: usize) -> PaddingConfig2d {
    match pixels {
        0 => PaddingConfig2d::Valid,
        p => PaddingConfig2d::Explicit(p, p, p, p),
    }
}

/// Device of a network's parameters.
pub(crate) fn device_of(module: &impl Module) -> Device {
    module.devices().into_iter().next().unwrap_or_default()
}
