//! The networks, one paper a file; parameters have torchvision's names where it has the network.
//!
//! Every network but the GANs' is a list of named layers ([`Network::layers`]) and nothing else: the
//! forward pass, running up to a layer ([`Network::features`]), running on from it ([`Network::head`])
//! and the summary are all read off that list.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::models::{LeNet, Network};
//!
//! let classifier = LeNet::digits(&Device::default())?;
//! let guess = &classifier.classify(&digits(1, 0).images(), 1)?[0][0];
//! println!("{} ({:.1} %)", guess.label, 100.0 * guess.probability);
//!
//! let network = classifier.network();
//! let names: Vec<String> = network.layers().into_iter().map(|layer| layer.name).collect();
//! assert_eq!(names.last().map(String::as_str), Some("classifier.4"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod architecture;
pub mod cgan;
mod classifier;
mod classifier_file;
pub mod dann;
pub mod dcgan;
pub mod gan;
mod gan_file;
pub mod googlenet;
mod initialise;
mod labels;
mod layer;
pub mod lenet;
mod network;
pub mod resnet;
mod rule;
pub mod squeezenet;
mod summary;
pub mod vgg;
pub mod weights;

pub use architecture::{AnyNetwork, Architecture, UnknownArchitecture};
pub use cgan::CganConfig;
pub use classifier::{Classifier, Prediction, Pretrained};
pub use dann::{Dann, DannConfig, DomainAdversarial};
pub use dcgan::DcganConfig;
pub use gan::{Discriminator, Generator};
pub use gan_file::GanConfig;
pub use googlenet::{GoogLeNet, GoogLeNetConfig};
pub use initialise::{Initialisation, initialised};
pub use labels::imagenet_labels;
pub(crate) use layer::device_of;
pub use layer::{Layer, Unit};
pub use lenet::{LeNet, LeNetConfig};
pub use network::{NamedLayer, Network, UnknownLayer};
pub(crate) use network::{fused, position};
pub use resnet::{ResNet, ResNetConfig};
pub use rule::Rule;
pub use squeezenet::{SqueezeNet, SqueezeNetConfig};
pub use summary::{LayerSummary, Summary};
pub use vgg::{Vgg, VggConfig};
