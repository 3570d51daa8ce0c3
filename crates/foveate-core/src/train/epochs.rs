//! A training by epochs: it resumes, runs, keeps the best, writes, and is observed.

use std::ops::ControlFlow;
use std::path::Path;

use burn::module::Module;

use super::checkpoint::Checkpoint;
use super::optimizer::{Optimizer, OptimizerState};
use super::state::{CheckpointError, Identity, Row};

/// What a kind of training does in an epoch, and what it thinks of it.
pub(crate) trait Epochs<N> {
    type Epoch: Row;
    type Error: From<CheckpointError>;

    /// Trains the network once over the training set, and measures it: the epoch, and the network in evaluation mode.
    /// `number` counts from 0.
    fn epoch(
        &self,
        network: &mut N,
        optimizer_state: &mut OptimizerState,
        number: usize,
    ) -> Result<(N, Self::Epoch), Self::Error>;

    /// Whether the network after the last of these epochs is the best one.
    fn is_best(&self, epochs: &[Self::Epoch]) -> bool;

    /// Whether the training ends with these.
    fn is_over(&self, epochs: &[Self::Epoch]) -> bool;
}

/// Runs a training of `start`, in evaluation mode: the best network and all epochs. With a file, it resumes from what the
/// file holds, and writes every epoch to it before `observe` sees it.
pub(crate) fn run_epochs<N: Module, T: Epochs<N>>(
    training: &T,
    start: &N,
    optimizer: &Optimizer,
    file: Option<(&Path, Identity)>,
    mut observe: impl FnMut(&T::Epoch) -> ControlFlow<()>,
) -> Result<(N, Vec<T::Epoch>), T::Error> {
    let read =
        |(path, identity): &(&Path, Identity)| Checkpoint::read(path, identity, optimizer, start);
    let resumed = file.as_ref().map(read).transpose()?.flatten();
    let mut now = resumed.unwrap_or_else(|| Checkpoint::new(start));
    let mut network = now.network.clone().train();
    while !training.is_over(&now.epochs) {
        let (valid, epoch) =
            training.epoch(&mut network, &mut now.optimizer_state, now.epochs.len())?;
        now.network = valid;
        now.epochs.push(epoch);
        if training.is_best(&now.epochs) {
            now.best = now.network.clone();
        }
        if let Some((path, identity)) = &file {
            now.write(path, identity)?;
        }
        if now.epochs.last().is_some_and(|epoch| observe(epoch).is_break()) {
            break;
        }
    }
    Ok((now.best, now.epochs))
}
