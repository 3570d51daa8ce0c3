//! [`Optimizer`]: SGD with momentum, and Adam, step for step as PyTorch takes them.
//!
//! burn's optimizers are not used: they keep their state by identifiers that are new in every
//! process, and restore it on the default device, which may be a GPU that is not there.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::SettingError;
use crate::setting::{at_least_zero, below_one, positive};

/// How gradients become steps: see [`train`](crate::train) for the equations. The weight decay is added to the gradient (L2).
///
/// Adam: Diederik P. Kingma, Jimmy Ba, *Adam: A Method for Stochastic Optimization*, 2014,
/// <https://arxiv.org/abs/1412.6980>. Nesterov's momentum: Ilya Sutskever, James Martens, George Dahl, Geoffrey
/// Hinton, *On the importance of initialization and momentum in deep learning*, 2013,
/// <https://proceedings.mlr.press/v28/sutskever13.html>.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Optimizer {
    /// Stochastic gradient descent, without dampening.
    Sgd {
        /// Share of the old velocity in the new one, in `[0, 1)`.
        momentum: f64,
        /// L2 penalty, added to the gradient; 0 or larger.
        weight_decay: f64,
        /// Looks ahead along the momentum.
        nesterov: bool,
    },
    /// Steps divided by a running root mean square of the gradients.
    Adam {
        /// Share of the old mean of gradients, and of that of their squares, in `[0, 1)`.
        betas: [f64; 2],
        /// Added to the root; larger than 0.
        epsilon: f64,
        /// L2 penalty, added to the gradient; 0 or larger.
        weight_decay: f64,
    },
    /// Adam whose weight decay is taken from the parameters themselves, not added to the gradient: Ilya Loshchilov, Frank
    /// Hutter, *Decoupled Weight Decay Regularization*, 2019, <https://arxiv.org/abs/1711.05101>.
    AdamW {
        /// As Adam's.
        betas: [f64; 2],
        /// As Adam's.
        epsilon: f64,
        /// The share of a parameter that a step takes is the learning rate times this; 0 or larger.
        weight_decay: f64,
    },
}

impl Optimizer {
    /// SGD with momentum 0.9, no weight decay.
    pub const SGD: Self = Self::Sgd { momentum: 0.9, weight_decay: 0.0, nesterov: false };
    /// Adam with the paper's and PyTorch's numbers.
    pub const ADAM: Self = Self::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 };

    /// AdamW with PyTorch's numbers.
    pub const ADAMW: Self = Self::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.01 };

    /// Running means that it keeps of each parameter.
    pub(crate) fn means(&self) -> usize {
        match self {
            Self::Sgd { momentum, .. } => usize::from(*momentum > 0.0),
            Self::Adam { .. } | Self::AdamW { .. } => 2,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let (Self::Sgd { weight_decay, .. }
        | Self::Adam { weight_decay, .. }
        | Self::AdamW { weight_decay, .. }) = *self;
        at_least_zero("weight_decay", weight_decay)?;
        match *self {
            Self::Sgd { momentum, .. } => below_one("momentum", momentum),
            Self::Adam { betas, epsilon, .. } | Self::AdamW { betas, epsilon, .. } => {
                below_one("betas[0]", betas[0])?;
                below_one("betas[1]", betas[1])?;
                positive("epsilon", epsilon)
            }
        }
    }
}

/// What an optimizer remembers, by a parameter's place in the network.
#[derive(Debug, Clone, Default)]
pub(crate) struct OptimizerState(pub BTreeMap<String, Moment>);

/// What it remembers of a parameter.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// How often the parameter was changed.
    pub steps: u32,
    /// Running means of its gradients (and of their squares).
    pub means: Vec<Tensor<1>>,
}

impl OptimizerState {
    /// A step of every parameter that has a gradient.
    pub fn step<M: Module>(
        &mut self,
        optimizer: &Optimizer,
        learning_rate: f64,
        module: M,
        gradients: GradientsParams,
    ) -> M {
        let path = Vec::new();
        module.map(&mut Step { optimizer, learning_rate, gradients, optimizer_state: self, path })
    }

