//! Layers without weights: activations, dropout, pooling.

use burn::nn::pool::{AdaptiveAvgPool2d, MaxPool2d};
use burn::nn::{Dropout, LeakyRelu, Relu, Tanh};
use burn::tensor::Tensor;

use super::{Layer, reach, symmetric, windows};
use crate::models::pass::Pass;
use crate::ops::{self, Activation, PoolOptions};

/// What all layers without weights answer.
macro_rules! weightless {
    () => {
        fn multiply_adds(&self, _: [usize; 4]) -> u64 {
            0
        }

        fn parameters(&self) -> usize {
            0
        }
    };
    (same shape) => {
        weightless!();

        fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
            input
        }
    };
}

impl Layer for Relu {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        pass.relu(input)
    }

    fn activation(&self) -> Activation {
        Activation::Relu
    }

    weightless!(same shape);

    fn describe(&self) -> String {
        "ReLU".into()
    }
}

impl Layer for LeakyRelu {
    // A factor on either side of 0: relevance passes by the gradient.
    fn forward_with(&self, input: Tensor<4>, _: &Pass<'_>) -> Tensor<4> {
        LeakyRelu::forward(self, input)
    }

    fn activation(&self) -> Activation {
        Activation::LeakyRelu(self.negative_slope as f32)
    }

    weightless!(same shape);

    fn describe(&self) -> String {
        format!("LeakyReLU({})", self.negative_slope)
    }
}

impl Layer for Tanh {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        pass.elementwise(input.clone(), Tanh::forward(self, input))
    }

    weightless!(same shape);

    fn describe(&self) -> String {
        "Tanh".into()
    }
}

impl Layer for Dropout {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let drawn = self.dropout().and_then(|share| pass.dropped(input.clone(), share));
        drawn.unwrap_or_else(|| Dropout::forward(self, input))
    }

    fn dropout(&self) -> Option<f64> {
        self.training.is_enabled().then_some(self.prob)
    }

    weightless!(same shape);

    fn describe(&self) -> String {
        format!("Dropout({})", self.prob)
    }
}

impl Layer for MaxPool2d {
    fn forward_with(&self, input: Tensor<4>, _: &Pass<'_>) -> Tensor<4> {
        let window = PoolOptions {
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

    weightless!();

    fn describe(&self) -> String {
        let ceil = if self.ceil_mode { ", ceil" } else { "" };
        format!("MaxPool2d({0}x{0}, stride {1}{ceil})", self.kernel_size[0], self.stride[0])
    }
}

impl Layer for AdaptiveAvgPool2d {
    fn forward_with(&self, input: Tensor<4>, _: &Pass<'_>) -> Tensor<4> {
        ops::adaptive_avg_pool2d(input, self.output_size)
    }

    fn output_shape(&self, [n, c, ..]: [usize; 4]) -> [usize; 4] {
        let [h, w] = self.output_size;
        [n, c, h, w]
    }

    weightless!();

    fn describe(&self) -> String {
        let [_, _, h, w] = self.output_shape([0; 4]);
        format!("AdaptiveAvgPool2d({h}x{w})")
    }
}
