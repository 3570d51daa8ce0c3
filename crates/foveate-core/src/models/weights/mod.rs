//! Weights: read PyTorch's and safetensors' files into any network, save our own, and find or
//! download the official ones.

mod download;
mod error;
mod file;
mod registry;

pub use download::DownloadError;
pub(crate) use download::Downloader;
pub use error::{Misshaped, WeightsError};
pub(crate) use file::from_bytes;
pub use file::{Precision, load, save};
pub(crate) use file::{apply, tensors, write};
pub use registry::{SOURCES, Source, cache_folder};
