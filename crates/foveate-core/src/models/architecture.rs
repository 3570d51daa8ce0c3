//! The networks by name, for programs that choose one at run time.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::Device;

use super::googlenet::{self, GoogLeNet, GoogLeNetConfig};
use super::layer::NamedLayer;
use super::layer::build::device_of;
use super::network::Network;
use super::resnet::{ResNet, ResNetConfig};
use super::squeezenet::{self, SqueezeNet, SqueezeNetConfig};
use super::vgg::{Vgg, VggConfig};

/// The networks that have pretrained weights of ImageNet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Architecture {
    /// VGG, configuration A: 11 layers with weights.
    Vgg11,
    /// VGG, configuration B: 13 layers with weights.
    Vgg13,
    /// VGG, configuration D: 16 layers with weights.
    Vgg16,
    /// VGG, configuration E: 19 layers with weights.
    Vgg19,
    /// VGG16's convolutions alone.
    Vgg16Features,
    /// SqueezeNet as published.
    SqueezeNet1_0,
    /// SqueezeNet's successor, with 2.4 times less computation.
    SqueezeNet1_1,
    /// ResNet: 18 layers with weights.
    ResNet18,
    /// ResNet: 34 layers with weights.
    ResNet34,
    /// ResNet18 up to and with its third stage.
    ResNet18Layer3,
    /// GoogLeNet as torchvision builds it.
    GoogLeNet,
    /// GoogLeNet as published.
    GoogLeNetPublished,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Vgg11,
        Self::Vgg13,
        Self::Vgg16,
        Self::Vgg19,
        Self::Vgg16Features,
        Self::SqueezeNet1_0,
        Self::SqueezeNet1_1,
        Self::ResNet18,
        Self::ResNet34,
        Self::ResNet18Layer3,
        Self::GoogLeNet,
        Self::GoogLeNetPublished,
    ];

    /// The name in torchvision's manner: `vgg16`, `squeezenet1_1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vgg11 => "vgg11",
            Self::Vgg13 => "vgg13",
            Self::Vgg16 => "vgg16",
            Self::Vgg19 => "vgg19",
            Self::Vgg16Features => "vgg16_features",
            Self::SqueezeNet1_0 => "squeezenet1_0",
            Self::SqueezeNet1_1 => "squeezenet1_1",
            Self::ResNet18 => "resnet18",
            Self::ResNet34 => "resnet34",
            Self::ResNet18Layer3 => "resnet18_layer3",
            Self::GoogLeNet => "googlenet",
            Self::GoogLeNetPublished => "googlenet_published",
        }
    }

    /// Whether the network ends in class scores.
    pub fn classifies(self) -> bool {
        !matches!(self, Self::Vgg16Features | Self::ResNet18Layer3)
    }

    /// Which network this is, with any number of classes; none if it is not of full width.
    pub fn of(network: &AnyNetwork) -> Option<Self> {
        let found = network.summary(224, 224);
        let classes = found.layers.last()?.output_shape[1];
        Self::ALL.into_iter().find(|architecture| {
            let mut whole = architecture.init(&device_of(network));
            if architecture.classifies() && classes > 0 {
                whole = whole.with_classes(classes);
            }
            whole.summary(224, 224) == found
        })
    }

    /// The layer whose maps class activation maps weight (see [`Cam`](crate::explain::Cam)): the last with height and width.
    pub fn cam_layer(self) -> &'static str {
        match self {
            Self::ResNet18 | Self::ResNet34 => "layer4",
            Self::ResNet18Layer3 => "layer3",
            Self::GoogLeNet | Self::GoogLeNetPublished => "inception5b",
            _ => "features",
        }
    }

    /// The network for ImageNet's 1,000 classes with random weights.
    pub fn init(self, device: &Device) -> AnyNetwork {
        self.init_with_width_divisor(1, device)
    }

    /// The same with every hidden channel count divided by `width_divisor`: small, for tests and tries.
    ///
    /// # Panics
    ///
    /// If `width_divisor` leaves a layer without channels.
    pub fn init_with_width_divisor(self, width_divisor: usize, device: &Device) -> AnyNetwork {
        let vgg = |config: VggConfig| {
            AnyNetwork::Vgg(config.with_width_divisor(width_divisor).init(device))
        };
        let squeezenet = |version| {
            let config = SqueezeNetConfig::new(version).with_width_divisor(width_divisor);
            AnyNetwork::SqueezeNet(config.init(device))
        };
        let resnet = |config: ResNetConfig| {
            AnyNetwork::ResNet(config.with_width_divisor(width_divisor).init(device))
        };
        let googlenet = |variant| {
            AnyNetwork::GoogLeNet(
                GoogLeNetConfig::new(variant).with_width_divisor(width_divisor).init(device),
            )
        };
        match self {
            Self::Vgg11 => vgg(VggConfig::vgg11()),
            Self::Vgg13 => vgg(VggConfig::vgg13()),
            Self::Vgg16 => vgg(VggConfig::vgg16()),
            Self::Vgg19 => vgg(VggConfig::vgg19()),
            Self::Vgg16Features => vgg(VggConfig::vgg16().with_classes(None)),
            Self::SqueezeNet1_0 => squeezenet(squeezenet::SqueezeNetVersion::V1_0),
            Self::SqueezeNet1_1 => squeezenet(squeezenet::SqueezeNetVersion::V1_1),
            Self::ResNet18 => resnet(ResNetConfig::resnet18()),
            Self::ResNet34 => resnet(ResNetConfig::resnet34()),
            Self::ResNet18Layer3 => resnet(ResNetConfig::new([2, 2, 2, 0]).with_classes(None)),
            Self::GoogLeNet => googlenet(googlenet::GoogLeNetVariant::Torchvision),
            Self::GoogLeNetPublished => googlenet(googlenet::GoogLeNetVariant::Published),
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No architecture has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no network is named `{name}`; there are {}", Architecture::ALL.map(Architecture::name).join(", "))]
#[non_exhaustive]
pub struct UnknownArchitecture {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|architecture| architecture.name() == name);
        found.ok_or_else(|| UnknownArchitecture { name: name.into() })
    }
}

/// Any of the networks, chosen at run time.
#[derive(Module, Debug)]
#[non_exhaustive]
pub enum AnyNetwork {
    /// Any VGG.
    Vgg(Vgg),
    /// SqueezeNet 1.0 or 1.1.
    SqueezeNet(SqueezeNet),
    /// Any ResNet.
    ResNet(ResNet),
    /// GoogLeNet, torchvision's or as published.
    GoogLeNet(GoogLeNet),
}

impl Network for AnyNetwork {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        match self {
            Self::Vgg(network) => network.layers(),
            Self::SqueezeNet(network) => network.layers(),
            Self::ResNet(network) => network.layers(),
            Self::GoogLeNet(network) => network.layers(),
        }
    }

    fn with_classes(self, classes: usize) -> Self {
        match self {
            Self::Vgg(network) => Self::Vgg(network.with_classes(classes)),
            Self::SqueezeNet(network) => Self::SqueezeNet(network.with_classes(classes)),
            Self::ResNet(network) => Self::ResNet(network.with_classes(classes)),
            Self::GoogLeNet(network) => Self::GoogLeNet(network.with_classes(classes)),
        }
    }
}
