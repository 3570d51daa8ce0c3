//! Names of a module's parameters, by torchvision's rule: an enum's variants are not in them.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Where in a module a visitor or mapper is.
#[derive(Default)]
pub(crate) struct ModulePath {
    names: Vec<String>,
    /// What holds the innermost field.
    containers: Vec<String>,
}

impl ModulePath {
    pub fn enter(&mut self, name: &str, container: &str) {
        if !container.starts_with("Enum:") {
            self.names.push(name.into());
        }
        self.containers.push(container.into());
    }

    pub fn exit(&mut self, container: &str) {
        if !container.starts_with("Enum:") {
            self.names.pop();
        }
        self.containers.pop();
    }

    pub fn name(&self) -> String {
        self.names.join(".")
    }

    /// The batch norm that holds the field, if one does.
    pub fn norm(&self) -> Option<String> {
        let inside = self.containers.last().is_some_and(|name| name == "Struct:BatchNorm");
        inside.then(|| self.names[..self.names.len() - 1].join("."))
    }
}

/// The names of all parameters and running statistics, with burn's `gamma` and `beta`. None is initialized for it.
pub(crate) fn parameter_names(module: &impl Module) -> Vec<String> {
    let mut names = Names::default();
    module.visit(&mut names);
    names.found
}

#[derive(Default)]
struct Names {
    path: ModulePath,
    found: Vec<String>,
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        self.found.push(self.path.name());
    }
}
