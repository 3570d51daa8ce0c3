//! A training on disk, from which it resumes bit for bit: networks, optimizers' state and tables of
//! numbers in one safetensors file, and what they belong to in its metadata.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{fs, io};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::optimizer::{Moment, Optimizer, OptimizerState};
use crate::models::device_of;
use crate::store::{self, Metadata, Tensors};

/// What a training has come to, by names, and its file.
pub(crate) struct State {
    path: PathBuf,
    tensors: Tensors,
}

/// What a training is of: two are the same if these are.
pub(crate) struct Identity(pub Vec<(&'static str, String)>);

/// A row of a table of numbers.
pub(crate) trait Row: Sized {
    /// Numbers in a row.
    const NUMBERS: usize;

    /// So many.
    fn numbers(&self) -> Vec<f64>;

    /// From so many.
    fn of(numbers: &[f64]) -> Self;
}

/// A checkpoint that cannot be written, or not be resumed from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file is damaged, or of another training.
    #[error("{path}: {reason}; remove it to start anew, or train as it was begun", path = .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
}

impl State {
    pub fn new(path: &Path) -> Self {
        Self { path: path.into(), tensors: Tensors::default() }
    }

    /// Adds the parameters and running statistics of a network in evaluation mode.
    pub fn put(&mut self, part: &str, network: &impl Module) {
        let named = tensors(network).into_iter();
        self.tensors.extend(named.map(|(name, data)| (format!("{part}.{name}"), data)));
    }

    pub fn put_optimizer(&mut self, part: &str, optimizer_state: &OptimizerState) {
        for (name, Moment { steps, means }) in &optimizer_state.0 {
            for (i, mean) in means.iter().enumerate() {
                self.tensors.insert(format!("{part}.{name}.{i}"), mean.to_data());
            }
            self.put_numbers(&format!("{part}.{name}.steps"), vec![f64::from(*steps)]);
        }
    }

    pub fn put_numbers(&mut self, name: &str, numbers: Vec<f64>) {
        let shape = [numbers.len()];
        self.tensors.insert(name.into(), TensorData::new(numbers, shape));
    }

    pub fn put_rows<R: Row>(&mut self, name: &str, rows: &[R]) {
        self.put_numbers(name, rows.iter().flat_map(Row::numbers).collect());
    }

    /// Writes the file under another name, then gives it its own: nothing is half written.
    pub fn write(self, identity: &Identity) -> Result<(), CheckpointError> {
        let Self { path, tensors } = self;
        let metadata: Metadata =
            identity.0.iter().map(|(what, value)| (what.to_string(), value.clone())).collect();
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| store::write(&path, &tensors, metadata))
            .map_err(|reason| CheckpointError::Io { path, reason })
    }

    /// What the file holds, if there is one.
    pub fn read(path: &Path, identity: &Identity) -> Result<Option<Self>, CheckpointError> {
        let (tensors, metadata) = match store::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(damaged(path, error));
            }
            Err(reason) => return Err(CheckpointError::Io { path: path.into(), reason }),
            Ok(read) => read,
        };
        for (what, expected) in &identity.0 {
            let found = metadata
                .get(*what)
                .ok_or_else(|| damaged(path, format!("it does not tell its {what}")))?;
            if found != expected {
                let reason = format!(
                    "it is of a training of other {what}: expected {expected}, found {found}"
                );
                return Err(CheckpointError::Unusable { path: path.into(), reason });
            }
        }
        Ok(Some(Self { path: path.into(), tensors }))
    }

    /// A copy of `network` with the tensors of a part.
    pub fn take<M: Module>(&mut self, part: &str, network: &M) -> Result<M, CheckpointError> {
        restored(network, part, &mut self.tensors).map_err(|name| self.lacking(&name))
    }

    /// What `optimizer` remembers of `network`.
    pub fn take_optimizer<M: Module>(
        &mut self,
        part: &str,
        optimizer: &Optimizer,
        network: &M,
    ) -> Result<OptimizerState, CheckpointError> {
        let device = device_of(network);
        let mut optimizer_state = OptimizerState::default();
        for (name, parameter) in tensors(network) {
            let taken: Vec<_> =
                (0..2).map_while(|i| self.tensors.remove(&format!("{part}.{name}.{i}"))).collect();
            if taken.is_empty() {
                continue; // It did not learn.
            }
            let shape = [parameter.num_elements()];
            if taken.len() != optimizer.means()
                || taken.iter().any(|mean| mean.shape()[..] != shape)
            {
                return Err(self.lacking(&format!("{part}.{name} in the optimizer's form")));
            }
            let steps = format!("{part}.{name}.steps");
            let [count] = self.take_numbers(&steps)?[..] else { return Err(self.lacking(&steps)) };
            let means = taken.into_iter().map(|mean| Tensor::from_data(mean, &device)).collect();
            optimizer_state.0.insert(name, Moment { steps: count as u32, means });
        }
        Ok(optimizer_state)
    }

    pub fn take_numbers(&mut self, name: &str) -> Result<Vec<f64>, CheckpointError> {
        let numbers = self.tensors.remove(name).ok_or_else(|| self.lacking(name))?;
        Ok(numbers.iter().collect())
    }

    pub fn take_rows<R: Row>(&mut self, name: &str) -> Result<Vec<R>, CheckpointError> {
        let numbers = self.take_numbers(name)?;
        match numbers.len().is_multiple_of(R::NUMBERS) {
            true => Ok(numbers.chunks_exact(R::NUMBERS).map(R::of).collect()),
            false => Err(damaged(&self.path, format!("{name} is no table"))),
        }
    }

    /// Everything was taken.
    pub fn end(self) -> Result<(), CheckpointError> {
        match self.tensors.keys().next() {
            Some(name) => Err(damaged(&self.path, format!("{name} is more than a training"))),
            None => Ok(()),
        }
    }

    fn lacking(&self, name: &str) -> CheckpointError {
        damaged(&self.path, format!("{name} is missing"))
    }
}

