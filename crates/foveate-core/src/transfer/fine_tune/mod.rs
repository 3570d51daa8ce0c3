//! [`FineTune`]: training a pretrained network, or its last layers, on images of one's own.

mod checkpoint;
mod history;
mod labeled;
mod new_head;
mod settings;
mod split;
mod trainer;

pub use history::{Epoch, History, Score};
pub use labeled::Labeled;
pub use new_head::new_head;
pub use settings::FineTune;
pub use split::Trainable;
pub use trainer::FineTuned;
