//! [`initialised`]: random weights from a seed.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The network with new random weights, of the distribution that PyTorch gives to convolutions and
/// fully connected layers: weights and biases uniform between `-1 / sqrt(n)` and `1 / sqrt(n)` for `n`
/// inputs of an output (Kaiming He et al., *Delving Deep into Rectifiers*, 2015,
/// <https://arxiv.org/abs/1502.01852>, with a = sqrt(5)). Other layers stay as they are. Same seed, same
/// weights, on every device; `init` alone draws them from the device's generator.
#[must_use]
pub fn initialised<M: Module>(network: M, seed: u64) -> M {
    let generator = ChaCha8Rng::seed_from_u64(seed);
    network.map(&mut Draw { generator, layers: Vec::new(), bound: 0.0 })
}

struct Draw {
    generator: ChaCha8Rng,
    /// The kinds of the layers around a parameter, the innermost last.
    layers: Vec<String>,
    /// Of the last weight; its bias comes behind it.
    bound: f32,
}

impl ModuleMapper for Draw {
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.layers.push(container.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.layers.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let dims = parameter.lazy_shape().dims::<D>();
        let kind = self.layers.last().map_or("", String::as_str);
        if kind.ends_with("Linear") || kind.ends_with("Conv2d") || kind.ends_with("ConvTranspose2d")
        {
            if D > 1 {
                // burn's fully connected layers hold [inputs, outputs], PyTorch's the transpose.
                let inputs =
                    if kind.ends_with("Linear") { dims[0] } else { dims[1..].iter().product() };
                self.bound = 1.0 / (inputs as f32).sqrt();
            }
            let bound = self.bound;
            let uniform = |_| {
                // 24 bits are an f32's.
                let share = (self.generator.next_u32() >> 8) as f32 / (1 << 24) as f32;
                (2.0 * share - 1.0) * bound
            };
            let values: Vec<f32> = (0..dims.iter().product()).map(uniform).collect();
            return parameter
                .map(|tensor| Tensor::from_data(TensorData::new(values, dims), &tensor.device()));
        }
        parameter
    }
}