fn damaged(path: &Path, what: impl Display) -> CheckpointError {
    let reason = format!("the file is damaged or no checkpoint ({what})");
    CheckpointError::Unusable { path: path.into(), reason }
}

/// Parameters and running statistics of a network in evaluation mode, by their place in it.
pub(crate) fn tensors(network: &impl Module) -> Tensors {
    #[derive(Default)]
    struct Collect(Vec<String>, Tensors);
    impl ModuleVisitor for Collect {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.0.push(name.into());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.0.pop();
        }
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            self.1.insert(self.0.join("."), parameter.val().into_data());
        }
    }
    let mut collect = Collect::default();
    network.visit(&mut collect);
    collect.1
}

/// A copy of a network with the tensors `part.…`, which are taken out; or the name of one that is not
/// there in its shape.
fn restored<M: Module>(network: &M, part: &str, tensors: &mut Tensors) -> Result<M, String> {
    struct Restore<'a>(Vec<String>, &'a mut Tensors, Option<String>);
    impl ModuleMapper for Restore<'_> {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.0.push(name.into());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.0.pop();
        }
        fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let name = self.0.join(".");
            match self.1.remove(&name) {
                Some(data) if *data.shape() == parameter.lazy_shape() => {
                    parameter.map(|tensor| Tensor::from_data(data, &tensor.device()))
                }
                _ => {
                    self.2 = Some(name);
                    parameter
                }
            }
        }
    }
    // A copy of its own: clones share the running statistics.
    let mut restore = Restore(vec![part.into()], tensors, None);
    let network = network.valid().map(&mut restore);
    restore.2.map_or(Ok(network), Err)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::models::LeNetConfig;

    /// What a forged file may hold of an optimizer is refused before a step is taken by it.
    #[test]
    fn moments_are_of_the_network_and_the_optimizer() {
        let device = Device::default();
        let network = LeNetConfig::new().init(&device);
        let read = |lengths: &[usize], steps: Option<f64>| {
            let mut state = State::new(Path::new("file"));
            for (i, &length) in lengths.iter().enumerate() {
                state.put_numbers(
                    &format!("optimizer.classifier.4.Linear.bias.{i}"),
                    vec![0.0; length],
                );
            }
            if let Some(steps) = steps {
                state.put_numbers("optimizer.classifier.4.Linear.bias.steps", vec![steps]);
            }
            state.take_optimizer("optimizer", &Optimizer::ADAM, &network)
        };
        let names: Vec<_> = tensors(&network).into_keys().collect();
        assert!(names.contains(&"classifier.4.Linear.bias".into()), "{names:?}");
        let sound = read(&[10, 10], Some(3.0)).unwrap();
        assert_eq!(sound.0["classifier.4.Linear.bias"].steps, 3);
        for (lengths, steps) in [
            (&[10][..], Some(3.0)),
            (&[10, 11], Some(3.0)),
            (&[9, 9], Some(3.0)),
            (&[10, 10], None),
        ] {
            assert!(read(lengths, steps).is_err(), "{lengths:?}");
        }
    }
}