    /// What is taken from a parameter, all `[n]` and out of the graph.
    fn change(
        &mut self,
        optimizer: &Optimizer,
        learning_rate: f64,
        name: String,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
    ) -> Tensor<1> {
        let old = self.0.remove(&name);
        let steps = old.as_ref().map_or(0, |old| old.steps).saturating_add(1);
        let old = old.map(|old| old.means);
        let (change, means) = match *optimizer {
            Optimizer::Sgd { momentum, weight_decay, nesterov } => {
                let gradient = decayed(gradient, parameter, weight_decay);
                let mean = match old.and_then(|mut means| means.pop()) {
                    Some(mean) => mean * momentum + gradient.clone(),
                    None => gradient.clone(),
                };
                let ahead =
                    if nesterov { gradient + mean.clone() * momentum } else { mean.clone() };
                (ahead * learning_rate, if momentum > 0.0 { vec![mean] } else { vec![] })
            }
            Optimizer::Adam { betas, epsilon, weight_decay } => {
                let gradient = decayed(gradient, parameter, weight_decay);
                adam(gradient, old, steps, betas, epsilon, learning_rate)
            }
            Optimizer::AdamW { betas, epsilon, weight_decay } => {
                let (change, means) = adam(gradient, old, steps, betas, epsilon, learning_rate);
                (decayed(change, parameter, learning_rate * weight_decay), means)
            }
        };
        if !means.is_empty() {
            self.0.insert(name, Moment { steps, means });
        }
        change
    }
}

/// `gradient + weight_decay parameter`.
fn decayed(gradient: Tensor<1>, parameter: Tensor<1>, weight_decay: f64) -> Tensor<1> {
    if weight_decay == 0.0 { gradient } else { gradient + parameter * weight_decay }
}

/// Adam's change, and its means of the gradients and of their squares.
fn adam(
    gradient: Tensor<1>,
    old: Option<Vec<Tensor<1>>>,
    steps: u32,
    [first, second]: [f64; 2],
    epsilon: f64,
    learning_rate: f64,
) -> (Tensor<1>, Vec<Tensor<1>>) {
    let old = old.unwrap_or_else(|| vec![gradient.zeros_like(), gradient.zeros_like()]);
    let [mean, square]: [Tensor<1>; 2] = old.try_into().expect("Adam has two means");
    let mean = mean * first + gradient.clone() * (1.0 - first);
    let square = square * second + gradient.clone() * gradient * (1.0 - second);
    // The means start at 0; this undoes what they lack.
    let [whole, whole_square] = [first, second].map(|beta| 1.0 - beta.powf(f64::from(steps)));
    let root = square.clone().sqrt() / whole_square.sqrt() + epsilon;
    (mean.clone() / root * (learning_rate / whole), vec![mean, square])
}

struct Step<'a> {
    optimizer: &'a Optimizer,
    learning_rate: f64,
    gradients: GradientsParams,
    optimizer_state: &'a mut OptimizerState,
    path: Vec<String>,
}

impl ModuleMapper for Step<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(parameter.id) else { return parameter };
        parameter.map(|tensor| {
            let shape = tensor.shape();
            let flat = tensor.inner().flatten::<1>(0, D - 1);
            let gradient = gradient.inner().flatten::<1>(0, D - 1);
            let name = self.path.join(".");
            let change = self.optimizer_state.change(
                self.optimizer,
                self.learning_rate,
                name,
                flat.clone(),
                gradient,
            );
            (flat - change).reshape(shape).autodiff().require_grad()
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    /// Adam's first step of a parameter is `-rate * sign(gradient)`, however late it comes: PyTorch counts for each
    /// parameter, too.
    #[test]
    fn steps_are_counted_for_each_parameter() {
        let device = Device::default();
        let mut optimizer_state = OptimizerState::default();
        let mut change = |name: &str| {
            let ones = || Tensor::<1>::ones([1], &device);
            let change =
                optimizer_state.change(&Optimizer::ADAM, 0.1, name.into(), ones(), ones() * 4.0);
            change.into_scalar::<f32>()
        };
        for _ in 0..5 {
            assert!((change("early") - 0.1).abs() < 1e-6);
        }
        assert!((change("late") - 0.1).abs() < 1e-6);
    }
}
