//! [`Maxout`].

use burn::module::Module;
use burn::tensor::Tensor;

use super::Layer;
use crate::models::pass::Pass;

/// The largest of each group of neighboring channels: Ian Goodfellow, David Warde-Farley, Mehdi Mirza,
/// Aaron Courville, Yoshua Bengio, *Maxout Networks*, 2013, <https://arxiv.org/abs/1302.4389>.
#[derive(Module, Debug)]
pub struct Maxout {
    /// Channels of a group.
    pub pieces: usize,
}

impl Layer for Maxout {
    fn forward_with(&self, input: Tensor<4>, _: &Pass<'_>) -> Tensor<4> {
        let shape = self.output_shape(input.dims());
        let [n, groups, h, w] = shape;
        input.reshape([n, groups, self.pieces, h, w]).max_dim(2).reshape(shape)
    }

    fn output_shape(&self, [n, c, h, w]: [usize; 4]) -> [usize; 4] {
        [n, c / self.pieces, h, w]
    }

    fn multiply_adds(&self, _: [usize; 4]) -> u64 {
        0
    }

    fn parameters(&self) -> usize {
        0
    }

    fn describe(&self) -> String {
        format!("Maxout({})", self.pieces)
    }
}
