//! VGG: Karen Simonyan, Andrew Zisserman, *Very Deep Convolutional Networks for Large-Scale Image
//! Recognition*, 2015, <https://arxiv.org/abs/1409.1556>.
//!
//! Configurations A, B, D and E (11, 13, 16 and 19 layers with weights), without batch norm. As in
//! torchvision, an adaptive average pooling to 7x7 stands before the classifier, so that images
//! of any size from 32x32 pixels on are taken; at 224x224 it changes nothing.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::models::{Network, VggConfig};
//!
//! let vgg16 = VggConfig::vgg16().init(&Device::default()); // weights are drawn when they are used
//! assert_eq!(vgg16.summary(224, 224).parameters(), 138_357_544);
//! assert_eq!(vgg16.output_shape("features", [1, 3, 224, 224])?, [1, 512, 7, 7]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{DropoutConfig, Relu};
use burn::tensor::Device;

use super::layer::build::{conv2d, device_of, linear, max_pool2d};
use super::layer::{AnyLayer, NamedLayer, replace_head, sequential};
use super::network::Network;

/// Output channels of the five stages, before [`VggConfig::width_divisor`].
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

/// Configuration of a [`Vgg`]: table 1 of Simonyan and Zisserman, 2015.
#[derive(Config, Debug)]
pub struct VggConfig {
    /// Convolutions in each of the five stages; a max pooling ends every stage.
    pub convolutions: [usize; 5],
    /// Classes of the last fully connected layer; `None` builds the convolutions alone.
    #[config(default = "Some(1000)")]
    pub classes: Option<usize>,
    /// Divides every hidden channel count; 1 is the paper's network.
    #[config(default = 1)]
    pub width_divisor: usize,
}

impl VggConfig {
    /// Configuration A.
    pub fn vgg11() -> Self {
        Self::new([1, 1, 2, 2, 2])
    }

    /// Configuration B.
    pub fn vgg13() -> Self {
        Self::new([2, 2, 2, 2, 2])
    }

    /// Configuration D.
    pub fn vgg16() -> Self {
        Self::new([2, 2, 3, 3, 3])
    }

    /// Configuration E.
    pub fn vgg19() -> Self {
        Self::new([2, 2, 4, 4, 4])
    }

    /// A network with random weights.
    pub fn init(&self, device: &Device) -> Vgg {
        let mut features = Vec::new();
        let mut inputs = 3;
        for (channels, convolutions) in CHANNELS.into_iter().zip(self.convolutions) {
            for _ in 0..convolutions {
                let outputs = channels / self.width_divisor;
                features.push(AnyLayer::Conv2d(conv2d([inputs, outputs], 3, 1, 1).init(device)));
                features.push(AnyLayer::Relu(Relu::new()));
                inputs = outputs;
            }
            features.push(AnyLayer::MaxPool2d(max_pool2d(2, 2, 0, false)));
        }

        let hidden = 4096 / self.width_divisor;
        let linear = |from, to| AnyLayer::Linear(linear(from, to, device));
        let dropout = || AnyLayer::Dropout(DropoutConfig::new(0.5).init());
        let (avgpool, classifier) = match self.classes {
            None => (None, Vec::new()),
            Some(classes) => (
                Some(AdaptiveAvgPool2dConfig::new([7, 7]).init()),
                vec![
                    linear(inputs * 7 * 7, hidden),
                    AnyLayer::Relu(Relu::new()),
                    dropout(),
                    linear(hidden, hidden),
                    AnyLayer::Relu(Relu::new()),
                    dropout(),
                    linear(hidden, classes),
                ],
            ),
        };
        Vgg { features, avgpool, classifier }
    }
}

/// VGG, with torchvision's layer names: `features.0` to `features.30` and `classifier.0` to
/// `classifier.6` for VGG16, where `classifier.1` is the practical's relu6, `classifier.4` relu7.
///
/// Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*, 2015,
/// <https://arxiv.org/abs/1409.1556>; deviations: see the [module](self).
#[derive(Module, Debug)]
pub struct Vgg {
    features: Vec<AnyLayer>,
    avgpool: Option<AdaptiveAvgPool2d>,
    classifier: Vec<AnyLayer>,
}

impl Network for Vgg {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let mut layers = sequential("features", &self.features);
        layers.extend(self.avgpool.as_ref().map(|pool| NamedLayer::new("avgpool", pool)));
        layers.extend(sequential("classifier", &self.classifier));
        layers
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = device_of(&self);
        replace_head(&mut self.classifier, classes, &device);
        self
    }
}
