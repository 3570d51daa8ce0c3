//! Local response normalization.

use burn::module::Module;
use burn::tensor::Tensor;

use super::Layer;
use crate::models::pass::Pass;
use crate::ops::{self, LrnOptions};

/// Local response normalization across channels; see [`ops::local_response_norm`].
#[derive(Module, Debug)]
pub struct LocalResponseNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
}

impl LocalResponseNorm {
    /// Over 5 channels, with the constants of AlexNet and of the published GoogLeNet.
    pub(in crate::models) fn new() -> Self {
        Self { size: 5, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }
}

/// To relevance, the divisor is a constant.
impl Layer for LocalResponseNorm {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let Self { size, alpha, beta, k } = *self;
        let output = ops::local_response_norm(input.clone(), LrnOptions { size, alpha, beta, k });
        pass.elementwise(input, output)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        input
    }

    fn multiply_adds(&self, _: [usize; 4]) -> u64 {
        0
    }

    fn parameters(&self) -> usize {
        0
    }

    fn describe(&self) -> String {
        "LocalResponseNorm".into()
    }
}
