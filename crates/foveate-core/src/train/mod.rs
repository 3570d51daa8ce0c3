//! What every training here shares: optimisers, schedules, and that it can be repeated and resumed bit for bit.

mod checkpoint;
mod forward;
mod optimiser;
mod progress;
mod schedule;
mod state;

pub(crate) use checkpoint::Checkpoint;
pub(crate) use forward::{forward, generator, highest, integers};
pub(crate) use optimiser::Moments;
pub use optimiser::Optimiser;
pub(crate) use progress::progress_bar;
pub use schedule::Schedule;
pub use state::CheckpointError;
pub(crate) use state::{Identity, Row, State, tensors};
