//! A training on disk, from which it goes on bit for bit: one safetensors file with the network, its
//! best state, the optimiser's memory and the history, and what they belong to in its metadata.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::{fs, io};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use sha2::{Digest, Sha256};

use super::history::{Epoch, History, Score};
use super::optimiser::Moments;
use super::{FineTune, Labelled, Schedule, TransferError};
use crate::image::Preprocessing;
use crate::models::{Network, device_of};
use crate::store::{self, Tensors, Words, digest, hex};

/// What a training has come to after an epoch; networks are out of training.
pub(super) struct Checkpoint<N> {
    pub network: N,
    pub best: N,
    pub moments: Moments,
    pub history: History,
}

/// What a training is of: two are the same if these are.
pub(super) struct Identity([(&'static str, String); 4]);

impl Identity {
    pub fn new(
        settings: &FineTune,
        network: &impl Network,
        preprocessing: &Preprocessing,
        training: Labelled<'_>,
        validation: Option<Labelled<'_>>,
    ) -> Self {
        // More epochs are no other training, unless the learning rate depends on their number.
        let epochs = if settings.schedule == Schedule::Cosine { settings.epochs } else { 0 };
        let settings = FineTune { epochs, checkpoint: None, ..settings.clone() };
        Self([
            ("settings", format!("{settings:?}, {preprocessing:?}")),
            ("network", digest(&tensors(network))),
            ("training pictures", training.digest()),
            ("validation pictures", validation.map_or("none".into(), |data| data.digest())),
        ])
    }
}

impl Labelled<'_> {
    fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (picture, label) in self.pictures.iter().zip(self.labels) {
            hasher.update(format!("{label} {:?}", picture.dimensions()));
            hasher.update(picture.as_raw());
        }
        hex(hasher)
    }
}

/// Numbers an epoch: all of [`Epoch`].
const NUMBERS: usize = 6;

impl<N: Network> Checkpoint<N> {
    /// Writes the file under another name, then gives it its own: nothing is half written.
    pub fn write(&self, path: &Path, identity: &Identity) -> Result<(), TransferError> {
        let mut all = Tensors::new();
        for (part, network) in [("network", &self.network), ("best", &self.best)] {
            let named = tensors(network).into_iter();
            all.extend(named.map(|(name, data)| (format!("{part}.{name}"), data)));
        }
        for (name, means) in &self.moments.means {
            for (i, mean) in means.iter().enumerate() {
                all.insert(format!("optimiser.{name}.{i}"), mean.to_data());
            }
        }
        let numbers: Vec<f64> = self.history.epochs.iter().flat_map(numbers).collect();
        let shape = [self.history.epochs.len(), NUMBERS];
        all.insert("history".into(), TensorData::new(numbers, shape));
        all.insert("steps".into(), TensorData::from([self.moments.steps as f64]));

        let io = |reason| TransferError::Io { path: path.into(), reason };
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).map_err(io)?;
        let words = identity.0.iter().map(|(what, value)| (what.to_string(), value.clone()));
        store::write(path, &all, words.collect()).map_err(io)
    }

    /// What the file holds, if there is one; `start` is the network that the training began with.
    pub fn read(
        path: &Path,
        identity: &Identity,
        start: &N,
    ) -> Result<Option<Self>, TransferError> {
        let read = match store::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(damaged(error)),
            Err(reason) => return Err(TransferError::Io { path: path.into(), reason }),
            Ok((tensors, words)) => Self::parse(tensors, &words, identity, start),
        };
        read.map(Some).map_err(|reason| TransferError::Checkpoint { path: path.into(), reason })
    }

    fn parse(
        mut all: Tensors,
        words: &Words,
        identity: &Identity,
        start: &N,
    ) -> Result<Self, String> {
        for (what, expected) in &identity.0 {
            match words.get(*what) {
                Some(found) if found == expected => {}
                Some(found) => {
                    return Err(format!(
                        "it is of a training of other {what}: expected {expected}, found {found}"
                    ));
                }
                None => return Err(damaged(format!("it does not tell its {what}"))),
            }
        }

        let lacking = |name: &str| damaged(format!("{name} is missing"));
        let mut take = |name: &str| all.remove(name).ok_or_else(|| lacking(name));
        let history: Vec<f64> = take("history")?.iter().collect();
        let steps = take("steps")?.iter::<f64>().next().ok_or_else(|| lacking("steps"))?;
        let mut network =
            |part| restored(start.clone(), part, &mut all).map_err(|name| lacking(&name));
        let (network, best) = (network("network")?, network("best")?);
        let device = device_of(start);
        let mut means: BTreeMap<String, Vec<Tensor<1>>> = BTreeMap::new();
        // Sorted by name: the first mean comes before the second.
        for (name, data) in all {
            let name = name.strip_prefix("optimiser.").and_then(|name| name.rsplit_once('.'));
            let (name, _) = name.ok_or_else(|| damaged("it holds more than a training"))?;
            means.entry(name.into()).or_default().push(Tensor::from_data(data, &device));
        }
        let epochs = history.chunks_exact(NUMBERS).map(epoch).collect();
        let moments = Moments { steps: steps as usize, means };
        Ok(Self { network, best, moments, history: History { epochs } })
    }
}

fn numbers(epoch: &Epoch) -> [f64; NUMBERS] {
    let Epoch { training, validation, learning_rate, seconds } = *epoch;
    let validation = validation.unwrap_or(Score { loss: f64::NAN, accuracy: f64::NAN });
    let (a, b) = (training, validation);
    [a.loss, a.accuracy, b.loss, b.accuracy, learning_rate, seconds]
}

fn epoch(numbers: &[f64]) -> Epoch {
    let score = |at: usize| Score { loss: numbers[at], accuracy: numbers[at + 1] };
    let validation = Some(score(2)).filter(|score| !score.accuracy.is_nan());
    Epoch { training: score(0), validation, learning_rate: numbers[4], seconds: numbers[5] }
}

fn damaged(what: impl Display) -> String {
    format!("the file is damaged or no checkpoint ({what})")
}

/// Parameters and running statistics of a network out of training, by their place in it.
fn tensors(network: &impl Module) -> Tensors {
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

/// A network with the tensors `part.…`, which are taken out; or the name of one that is not there in
/// its shape.
fn restored<N: Network>(network: N, part: &str, tensors: &mut Tensors) -> Result<N, String> {
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
