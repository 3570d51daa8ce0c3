//! Weights: read PyTorch's and safetensors' files into any network, save our own, and find or
//! download the official ones.
//!
//! A file names its tensors as torchvision does and keeps them as PyTorch does: what is saved here, PyTorch reads,
//! and the other way round. All that does not fit is reported at once. Formats are told by content, values may be f32,
//! f16 or bf16; nothing in a pickle is run.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::weights::{WeightsError, load, save};
//! use foveate::models::{LeNetConfig, Network, initialized};
//!
//! let device = Device::default();
//! let file = std::env::temp_dir().join(format!("foveate-{}.safetensors", std::process::id()));
//! let trained = initialized(LeNetConfig::new().init(&device), 0);
//! save(&trained, &file)?;
//!
//! let other = initialized(LeNetConfig::new().init(&device), 1);
//! let loaded = load(other, &file)?;
//! let x = Tensor::<4>::ones([1, 3, 28, 28], &device);
//! let difference = loaded.forward(x.clone()) - trained.forward(x);
//! assert!(difference.abs().max().into_scalar::<f32>() < 1e-6);
//!
//! let wider = LeNetConfig::new().with_classes(11).init(&device);
//! let Err(WeightsError::Mismatch { misshaped, .. }) = load(wider, &file) else { panic!("it fits") };
//! assert!(misshaped.iter().all(|tensor| tensor.name.starts_with("classifier.4.")));
//! # std::fs::remove_file(&file)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Pretrained::load`](super::Pretrained::load) takes a known [`Source`], which says where it comes from. (A download
//! shows a progress bar on a terminal, unless the environment variable `FOVEATE_PROGRESS` is `off`.)
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::models::Architecture;
//! use foveate::models::weights::Source;
//!
//! let source = Source::of(Architecture::ResNet18).next().expect("its weights are known");
//! assert_eq!(source.license, "BSD-3-Clause");
//! assert_eq!(source.accuracy, Some((69.758, 89.078))); // percent of ImageNet's validation images
//! ```

mod download;
mod error;
mod file;
mod pickle;
mod prefix;
mod registry;

pub use download::DownloadError;
pub(crate) use download::Downloader;
pub use error::{Misshaped, WeightsError};
pub(crate) use file::from_bytes;
pub use file::{Precision, load, save};
pub(crate) use file::{apply, tensors, write};
pub use registry::{SOURCES, Source, cache_folder};
