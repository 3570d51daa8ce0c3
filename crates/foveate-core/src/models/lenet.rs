//! LeNet-5: Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, *Gradient-Based Learning Applied to
//! Document Recognition*, 1998, <http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf>, figure 2.
//!
//! As in most code of today: ReLUs for its scaled tanh, max pooling for its trained subsampling, the
//! second convolution on all channels, a fully connected last layer, and 28x28 pixels padded to 32x32.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::models::LeNet;
//!
//! let set = digits(10, 0); // drawn by another pen than MNIST's people
//! let guesses = LeNet::digits(&Device::default())?.classify(&set.images(), 1)?;
//! let right = guesses.iter().zip(&set.labels).filter(|(guess, class)| guess[0].class == **class);
//! assert!(right.count() >= 8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::Relu;
use burn::tensor::Device;

use super::classifier::Classifier;
use super::layer::build::{conv2d, device_of, linear, max_pool2d};
use super::layer::{AnyLayer, NamedLayer, replace_head, sequential};
use super::network::Network;
use super::weights::WeightsError;

/// Configuration of a [`LeNet`].
#[derive(Config, Debug)]
pub struct LeNetConfig {
    /// Channels of an image: 3, or 1 for images without colors.
    #[config(default = 3)]
    pub channels: usize,
    /// Classes of the last layer.
    #[config(default = 10)]
    pub classes: usize,
}

impl LeNetConfig {
    /// A network with random weights, for images of 28x28 pixels.
    pub fn init(&self, device: &Device) -> LeNet {
        let relu = || AnyLayer::Relu(Relu::new());
        let pool = || AnyLayer::MaxPool2d(max_pool2d(2, 2, 0, false));
        let dense = |from, to| AnyLayer::Linear(linear(from, to, device));
        LeNet {
            features: vec![
                AnyLayer::Conv2d(conv2d([self.channels, 6], 5, 1, 2).init(device)),
                relu(),
                pool(),
                AnyLayer::Conv2d(conv2d([6, 16], 5, 1, 0).init(device)),
                relu(),
                pool(),
            ],
            classifier: vec![
                dense(16 * 5 * 5, 120),
                relu(),
                dense(120, 84),
                relu(),
                dense(84, self.classes),
            ],
        }
    }
}

/// LeNet-5; its layers go by `features.0` to `features.5` and `classifier.0` to `classifier.4`, of which
/// `classifier.3` gives 84 features.
///
/// LeCun et al., *Gradient-Based Learning Applied to Document Recognition*, 1998,
/// <http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf>; deviations: see the [module](self).
#[derive(Module, Debug)]
pub struct LeNet {
    features: Vec<AnyLayer>,
    classifier: Vec<AnyLayer>,
}

impl LeNet {
    /// A classifier of digits, white on black, from 0 to 9, scaled to 28x28 pixels. Its weights are part of the
    /// library: `cargo run --release --example 17_score -- --train FILE` trained it on MNIST's 60,000 training
    /// digits; it reads 99.35 % of the 10,000 test digits.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] if the weights cannot be used.
    pub fn digits(device: &Device) -> Result<Classifier<Self>, WeightsError> {
        let bytes = include_bytes!("lenet_mnist.safetensors");
        Classifier::from_bytes(LeNetConfig::new().init(device), bytes)
    }
}

impl Network for LeNet {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let mut layers = sequential("features", &self.features);
        layers.extend(sequential("classifier", &self.classifier));
        layers
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = device_of(&self);
        replace_head(&mut self.classifier, classes, &device);
        self
    }
}
