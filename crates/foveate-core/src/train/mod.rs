//! What all trainings here share: optimizers, learning-rate schedules, and checkpoints from which a training goes on
//! bit for bit.
//!
//! Steps are those of PyTorch. `g` is a parameter's gradient (plus weight decay times the parameter `w`), `r` the
//! learning rate of step `t`, counted from 1:
//!
//! ```text
//! SGD        v <- momentum v + g                   w <- w - r v
//! Nesterov   v <- momentum v + g                   w <- w - r (g + momentum v)
//! Adam       m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2
//!            w <- w - r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
//! ```
//!
//! Every random number is drawn for a seed and a place (an epoch, an image, a step), not from one stream: a
//! training that is gone on with from its checkpoint is the one that was never interrupted.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::train::{Optimizer, Schedule};
//! use foveate::transfer::FineTune;
//!
//! let training = FineTune {
//!     epochs: 10,
//!     optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-4, nesterov: true },
//!     learning_rate: 0.1,
//!     schedule: Schedule::Cosine,
//!     ..Default::default()
//! };
//! let rate = |epoch| training.schedule.at(training.learning_rate, epoch, training.epochs);
//! assert_eq!(rate(0.0), 0.1);
//! assert!((rate(5.0) - 0.05).abs() < 1e-12); // half of it half-way
//! assert!(rate(10.0).abs() < 1e-12);
//! ```

mod augment;
mod batches;
mod checkpoint;
mod epochs;
mod optimizer;
mod progress;
mod schedule;
mod state;
mod step;

pub use augment::{CropAndFlip, RandomResizedCrop, ShiftAndContrast};
pub(crate) use batches::{Cycle, shuffled};
pub(crate) use epochs::{Epochs, run_epochs};
pub use optimizer::Optimizer;
pub(crate) use optimizer::OptimizerState;
pub(crate) use progress::progress_bar;
pub use schedule::Schedule;
pub use state::CheckpointError;
pub(crate) use state::{Identity, Row, State, tensors};
pub(crate) use step::{highest, integers};
