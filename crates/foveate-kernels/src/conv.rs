//! 2-d convolution: its sizes, its checks, its choice of an algorithm.

use crate::direct;
use crate::isa::Isa;

/// The sizes of a 2-d convolution; the arithmetic of PyTorch's `Conv2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    /// Pictures.
    pub batch: usize,
    /// Channels of the input, a multiple of `groups`.
    pub channels_in: usize,
    /// Channels of the output, a multiple of `groups`.
    pub channels_out: usize,
    /// Height and width of the input, in pixels.
    pub input: [usize; 2],
    /// Height and width of the kernel, in pixels.
    pub kernel: [usize; 2],
    /// Pixels between two places of the kernel, down and across.
    pub stride: [usize; 2],
    /// Zeros around the input, above and below, left and right, in pixels.
    pub padding: [usize; 2],
    /// Pixels from one tap of the kernel to the next, down and across.
    pub dilation: [usize; 2],
    /// Groups of channels that know nothing of one another.
    pub groups: usize,
}

/// What is done to each output value at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x` where positive, else this factor times `x`.
    LeakyRelu(f32),
}

impl Conv2d {
    /// Height and width of the output: `(input + 2 padding - dilation (kernel - 1) - 1) / stride + 1`,
    /// rounded down; 0 where the kernel is larger than the padded input.
    pub fn output(&self) -> [usize; 2] {
        [0, 1].map(|i| {
            let span = self.input[i] + 2 * self.padding[i];
            let reach = self.dilation[i] * (self.kernel[i] - 1) + 1;
            if span < reach { 0 } else { (span - reach) / self.stride[i] + 1 }
        })
    }

    /// Numbers in the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.channels_in * self.input[0] * self.input[1]
    }

    /// Numbers in the weight, `[out, in / groups, kh, kw]`.
    pub fn weight_len(&self) -> usize {
        self.channels_out * (self.channels_in / self.groups) * self.kernel[0] * self.kernel[1]
    }

    /// Numbers in the output.
    pub fn output_len(&self) -> usize {
        let [h, w] = self.output();
        self.batch * self.channels_out * h * w
    }

    fn check(&self, input: usize, weight: usize, bias: Option<usize>, output: usize) {
        let Self { channels_in, channels_out, groups, .. } = *self;
        assert!(groups > 0, "there is at least one group");
        let [rest_in, rest_out] = [channels_in, channels_out].map(|channels| channels % groups);
        assert!(rest_in == 0 && rest_out == 0, "{groups} groups divide the channels: {self:?}");
        let positive = [self.kernel, self.stride, self.dilation, [channels_in, channels_out]];
        assert!(
            positive.as_flattened().iter().all(|&n| n > 0),
            "channels, kernel, stride and dilation are positive: {self:?}"
        );
        assert_eq!(input, self.input_len(), "numbers in the input of {self:?}");
        assert_eq!(weight, self.weight_len(), "numbers in the weight of {self:?}");
        assert_eq!(bias.unwrap_or(channels_out), channels_out, "numbers in the bias of {self:?}");
        assert_eq!(output, self.output_len(), "numbers in the output of {self:?}");
    }
}

/// The forward pass on the fastest instruction set of this processor.
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
/// If a slice has another length, the groups do not divide the channels, or a number of channels,
/// kernel side, stride or dilation is 0.
pub fn conv2d(
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    conv2d_with(Isa::best(), spec, input, weight, bias, activation, output);
}

/// [`conv2d`] on an instruction set of the caller's choice.
///
/// # Panics
///
/// As [`conv2d`]; and if this processor lacks the instruction set.
pub fn conv2d_with(
    isa: Isa,
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    assert!(isa.is_available(), "this processor has no {isa:?}");
    spec.check(input.len(), weight.len(), bias.map(<[f32]>::len), output.len());
    if !output.is_empty() {
        direct::forward(isa, spec, input, weight, bias, activation, output);
    }
}
