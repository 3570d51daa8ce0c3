//! [`Conv2d`]: the sizes of a convolution.

use crate::sizes::{positive, product, span_and_reach};

/// The sizes of a 2-d convolution; the arithmetic of PyTorch's `Conv2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    /// Images.
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

    /// Values in the input.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have.
    pub fn input_len(&self) -> usize {
        product(&[self.batch, self.channels_in, self.input[0], self.input[1]], self)
    }

    /// Values in the weight, `[out, in / groups, kh, kw]`.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have, or no groups.
    pub fn weight_len(&self) -> usize {
        assert!(self.groups > 0, "there is at least one group: {self:?}");
        let per_group = self.channels_in / self.groups;
        product(&[self.channels_out, per_group, self.kernel[0], self.kernel[1]], self)
    }

    /// Values in the output.
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
    pub(crate) fn is_linear(&self) -> bool {
        self.kernel == self.input
            && self.kernel != [1, 1]
            && self.padding == [0, 0]
            && self.dilation == [1, 1]
            && self.groups == 1
    }

    pub(crate) fn check(&self, input: usize, weight: usize, output: usize) {
        let Self { channels_in, channels_out, groups, .. } = *self;
        assert!(groups > 0, "there is at least one group: {self:?}");
        let [rest_in, rest_out] = [channels_in, channels_out].map(|channels| channels % groups);
        assert!(rest_in == 0 && rest_out == 0, "{groups} groups divide the channels: {self:?}");
        assert!(channels_in > 0 && channels_out > 0, "channels are positive: {self:?}");
        let [from, by, to] = [self.input_len(), self.weight_len(), self.output_len()];
        assert_eq!(input, from, "elements in the input of {self:?}");
        assert_eq!(weight, by, "elements in the weight of {self:?}");
        assert_eq!(output, to, "elements in the output of {self:?}");
    }
}
