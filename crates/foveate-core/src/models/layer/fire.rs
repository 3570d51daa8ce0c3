//! [`Fire`]: the module of SqueezeNet.

use burn::module::Module;
use burn::nn::Relu;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use super::Layer;
use super::build::conv2d;
use crate::models::chain::Chain;
use crate::models::pass::Pass;

/// The Fire module: a 1x1 convolution squeezes, then 1x1 and 3x3 convolutions side by side expand
/// (figure 1 of Iandola et al., 2016).
#[derive(Module, Debug)]
pub struct Fire {
    squeeze: Conv2d,
    expand1x1: Conv2d,
    expand3x3: Conv2d,
}

impl Fire {
    pub(in crate::models) fn new(
        inputs: usize,
        squeeze: usize,
        expand: usize,
        device: &Device,
    ) -> Self {
        Self {
            squeeze: conv2d([inputs, squeeze], 1, 1, 0).init(device),
            expand1x1: conv2d([squeeze, expand], 1, 1, 0).init(device),
            expand3x3: conv2d([squeeze, expand], 3, 1, 1).init(device),
        }
    }
}

impl Layer for Fire {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let rectified =
            |conv, input| Chain::new([conv as &dyn Layer, &Relu]).forward_with(input, pass);
        let squeezed = rectified(&self.squeeze, input);
        let expand1x1 = rectified(&self.expand1x1, squeezed.clone());
        let expand3x3 = rectified(&self.expand3x3, squeezed);
        Tensor::cat(vec![expand1x1, expand3x3], 1)
    }

    fn output_shape(&self, [n, _, h, w]: [usize; 4]) -> [usize; 4] {
        let channels = |conv: &Conv2d| conv.weight.lazy_shape().dims::<4>()[0];
        [n, channels(&self.expand1x1) + channels(&self.expand3x3), h, w]
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        let squeezed = self.squeeze.output_shape(input);
        self.squeeze.multiply_adds(input)
            + self.expand1x1.multiply_adds(squeezed)
            + self.expand3x3.multiply_adds(squeezed)
    }

    fn parameters(&self) -> usize {
        self.num_params()
    }

    fn describe(&self) -> String {
        let [squeeze, inputs, ..] = self.squeeze.weight.lazy_shape().dims::<4>();
        let [expand, ..] = self.expand1x1.weight.lazy_shape().dims::<4>();
        format!("Fire({inputs}, squeeze {squeeze}, expand {expand}+{expand})")
    }
}
