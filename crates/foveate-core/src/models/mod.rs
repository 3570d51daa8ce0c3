//! The networks, one paper a file; parameters have torchvision's names where it has the network.
//!
//! - [`vgg`], [`squeezenet`], [`resnet`], [`googlenet`]: classifiers of ImageNet, with pretrained [`weights`]; by
//!   name, [`Architecture`]; with their weights, [`Pretrained`]; over pictures, [`Classifier`].
//! - [`lenet`]: digits, its weights are part of the library. [`dann`]: digits of two domains.
//! - [`gan`], [`dcgan`], [`cgan`]: generators and discriminators.
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
//!
//! # A network of your own
//!
//! Two functions make a [`Network`] of any burn module: the list, and how to replace the last layer. All that
//! this library does with a network, it then does with yours: classify, explain, extract features, fine-tune,
//! save and load.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn; // what `Module` derives is written in its names
//! use foveate::burn::module::Module;
//! use foveate::burn::nn::conv::{Conv2d, Conv2dConfig};
//! use foveate::burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
//! use foveate::burn::nn::{Linear, LinearConfig, Relu};
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{NamedLayer, Network, initialised};
//!
//! #[derive(Module, Debug)]
//! struct Tiny {
//!     conv: Conv2d,
//!     relu: Relu,
//!     pool: AdaptiveAvgPool2d,
//!     fc: Linear,
//! }
//!
//! impl Network for Tiny {
//!     fn layers(&self) -> Vec<NamedLayer<'_>> {
//!         vec![
//!             NamedLayer::new("conv", &self.conv),
//!             NamedLayer::new("relu", &self.relu),
//!             NamedLayer::new("pool", &self.pool),
//!             NamedLayer::new("fc", &self.fc),
//!         ]
//!     }
//!
//!     fn with_classes(mut self, classes: usize) -> Self {
//!         let device = self.devices()[0].clone();
//!         self.fc = LinearConfig::new(8, classes).init(&device);
//!         self
//!     }
//! }
//!
//! let device = Device::default();
//! let tiny = Tiny {
//!     conv: Conv2dConfig::new([3, 8], [3, 3]).init(&device),
//!     relu: Relu::new(),
//!     pool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
//!     fc: LinearConfig::new(8, 10).init(&device),
//! };
//! let tiny = initialised(tiny, 0); // same seed, same weights
//! println!("{}", tiny.summary(16, 16));
//! assert_eq!(tiny.summary(16, 16).parameters(), 3 * 8 * 9 + 8 + 8 * 10 + 10);
//!
//! // Cut at a layer, it goes on from there as if nothing had been.
//! let x = Tensor::<4>::ones([2, 3, 16, 16], &device);
//! let features = tiny.features(x.clone(), "pool")?;
//! assert_eq!(features.dims(), [2, 8, 1, 1]);
//! let difference = tiny.head(features, "pool")? - tiny.forward(x.clone());
//! assert!(difference.abs().max().into_scalar::<f32>() < 1e-6);
//! assert_eq!(tiny.with_classes(3).forward(x).dims(), [2, 3]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```
//!
//! Layers of your own kind implement [`Layer`]; a layer with branches inside is one of them, as ResNet's block.

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
pub use classifier::{Classifier, ClassifyError, Prediction, Pretrained};
pub(crate) use classifier::{PROBABILITIES, are_probabilities};
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
pub(crate) use network::{fused, misfit, position};
pub use resnet::{ResNet, ResNetConfig};
pub use rule::Rule;
pub use squeezenet::{SqueezeNet, SqueezeNetConfig};
pub use summary::{LayerSummary, Summary};
pub use vgg::{Vgg, VggConfig};
