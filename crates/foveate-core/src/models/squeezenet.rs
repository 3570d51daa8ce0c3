//! SqueezeNet: Forrest N. Iandola, Song Han, Matthew W. Moskewicz, Khalid Ashraf, William J. Dally,
//! Kurt Keutzer, *SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model
//! size*, 2016, <https://arxiv.org/abs/1602.07360>.
//!
//! Version 1.0 is the paper's; 1.1 (by the authors, 2.4 times less computation at the same
//! accuracy) starts with 3x3 instead of 7x7 filters and pools earlier.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::models::squeezenet::SqueezeNetVersion;
//! use foveate::models::{Network, SqueezeNetConfig};
//!
//! let network = SqueezeNetConfig::new(SqueezeNetVersion::V1_1).init(&Device::default());
//! assert_eq!(network.summary(224, 224).parameters(), 1_235_496); // VGG16 has 112 times as many
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::pool::AdaptiveAvgPool2dConfig;
use burn::nn::{DropoutConfig, Relu};
use burn::tensor::Device;

use super::layer::build::{conv2d, device_of, max_pool2d};
use super::layer::{AnyLayer, Fire, NamedLayer, sequential};
use super::network::Network;

/// Which of the two SqueezeNets.
#[derive(Config, Debug, PartialEq, Eq, Copy)]
pub enum SqueezeNetVersion {
    /// The paper's network.
    V1_0,
    /// Its faster successor.
    V1_1,
}

/// Configuration of a [`SqueezeNet`].
#[derive(Config, Debug)]
pub struct SqueezeNetConfig {
    /// Version 1.0 or 1.1.
    pub version: SqueezeNetVersion,
    /// Classes of the last convolution.
    #[config(default = 1000)]
    pub classes: usize,
    /// Divides every hidden channel count; 1 is the paper's network.
    #[config(default = 1)]
    pub width_divisor: usize,
}

impl SqueezeNetConfig {
    /// A network with random weights.
    pub fn init(&self, device: &Device) -> SqueezeNet {
        let width = |channels: usize| channels / self.width_divisor;
        let relu = || AnyLayer::Relu(Relu::new());
        let pool = || AnyLayer::MaxPool2d(max_pool2d(3, 2, 0, true));
        // Table 1: squeeze 1x1 filters, and expand filters of each size.
        let fire = |inputs, squeeze, expand| {
            AnyLayer::Fire(Fire::new(width(inputs), width(squeeze), width(expand), device))
        };
        let (kernel, channels) = match self.version {
            SqueezeNetVersion::V1_0 => (7, 96),
            SqueezeNetVersion::V1_1 => (3, 64),
        };
        let first = AnyLayer::Conv2d(conv2d([3, width(channels)], kernel, 2, 0).init(device));
        let features = match self.version {
            SqueezeNetVersion::V1_0 => vec![
                first,
                relu(),
                pool(),
                fire(96, 16, 64),
                fire(128, 16, 64),
                fire(128, 32, 128),
                pool(),
                fire(256, 32, 128),
                fire(256, 48, 192),
                fire(384, 48, 192),
                fire(384, 64, 256),
                pool(),
                fire(512, 64, 256),
            ],
            SqueezeNetVersion::V1_1 => vec![
                first,
                relu(),
                pool(),
                fire(64, 16, 64),
                fire(128, 16, 64),
                pool(),
                fire(128, 32, 128),
                fire(256, 32, 128),
                pool(),
                fire(256, 48, 192),
                fire(384, 48, 192),
                fire(384, 64, 256),
                fire(512, 64, 256),
            ],
        };
        let classifier = vec![
            AnyLayer::Dropout(DropoutConfig::new(0.5).init()),
            AnyLayer::Conv2d(conv2d([width(512), self.classes], 1, 1, 0).init(device)),
            relu(),
            AnyLayer::AdaptiveAvgPool2d(AdaptiveAvgPool2dConfig::new([1, 1]).init()),
        ];
        SqueezeNet { features, classifier }
    }
}

/// SqueezeNet, with torchvision's layer names: `features.0` to `features.12` and `classifier.0` to
/// `classifier.3`.
///
/// Iandola et al., *SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size*, 2016,
/// <https://arxiv.org/abs/1602.07360>; the two versions: see the [module](self).
#[derive(Module, Debug)]
pub struct SqueezeNet {
    features: Vec<AnyLayer>,
    classifier: Vec<AnyLayer>,
}

impl Network for SqueezeNet {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let mut layers = sequential("features", &self.features);
        layers.extend(sequential("classifier", &self.classifier));
        layers
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = device_of(&self);
        let Some(AnyLayer::Conv2d(head)) = self.classifier.get_mut(1) else {
            unreachable!("classifier.1 is a convolution in every SqueezeNet");
        };
        let [_, channels, ..] = head.weight.lazy_shape().dims::<4>();
        *head = conv2d([channels, classes], 1, 1, 0).init(&device);
        self
    }
}
