//! The moving average of a network's parameters and running statistics: Yazıcı et al., 2019.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// `decay * average + (1 - decay) * network`, both in evaluation mode.
pub(super) fn averaged<M: Module>(average: M, network: &M, decay: f64) -> M {
    let mut values = Values::default();
    network.visit(&mut values);
    average.map(&mut Mix { path: Vec::new(), values: values.values, decay })
}

#[derive(Default)]
struct Values {
    path: Vec<String>,
    values: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Values {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.values.insert(self.path.join("."), parameter.val().flatten(0, D - 1));
    }
}

struct Mix {
    path: Vec<String>,
    values: BTreeMap<String, Tensor<1>>,
    decay: f64,
}

impl ModuleMapper for Mix {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let now = self.values.remove(&self.path.join(".")).expect("both networks are alike");
        parameter.map(|tensor| {
            let shape = tensor.shape();
            tensor * self.decay + now.reshape(shape) * (1.0 - self.decay)
        })
    }
}
