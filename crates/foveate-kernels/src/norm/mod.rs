//! Batch normalization, and sums over channels.

mod channel;
mod inference;
mod statistics;
mod training;

pub use channel::{BatchNorm, BatchStatistics};
pub use inference::{
    batch_norm_inference, batch_norm_inference_gradient, batch_norm_inference_in_place,
};
pub use statistics::{batch_statistics, channel_sums};
pub use training::{
    batch_norm_parameter_gradient, batch_norm_training, batch_norm_training_gradient,
};
