//! 2-d convolution: its sizes, its checks, its choice of an algorithm.

use std::sync::LazyLock;

use crate::dispatch;
use crate::isa::{Isa, asked};
use crate::sizes::{positive, product, span_and_reach};
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
/// spread an infinity or NaN of the input, as NaN, over all outputs of the tiles that see it. (Weights
/// that are not finite have no tiles: they are multiplied as the formula says.)
///
/// An error is relative to the largest output nearby, not to the output itself. The tiles of
/// [`Winograd4`](Algorithm::Winograd4), which [`Fastest`](Algorithm::Fastest) takes where they are
/// faster, multiply an input by up to 25 before they subtract it again from the outputs that do not see
/// it: with weights of 64 channels in [-0.1, 0.1], one pixel of 1000 among others of at most 1 gives
/// outputs beside it, all below 10, errors of 3e-4; [`Exact`](Algorithm::Exact) sums give them 3e-6.
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
    /// 1e-5 of the largest output that the tile and its neighbours have, also where the output itself
    /// is small.
    Winograd4,
}

impl Algorithm {
    /// [`Fastest`](Algorithm::Fastest), or what the environment asks for: see
    /// [`or_asked`](Algorithm::or_asked).
    pub fn best() -> Self {
        Algorithm::Fastest.or_asked()
    }

    /// This one, or the one that the environment variable `FOVEATE_ALGORITHM` asks for: `fastest`,
    /// `exact`, `direct`, `winograd2` or `winograd4`. Another is passed over, and the error stream told
    /// so once.
    #[must_use]
    pub fn or_asked(self) -> Self {
        use Algorithm::{Direct, Exact, Fastest, Winograd2, Winograd4};
        static ASKED: LazyLock<Option<Algorithm>> = LazyLock::new(|| {
            let names = [Fastest, Exact, Direct, Winograd2, Winograd4]
                .map(|algorithm| (format!("{algorithm:?}").to_lowercase(), algorithm));
            asked("FOVEATE_ALGORITHM", &names)
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
        positive(&[("kernel", kernel), ("stride", stride), ("dilation", dilation)], self);
        [0, 1].map(|i| {
            let [span, reach] =
                span_and_reach(self.input[i], self.padding[i], kernel[i], dilation[i], self);
            if span < reach { 0 } else { (span - reach) / stride[i] + 1 }
        })
    }

    /// Numbers in the input.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have.
    pub fn input_len(&self) -> usize {
        product(&[self.batch, self.channels_in, self.input[0], self.input[1]], self)
    }

    /// Numbers in the weight, `[out, in / groups, kh, kw]`.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have, or no groups.
    pub fn weight_len(&self) -> usize {
        assert!(self.groups > 0, "there is at least one group: {self:?}");
        let per_group = self.channels_in / self.groups;
        product(&[self.channels_out, per_group, self.kernel[0], self.kernel[1]], self)
    }

    /// Numbers in the output.
    ///
    /// # Panics
    ///
    /// As [`output`](Conv2d::output), or if there are more than a slice can have.
    pub fn output_len(&self) -> usize {
        let [h, w] = self.output();
        product(&[self.batch, self.channels_out, h, w], self)
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
        assert!(groups > 0, "there is at least one group: {self:?}");
        let [rest_in, rest_out] = [channels_in, channels_out].map(|channels| channels % groups);
        assert!(rest_in == 0 && rest_out == 0, "{groups} groups divide the channels: {self:?}");
        assert!(channels_in > 0 && channels_out > 0, "channels are positive: {self:?}");
        let [from, by, to] = [self.input_len(), self.weight_len(), self.output_len()];
        assert_eq!(input, from, "numbers in the input of {self:?}");
        assert_eq!(weight, by, "numbers in the weight of {self:?}");
        assert_eq!(output, to, "numbers in the output of {self:?}");
    }
}

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
        if !self.tile(spec, forward).is_some_and(|tile| convolve(tile, output)) {
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
        if self.tile(spec, adjoint).is_some_and(|tile| convolve(tile, output)) {
            return;
        }
        if scatter::fits(spec) {
            scatter::adjoint(isa, spec, input, weight, bias, activation, output);
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
