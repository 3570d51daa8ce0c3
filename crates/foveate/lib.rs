//! Vision networks that you can **transfer, explain, adapt and generate with**, on the CPU and, through wgpu, on
//! GPUs; on the framework [burn](https://burn.dev) 0.22.
//!
//! | module | the question | begin with |
//! |---|---|---|
//! | [`models`] | which network, with which weights? | [`Pretrained`](models::Pretrained), [`Network`](models::Network), [`Classifier`](models::Classifier) |
//! | [`image`], [`data`] | how do files become pixels, and folders data sets? | [`image::open`], [`Preprocessing`](image::Preprocessing), [`ImageFolder`](data::ImageFolder) |
//! | [`transfer`] | how do a few hundred images make a classifier? | [`FeatureExtractor`](transfer::FeatureExtractor), [`LinearSvc`](transfer::LinearSvc), [`FineTune`](transfer::FineTune) |
//! | [`explain`] | why this answer, and what would change it? | [`Attribution`](explain::Attribution), [`attack`](explain::attack), [`visualize`](explain::visualize) |
//! | [`adapt`] | how does a classifier get along without labels? | [`DannTraining`](adapt::DannTraining), [`Validator`](adapt::Validator) |
//! | [`generate`] | what do new images look like, and how good are they? | [`GanTraining`](generate::GanTraining), [`metrics`](generate::metrics) |
//! | [`ops`], [`train`] | what are they made of? | [`gradient_reversal`](ops::gradient_reversal), [`Optimizer`](train::Optimizer) |
//!
//! Three things hold everywhere. Images, pixels in `[0, 1]` and a network's input are different types: a
//! [`Classifier`](models::Classifier) owns its preprocessing, and attacks and explanations live in pixels. Every layer has
//! torchvision's name, and a network can be run up to it or on from it. Randomness is a seed: the same seed on the same device gives
//! the same bits.
//!
//! # Use
//!
//! A network that is part of the library, and a digit that is drawn: nothing to download.
//!
//! ```
//! use foveate::data::digits;
//! use foveate::models::LeNet;
//!
//! let device = foveate::device("auto")?.device; // a GPU if there is one, or the CPU
//! let classifier = LeNet::digits(&device)?;
//! let drawn = digits(20, 0);
//! let images = drawn.images();
//! let guesses = classifier.classify(&images, 1)?;
//! let right = guesses.iter().zip(&drawn.labels);
//! let right = right.filter(|(guess, label)| guess[0].class == **label);
//! assert!(right.count() >= 18);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Transfer
//!
//! A layer's activations are features; a linear classifier of them is learned in no time.
//!
//! ```
//! use foveate::data::digits;
//! use foveate::models::LeNet;
//! use foveate::transfer::{FeatureExtractor, LinearSvc, Pooling};
//!
//! let classifier = LeNet::digits(&foveate::device("auto")?.device)?;
//! let extractor = FeatureExtractor::of(&classifier, "features", Pooling::Flatten)?;
//! let drawn = digits(60, 0);
//! let images = drawn.images();
//! let features = extractor.extract(&images)?;
//! // Even and odd digits, from the first forty.
//! let odd: Vec<usize> = drawn.labels.iter().map(|label| label % 2).collect();
//! let (first, rest): (Vec<_>, Vec<_>) = ((0..40).collect(), (40..60).collect());
//! let svc = LinearSvc::default().fit(&features.select(&first), &odd[..40], 2)?.classifier;
//! let answers = svc.predict(&features.select(&rest))?;
//! assert!(answers.iter().zip(&odd[40..]).filter(|(answer, odd)| answer == odd).count() >= 16);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Explain
//!
//! Which pixels a score depends on; and the smallest step that changes the answer.
//!
//! ```
//! use foveate::data::digits;
//! use foveate::explain::attack::{Attack, DeepFool, Goal};
//! use foveate::explain::{Attribution, Saliency, Target};
//! use foveate::models::LeNet;
//!
//! let device = foveate::device("auto")?.device;
//! let classifier = LeNet::digits(&device)?;
//! let drawn = digits(1, 0);
//! let pixels = classifier.preprocessing().pixels(&[drawn.image(0)], &device)?;
//! let map = Saliency.attribute(&classifier, &pixels, &Target::Predicted)?;
//! assert_eq!(map.dims(), pixels.tensor().dims());
//!
//! let goal = Goal::Untargeted(vec![drawn.labels[0]]); // any digit but this one
//! let fooled = DeepFool::default().attack(&classifier, &pixels, &goal)?;
//! assert!(fooled.success[0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Adapt
//!
//! Features from which the labels of one domain can be told, and the domain cannot.
//!
//! ```
//! use foveate::adapt::{DannTraining, Domain, Lambda};
//! use foveate::data::{Images, TwoDomains};
//! use foveate::models::{DannConfig, initialized};
//!
//! let data = TwoDomains::synthetic(64, 32, 0); // so few that it runs here
//! let source = Domain { training: &data.source, validation: &data.source_validation };
//! let target = Domain { training: &data.target, validation: &data.target_validation };
//! let lambda = Lambda::Annealed { highest: 0.3, gamma: 10.0 };
//! let training =
//!     DannTraining { epochs: 1, batch: 16, lambda: Some(lambda), ..Default::default() };
//! let network = initialized(DannConfig::new().init(&foveate::device("auto")?.device), 0);
//! let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
//! let adapted = training.run(network, &preprocessing, source, target)?;
//! assert_eq!(adapted.history.epochs.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Generate
//!
//! A generator learns what a discriminator cannot tell from real images.
//!
//! ```
//! use foveate::data::digits;
//! use foveate::generate::{GanTraining, Noise, sample};
//! use foveate::models::{DcganConfig, Initialization};
//!
//! let device = foveate::device("auto")?.device;
//! let images = digits(32, 0).resized(32, 32);
//! let config = DcganConfig::new().with_ngf(4).with_ndf(4); // so small that it runs here
//! let generator = Initialization::Dcgan.of(config.generator(&device), 0);
//! let discriminator = Initialization::Dcgan.of(config.discriminator(&device), 1);
//! let training = GanTraining { iterations: 3, batch: 16, ..Default::default() };
//! let made = training.run(generator, discriminator, &images)?;
//! let noise = Noise::Normal.rows(4, config.latent_dim, 0);
//! assert_eq!(sample(&made.generator, &noise, &[]).grid(2).dimensions(), (64, 64));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `ndarray` (default) and `flex` are the CPU, `wgpu` is the GPU; [`device`] chooses between those that are compiled in.

#![doc(test(attr(deny(deprecated))))]

mod device;

pub use burn;
pub use device::{Chosen, DeviceError, compiled, device};
pub use foveate_core::{
    SettingError, adapt, data, explain, generate, image, models, ops, train, transfer,
};

/// The adapters that wgpu finds on this machine.
#[cfg(feature = "wgpu")]
pub mod adapters {
    pub use foveate_wgpu::{Adapter, AdapterError, Backend, DeviceType, adapters};
}

/// What most programs need: `use foveate::prelude::*`.
pub mod prelude {
    pub use burn::tensor::{Device, Tensor};

    pub use crate::image::{Pixels, Preprocessing, Resize, RgbImage};
    pub use crate::models::{Architecture, Classifier, Network, Prediction, Pretrained};
}

/// README's programs are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
