//! Pooling: the largest value or the mean of each window, and their gradients.

mod adaptive;
mod average;
mod max;
mod window;

pub use adaptive::{adaptive_avg_pool2d, adaptive_avg_pool2d_gradient};
pub use average::{avg_pool2d, avg_pool2d_gradient};
pub use max::{max_pool2d, max_pool2d_gradient};
pub use window::Pool2d;
