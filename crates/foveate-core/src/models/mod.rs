//! The networks, one paper a file; parameters have torchvision's names where it has the network.
//!
//! - [`vgg`], [`squeezenet`], [`resnet`], [`googlenet`]: classifiers of ImageNet, with pretrained [`weights`]; by
//!   name, [`Architecture`]; with their weights, [`Pretrained`]; over images, [`Classifier`].
//! - [`lenet`]: digits, its weights are part of the library. [`dann`]: digits of two domains.
//! - [`gan`]: generators and discriminators.
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
//! use foveate::models::{NamedLayer, Network, initialized};
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
//! let tiny = initialized(tiny, 0); // same seed, same weights
//! println!("{}", tiny.summary(16, 16));
//! assert_eq!(tiny.summary(16, 16).parameters(), 3 * 8 * 9 + 8 + 8 * 10 + 10);
//!
//! // Cut at a layer, it runs on from there as if nothing had been.
//! let x = Tensor::<4>::ones([2, 3, 16, 16], &device);
//! let features = tiny.features(x.clone(), "pool")?;
//! assert_eq!(features.dims(), [2, 8, 1, 1]);
//! let difference = tiny.head(features, "pool")? - tiny.forward(x.clone());
//! assert!(difference.abs().max().into_scalar::<f32>() < 1e-6);
//! assert_eq!(tiny.with_classes(3).forward(x).dims(), [2, 3]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```
//!
//! # A block of your own
//!
//! A layer with branches inside is a [`Layer`]; its straight parts are [`Chain`]s. Whatever it is made of gets the
//! [`Pass`] that it got: then guided backpropagation and relevance go back through it by their rules, a dropout
//! inside draws from the training's seed, and the summary counts what is there.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn;
//! use foveate::burn::module::Module;
//! use foveate::burn::nn::conv::{Conv2d, Conv2dConfig};
//! use foveate::burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, PaddingConfig2d, Relu};
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{Chain, Layer, Pass};
//!
//! /// `relu(F(x) + x)`.
//! #[derive(Module, Debug)]
//! struct Residual {
//!     conv1: Conv2d,
//!     bn1: BatchNorm,
//!     relu: Relu,
//!     dropout: Dropout,
//!     conv2: Conv2d,
//!     bn2: BatchNorm,
//! }
//!
//! impl Residual {
//!     fn new(channels: usize, device: &Device) -> Self {
//!         let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
//!         let conv = || {
//!             let config = Conv2dConfig::new([channels, channels], [3, 3]).with_bias(false);
//!             config.with_padding(padding.clone()).init(device)
//!         };
//!         let norm = || BatchNormConfig::new(channels).init(device);
//!         let (relu, dropout) = (Relu::new(), DropoutConfig::new(0.1).init());
//!         Self { conv1: conv(), bn1: norm(), relu, dropout, conv2: conv(), bn2: norm() }
//!     }
//!
//!     /// F.
//!     fn residue(&self) -> Chain<'_> {
//!         let Self { conv1, bn1, relu, dropout, conv2, bn2 } = self;
//!         Chain::new([conv1 as &dyn Layer, bn1, relu, dropout, conv2, bn2])
//!     }
//! }
//!
//! impl Layer for Residual {
//!     fn forward_with(&self, x: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
//!         pass.relu(self.residue().forward_with(x.clone(), pass) + x)
//!     }
//!
//!     fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
//!         self.residue().output_shape(input)
//!     }
//!
//!     fn parameters(&self) -> usize {
//!         self.residue().parameters()
//!     }
//!
//!     fn multiply_adds(&self, input: [usize; 4]) -> u64 {
//!         self.residue().multiply_adds(input)
//!     }
//!
//!     fn describe(&self) -> String {
//!         "Residual".into()
//!     }
//! }
//!
//! let device = Device::default();
//! let block = Residual::new(8, &device); // NamedLayer::new("block", &self.block) in a network's list
//! assert_eq!(block.parameters(), 2 * (8 * 8 * 9 + 2 * 8));
//! assert_eq!(block.output_shape([1, 8, 16, 16]), [1, 8, 16, 16]);
//! assert_eq!(block.forward(Tensor::ones([1, 8, 16, 16], &device)).dims(), [1, 8, 16, 16]);
//! ```
//!
//! Sums, means, differences and concatenations need nothing of the pass; an activation of another kind goes through
//! [`Pass::elementwise`], and a layer that has no rule for relevance through [`Pass::without_rule`], which makes of
//! it an error that names the layer.
//!
//! A layer inside runs in a chain or by `self.bn.forward_with(x, pass)`, and alone by `Layer::forward(&self.bn, x)`. What
//! `self.bn.forward(x)` calls is burn's own method, which comes before a trait's: it knows of no rule and no seed, and
//! a batch norm's moves the running variance towards the biased variance of a batch, where PyTorch, and `Layer`, take
//! the unbiased one.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::nn::{BatchNorm, BatchNormConfig};
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::Layer;
//!
//! let device = Device::default().autodiff(); // in training mode
//! let x = Tensor::<1>::from_floats([1.0, 3.0], &device).reshape([2, 1, 1, 1]);
//! let [ours, burns] = [(); 2].map(|()| BatchNormConfig::new(1).init(&device));
//! Layer::forward(&ours, x.clone());
//! burns.forward(x);
//! let variance = |bn: &BatchNorm| bn.running_var.value_sync().into_scalar::<f32>();
//! assert!((variance(&ours) - (0.9 * 1.0 + 0.1 * 2.0)).abs() < 1e-6); // ((1 - 2)^2 + (3 - 2)^2) / 1
//! assert!((variance(&burns) - (0.9 * 1.0 + 0.1 * 1.0)).abs() < 1e-6); // the same sum / 2
//! ```

mod architecture;
mod backward_rule;
mod batched;
mod chain;
mod classifier;
pub mod dann;
pub mod gan;
pub mod googlenet;
mod initialize;
mod layer;
pub mod lenet;
mod module_path;
mod network;
mod pass;
mod pooling;
mod pretrained;
pub mod resnet;
pub mod squeezenet;
mod summary;
pub mod vgg;
pub mod weights;

pub use architecture::{AnyNetwork, Architecture, UnknownArchitecture};
pub use backward_rule::{BackwardRule, NoRule};
pub(crate) use batched::{at_once, batched, try_batched};
pub use chain::Chain;
pub(crate) use chain::run;
pub use classifier::{Classifier, ClassifyError, Prediction, imagenet_labels};
pub(crate) use classifier::{PROBABILITIES, are_probabilities};
pub use dann::{Dann, DannConfig, DomainAdversarial};
pub use gan::{CganConfig, DcganConfig, Discriminator, GanConfig, Generator};
pub use googlenet::{GoogLeNet, GoogLeNetConfig};
pub use initialize::{Initialization, initialized};
pub(crate) use layer::build::device_of;
pub use layer::{AnyLayer, Fire, Layer, LocalResponseNorm, Maxout, NamedLayer};
pub use lenet::{LeNet, LeNetConfig};
pub(crate) use module_path::{ModulePath, parameter_names};
pub use network::{Network, UnknownLayer};
pub(crate) use network::{check_size, position};
pub use pass::Pass;
pub use pooling::Pooling;
pub use pretrained::Pretrained;
pub use resnet::{BasicBlock, ResNet, ResNetConfig};
pub use squeezenet::{SqueezeNet, SqueezeNetConfig};
pub use summary::{LayerSummary, Summary};
pub use vgg::{Vgg, VggConfig};
