//! Data to learn from: folders of pictures, one a class, and pictures decoded ahead of their use.

mod ahead;
mod error;
mod folder;
mod scene15;

pub use ahead::ahead;
pub use error::DataError;
pub use folder::{ImageFolder, Loaded, Sample};
pub use scene15::scene15;
