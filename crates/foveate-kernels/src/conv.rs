//! 2-d convolution: its sizes, its checks, its choice of an algorithm.

use std::env;
use std::sync::LazyLock;

use crate::isa::Isa;
use crate::winograd::{Direction, Tile};
use crate::{direct, linear, scatter, weight, winograd};

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

impl Activation {
    /// The activation of a number; NaN stays NaN.
    #[inline(always)]
    pub fn of(self, x: f32) -> f32 {
        match self {
            Activation::None => x,
            Activation::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            // A choice of the factor, for which the compiler makes no jump.
            Activation::LeakyRelu(slope) => x * if x > 0.0 { 1.0 } else { slope },
        }
    }
}

/// How a convolution is computed. The sums are the same, their rounding is not; and Winograd's tiles
/// spread an infinity or NaN of the input, as NaN, over all outputs of the tiles that see it.
///
/// Winograd's algorithms: Andrew Lavin, Scott Gray, *Fast Algorithms for Convolutional Neural Networks*,
/// 2015, <https://arxiv.org/abs/1509.09308>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Whatever is fastest for the sizes.
    Fastest,
    /// As accurate as PyTorch, about 5e-6 of the largest output: never
    /// [`Winograd4`](Algorithm::Winograd4).
    Exact,
    /// The products of the formula, for any convolution.
    Direct,
    /// Winograd's F(2x2, 3x3) where the convolution is 3x3 with stride 1 and has channels enough,
    /// F(2x2, 2x2) where it is 4x4 with stride 2, else direct. Weight gradients are always direct.
    Winograd2,
    /// F(4x4, 3x3) and F(4x4, 2x2), in the same way: 4 and 2.6 times fewer products, errors of about
    /// 1e-5.
    Winograd4,
}

impl Algorithm {
    /// [`Fastest`](Algorithm::Fastest), or what the environment asks for: see
    /// [`or_asked`](Algorithm::or_asked).
    pub fn best() -> Self {
        Algorithm::Fastest.or_asked()
    }

    /// This one, or the one that the environment variable `FOVEATE_ALGORITHM` asks for: `fastest`,
    /// `exact`, `direct`, `winograd2` or `winograd4`.
    #[must_use]
    pub fn or_asked(self) -> Self {
        static ASKED: LazyLock<Option<Algorithm>> = LazyLock::new(|| {
            let asked = env::var("FOVEATE_ALGORITHM").unwrap_or_default().to_lowercase();
            match asked.as_str() {
                "fastest" => Some(Algorithm::Fastest),
                "exact" => Some(Algorithm::Exact),
                "direct" => Some(Algorithm::Direct),
                "winograd2" => Some(Algorithm::Winograd2),
                "winograd4" => Some(Algorithm::Winograd4),
                _ => None,
            }
        });
        ASKED.unwrap_or(self)
    }
}

impl Conv2d {
    /// Height and width of the output: `(input + 2 padding - dilation (kernel - 1) - 1) / stride + 1`,
    /// rounded down; 0 where the kernel is larger than the padded input.
    ///
    /// # Panics
    ///
    /// If a kernel side, stride or dilation is 0, or a size is beyond this machine's memory.
    pub fn output(&self) -> [usize; 2] {
        let Self { kernel, stride, dilation, .. } = *self;
        let positive = [kernel, stride, dilation];
        assert!(
            positive.as_flattened().iter().all(|&n| n > 0),
            "kernel, stride and dilation are positive: {self:?}"
        );
        [0, 1].map(|i| {
            let span = self.padding[i].checked_mul(2).and_then(|p| p.checked_add(self.input[i]));
            let reach = dilation[i].checked_mul(kernel[i] - 1).and_then(|r| r.checked_add(1));
            match (span, reach) {
                (Some(span), Some(reach)) if span < reach => 0,
                (Some(span), Some(reach)) => (span - reach) / stride[i] + 1,
                _ => panic!("sizes overflow: {self:?}"),
            }
        })
    }

    /// Numbers in the input.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have.
    pub fn input_len(&self) -> usize {
        self.product([self.batch, self.channels_in, self.input[0], self.input[1]])
    }

    /// Numbers in the weight, `[out, in / groups, kh, kw]`.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have, or no groups.
    pub fn weight_len(&self) -> usize {
        let per_group = self.channels_in / self.groups;
        self.product([self.channels_out, per_group, self.kernel[0], self.kernel[1]])
    }

