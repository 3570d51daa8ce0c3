//! Weights: read PyTorch's and safetensors' files into any network, save our own, and find or
//! download the official ones.

mod download;
mod error;
mod file;
mod registry;

pub use download::DownloadError;
pub use error::{Misshaped, WeightsError};
pub(crate) use file::{apply, tensors};
pub use file::{load, save};
pub use registry::{SOURCES, Source, cache_folder};
