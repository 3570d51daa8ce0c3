//! [`Initialization`]: random weights from a seed.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::distr::Distribution;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Where the weights of a network come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Initialization {
    /// PyTorch's: weights and biases of convolutions and fully connected layers are uniform between
    /// `-1 / sqrt(n)` and `1 / sqrt(n)` for `n` inputs of an output (Kaiming He et al., *Delving Deep into
    /// Rectifiers*, 2015, <https://arxiv.org/abs/1502.01852>, with a = sqrt(5)). Batch norms scale by 1.
    #[default]
    PyTorch,
    /// DCGAN's (section 4 of the paper, see [`DcganConfig`](super::DcganConfig)): all weights normal with
    /// standard deviation 0.02, around 0, and around 1 in batch norms; biases 0.
    Dcgan,
}

impl Initialization {
    /// The network with new weights. Same seed, same weights, on every device; `init` alone draws them
    /// from the device's generator. Layers of other kinds, and running statistics, stay as they are.
    #[must_use]
    pub fn of<M: Module>(self, network: M, seed: u64) -> M {
        let generator = ChaCha8Rng::seed_from_u64(seed);
        network.map(&mut Draw { generator, rule: self, path: Vec::new(), bound: 0.0 })
    }
}

/// [`Initialization::PyTorch`] of a network.
#[must_use]
pub fn initialized<M: Module>(network: M, seed: u64) -> M {
    Initialization::PyTorch.of(network, seed)
}

struct Draw {
    generator: ChaCha8Rng,
    rule: Initialization,
    /// Names of the fields around a parameter, the innermost last, and what holds them.
    path: Vec<[String; 2]>,
    /// Of the last weight; its bias comes behind it.
    bound: f32,
}

impl Draw {
    fn uniform(&mut self) -> f32 {
        // 24 bits are an f32's.
        let share = (self.generator.next_u32() >> 8) as f32 / (1 << 24) as f32;
        (2.0 * share - 1.0) * self.bound
    }

    fn normal(&mut self, mean: f32) -> f32 {
        let drawn: f32 = StandardNormal.sample(&mut self.generator);
        mean + 0.02 * drawn
    }
}

impl ModuleMapper for Draw {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push([name.into(), container.into()]);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let dims = parameter.lazy_shape().dims::<D>();
        let [name, kind] = self.path.last().cloned().unwrap_or_default();
        let kind = kind.strip_prefix("Struct:").unwrap_or(&kind);
        let weighs = matches!(kind, "Linear" | "Conv2d" | "ConvTranspose2d");
        if weighs && D > 1 {
            // burn's fully connected layers hold [inputs, outputs], PyTorch's the transpose.
            let inputs = if kind == "Linear" { dims[0] } else { dims[1..].iter().product() };
            self.bound = 1.0 / (inputs as f32).sqrt();
        }
        let rule = self.rule;
        let mut draw = |draw: &mut dyn FnMut(&mut Self) -> f32| -> Vec<f32> {
            (0..dims.iter().product()).map(|_| draw(self)).collect()
        };
        let values = match (rule, kind, name.as_str()) {
            (Initialization::PyTorch, _, _) if weighs => draw(&mut Self::uniform),
            (Initialization::Dcgan, "BatchNorm", "gamma") => draw(&mut |from| from.normal(1.0)),
            (Initialization::Dcgan, _, "weight") if weighs => draw(&mut |from| from.normal(0.0)),
            (Initialization::Dcgan, _, "bias") if weighs => draw(&mut |_| 0.0),
            _ => return parameter,
        };
        parameter.map(|tensor| Tensor::from_data(TensorData::new(values, dims), &tensor.device()))
    }
}