    /// Numbers in the output.
    ///
    /// # Panics
    ///
    /// As [`output`](Conv2d::output), or if there are more than a slice can have.
    pub fn output_len(&self) -> usize {
        let [h, w] = self.output();
        self.product([self.batch, self.channels_out, h, w])
    }

    /// The kernels trust sizes whose products fit slices: no product may wrap around, not even
    /// where another factor is 0.
    fn product(&self, factors: [usize; 4]) -> usize {
        let all = factors.iter().try_fold(1_usize, |all, &n| all.checked_mul(n.max(1)));
        assert!(all.is_some_and(|n| n <= isize::MAX as usize / 4), "sizes overflow: {self:?}");
        factors.iter().product()
    }

    /// Whether the kernel sees the whole input at once: the convolution is then a fully connected
    /// layer from its outputs to its inputs (whose weight `[inputs, outputs]` is this one), or
    /// rather that layer's adjoint.
    fn is_linear(&self) -> bool {
        self.kernel == self.input
            && self.kernel != [1, 1]
            && self.padding == [0, 0]
            && self.dilation == [1, 1]
            && self.groups == 1
    }

    fn check(&self, input: usize, weight: usize, output: usize) {
        let Self { channels_in, channels_out, groups, .. } = *self;
        assert!(groups > 0, "there is at least one group");
        let [rest_in, rest_out] = [channels_in, channels_out].map(|channels| channels % groups);
        assert!(rest_in == 0 && rest_out == 0, "{groups} groups divide the channels: {self:?}");
        assert!(channels_in > 0 && channels_out > 0, "channels are positive: {self:?}");
        assert_eq!(input, self.input_len(), "numbers in the input of {self:?}");
        assert_eq!(weight, self.weight_len(), "numbers in the weight of {self:?}");
        assert_eq!(output, self.output_len(), "numbers in the output of {self:?}");
    }
}

/// Where and how a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The instruction set.
    pub isa: Isa,
    /// The algorithm.
    pub algorithm: Algorithm,
}

impl Default for Plan {
    /// The fastest algorithm on the fastest instruction set, unless the environment asks for others:
    /// see [`Algorithm::best`] and [`Isa::best`].
    fn default() -> Self {
        Self { isa: Isa::best(), algorithm: Algorithm::best() }
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
        match self.tile(spec, Direction::Forward) {
            Some(tile) => winograd::convolve(
                isa,
                tile,
                spec,
                Direction::Forward,
                input,
                weight,
                bias,
                activation,
                output,
            ),
            None => direct::forward(isa, spec, input, weight, bias, activation, output),
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
        match self.tile(spec, Direction::Adjoint) {
            Some(tile) => winograd::convolve(
                isa,
                tile,
                spec,
                Direction::Adjoint,
                input,
                weight,
                bias,
                activation,
                output,
            ),
            None if scatter::fits(spec) => {
                scatter::adjoint(isa, spec, input, weight, bias, activation, output);
            }
            None => direct::adjoint(isa, spec, input, weight, bias, activation, output),
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
            weight::gradient(self.isa, spec, input, output_gradient, weight_gradient);
        }
    }

    fn tile(self, spec: &Conv2d, direction: Direction) -> Option<Tile> {
        if !winograd::fits(spec) {
            return None;
        }
        match self.algorithm {
            Algorithm::Direct => None,
            Algorithm::Exact | Algorithm::Winograd2 => Some(Tile::Two),
            Algorithm::Winograd4 => Some(Tile::Four),
            Algorithm::Fastest => {
                // A tile that hangs over the edge is computed in vain.
                let size = match direction {
                    Direction::Forward => spec.output(),
                    Direction::Adjoint => spec.input,
                };
                let taps = spec.kernel[0] / spec.stride[0];
                let tiles = |m: usize| {
                    let tiles = size.map(|n| n.div_ceil(m)).iter().product::<usize>();
                    // Products, and the transform of the weights.
                    spec.batch * tiles * (m + taps - 1).pow(2) + 12 * 16
                };
                Some(if tiles(4) <= tiles(2) { Tile::Four } else { Tile::Two })
            }
        }
    }
}

fn check_bias(spec: &Conv2d, bias: Option<&[f32]>, channels: usize) {
    let found = bias.map_or(channels, <[f32]>::len);
    assert_eq!(found, channels, "numbers in the bias of {spec:?}");
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
