//! GoogLeNet: Christian Szegedy, Wei Liu, Yangqing Jia, Pierre Sermanet, Scott Reed, Dragomir
//! Anguelov, Dumitru Erhan, Vincent Vanhoucke, Andrew Rabinovich, *Going Deeper with Convolutions*,
//! 2014, <https://arxiv.org/abs/1409.4842>.
//!
//! In two forms. [`GoogLeNetVariant::Published`] is the paper's (and Caffe's) network: local response
//! normalization, no batch norm, a 5x5 branch. [`GoogLeNetVariant::Torchvision`] has batch norm after every
//! convolution, a 3x3 convolution in the branch the paper gives a 5x5 (a slip that torchvision keeps
//! for its weights' sake), a 2x2 fourth max pooling, and first undoes the ImageNet normalization in
//! favor of `2x - 1` (`transform_input`). The auxiliary heads serve training from scratch only and
//! are left out.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::models::googlenet::GoogLeNetVariant;
//! use foveate::models::{GoogLeNetConfig, Network};
//!
//! let network = GoogLeNetConfig::new(GoogLeNetVariant::Torchvision).init(&Device::default());
//! assert_eq!(network.summary(224, 224).parameters(), 6_624_904);
//! assert_eq!(network.output_shape("inception5b", [1, 3, 224, 224])?, [1, 1024, 7, 7]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, Relu};
use burn::tensor::{Device, Tensor};

use super::chain::Chain;
use super::layer::build::{conv2d, device_of, linear, max_pool2d};
use super::layer::{Layer, LocalResponseNorm, NamedLayer};
use super::network::Network;
use super::pass::Pass;

/// Which of the two GoogLeNets.
#[derive(Config, Debug, PartialEq, Eq, Copy)]
pub enum GoogLeNetVariant {
    /// The paper's network.
    Published,
    /// Torchvision's, with batch norm.
    Torchvision,
}

/// Configuration of a [`GoogLeNet`].
#[derive(Config, Debug)]
pub struct GoogLeNetConfig {
    /// The paper's form or torchvision's.
    pub variant: GoogLeNetVariant,
    /// Classes of the fully connected layer.
    #[config(default = 1000)]
    pub classes: usize,
    /// Divides every hidden channel count; 1 is the paper's network.
    #[config(default = 1)]
    pub width_divisor: usize,
}

impl GoogLeNetConfig {
    /// A network with random weights.
    pub fn init(&self, device: &Device) -> GoogLeNet {
        let variant = self.variant;
        let width = |channels: usize| channels / self.width_divisor;
        let conv = |channels, kernel, stride, padding| {
            Convolution::new(channels, kernel, stride, padding, variant, device)
        };
        // The rows of table 1: filters of 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
        let mut inputs = width(192);
        let mut inception = |filters: [usize; 6]| {
            let block = Inception::new(inputs, filters.map(width), variant, device);
            inputs = block.channels();
            block
        };
        let published = variant == GoogLeNetVariant::Published;
        let lrn = || published.then(LocalResponseNorm::new);
        let last_pool = if published { 3 } else { 2 };
        GoogLeNet {
            transform_input: (!published).then_some(TransformInput),
            conv1: conv([3, width(64)], 7, 2, 3),
            maxpool1: max_pool2d(3, 2, 0, true),
            lrn1: lrn(),
            conv2: conv([width(64); 2], 1, 1, 0),
            conv3: conv([width(64), width(192)], 3, 1, 1),
            lrn2: lrn(),
            maxpool2: max_pool2d(3, 2, 0, true),
            inception3a: inception([64, 96, 128, 16, 32, 32]),
            inception3b: inception([128, 128, 192, 32, 96, 64]),
            maxpool3: max_pool2d(3, 2, 0, true),
            inception4a: inception([192, 96, 208, 16, 48, 64]),
            inception4b: inception([160, 112, 224, 24, 64, 64]),
            inception4c: inception([128, 128, 256, 24, 64, 64]),
            inception4d: inception([112, 144, 288, 32, 64, 64]),
            inception4e: inception([256, 160, 320, 32, 128, 128]),
            maxpool4: max_pool2d(last_pool, 2, 0, true),
            inception5a: inception([256, 160, 320, 32, 128, 128]),
            inception5b: inception([384, 192, 384, 48, 128, 128]),
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            dropout: DropoutConfig::new(if published { 0.4 } else { 0.2 }).init(),
            fc: linear(width(1024), self.classes, device),
        }
    }
}

/// GoogLeNet, with torchvision's layer names: `conv1`, `maxpool1`, `conv2`, `conv3`, `maxpool2`,
/// `inception3a` to `inception5b`, `avgpool`, `dropout`, `fc`; and `transform_input` (torchvision's
/// variant) or `lrn1`, `lrn2` (the published variant).
///
/// Szegedy et al., *Going Deeper with Convolutions*, 2014, <https://arxiv.org/abs/1409.4842>; the two forms: see the
/// [module](self).
#[derive(Module, Debug)]
pub struct GoogLeNet {
    transform_input: Option<TransformInput>,
    conv1: Convolution,
    maxpool1: MaxPool2d,
    lrn1: Option<LocalResponseNorm>,
    conv2: Convolution,
    conv3: Convolution,
    lrn2: Option<LocalResponseNorm>,
    maxpool2: MaxPool2d,
    inception3a: Inception,
    inception3b: Inception,
    maxpool3: MaxPool2d,
    inception4a: Inception,
    inception4b: Inception,
    inception4c: Inception,
    inception4d: Inception,
    inception4e: Inception,
    maxpool4: MaxPool2d,
    inception5a: Inception,
    inception5b: Inception,
    avgpool: AdaptiveAvgPool2d,
    dropout: Dropout,
    fc: Linear,
}

impl Network for GoogLeNet {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        fn layer<L: Layer>(layer: &L) -> Option<&dyn Layer> {
            Some(layer)
        }
        fn option<L: Layer>(layer: &Option<L>) -> Option<&dyn Layer> {
            layer.as_ref().map(|layer| layer as &dyn Layer)
        }
        [
            ("transform_input", option(&self.transform_input)),
            ("conv1", layer(&self.conv1)),
            ("maxpool1", layer(&self.maxpool1)),
            ("lrn1", option(&self.lrn1)),
            ("conv2", layer(&self.conv2)),
            ("conv3", layer(&self.conv3)),
            ("lrn2", option(&self.lrn2)),
            ("maxpool2", layer(&self.maxpool2)),
            ("inception3a", layer(&self.inception3a)),
            ("inception3b", layer(&self.inception3b)),
            ("maxpool3", layer(&self.maxpool3)),
            ("inception4a", layer(&self.inception4a)),
            ("inception4b", layer(&self.inception4b)),
            ("inception4c", layer(&self.inception4c)),
            ("inception4d", layer(&self.inception4d)),
            ("inception4e", layer(&self.inception4e)),
            ("maxpool4", layer(&self.maxpool4)),
            ("inception5a", layer(&self.inception5a)),
            ("inception5b", layer(&self.inception5b)),
            ("avgpool", layer(&self.avgpool)),
            ("dropout", layer(&self.dropout)),
            ("fc", layer(&self.fc)),
        ]
        .into_iter()
        .filter_map(|(name, layer)| Some(NamedLayer::new(name, layer?)))
        .collect()
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let [channels, _] = self.fc.weight.lazy_shape().dims::<2>();
        self.fc = linear(channels, classes, &device_of(&self));
        self
    }
}

/// From the ImageNet normalization back to pixels, and to `2 * pixels - 1`, the normalization that
/// torchvision's weights were trained with.
#[derive(Module, Debug, Default)]
pub struct TransformInput;

impl Layer for TransformInput {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let device = input.device();
        let scale = [0.229 / 0.5, 0.224 / 0.5, 0.225 / 0.5];
        let shift = [(0.485 - 0.5) / 0.5, (0.456 - 0.5) / 0.5, (0.406 - 0.5) / 0.5];
        let channels =
            |values: [f64; 3]| Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]);
        pass.elementwise(input.clone(), input * channels(scale) + channels(shift))
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        input
    }

    fn multiply_adds(&self, _: [usize; 4]) -> u64 {
        0
    }

    fn parameters(&self) -> usize {
        0
    }

    fn describe(&self) -> String {
        "x * std / 0.5 + (mean - 0.5) / 0.5".into()
    }
}

/// A convolution with its ReLU: the paper's, with a bias, or torchvision's `BasicConv2d`, with batch
/// norm.
#[derive(Module, Debug)]
enum Convolution {
    Plain(Conv2d),
    Normalized(BasicConv2d),
}

#[derive(Module, Debug)]
struct BasicConv2d {
    conv: Conv2d,
    bn: BatchNorm,
}

impl Convolution {
    fn new(
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        padding: usize,
        variant: GoogLeNetVariant,
        device: &Device,
    ) -> Self {
        let conv = conv2d(channels, kernel, stride, padding);
        match variant {
            GoogLeNetVariant::Published => Self::Plain(conv.init(device)),
            GoogLeNetVariant::Torchvision => Self::Normalized(BasicConv2d {
                conv: conv.with_bias(false).init(device),
                bn: BatchNormConfig::new(channels[1]).with_epsilon(1e-3).init(device),
            }),
        }
    }

    fn layers(&self) -> Chain<'_> {
        match self {
            Self::Plain(conv) => Chain::new([conv as &dyn Layer, &Relu]),
            Self::Normalized(unit) => Chain::new([&unit.conv as &dyn Layer, &unit.bn, &Relu]),
        }
    }
}

impl Layer for Convolution {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        self.layers().forward_with(input, pass)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        self.layers().output_shape(input)
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        self.layers().multiply_adds(input)
    }

    fn parameters(&self) -> usize {
        self.layers().parameters()
    }

    fn describe(&self) -> String {
        match self {
            Self::Plain(conv) => conv.describe(),
            Self::Normalized(unit) => unit.conv.describe(),
        }
    }
}

/// The inception module, figure 2b: four branches side by side, their channels concatenated.
#[derive(Module, Debug)]
struct Inception {
    branch1: Convolution,
    branch2: (Convolution, Convolution),
    branch3: (Convolution, Convolution),
    branch4: (MaxPool2d, Convolution),
}

impl Inception {
    fn new(
        inputs: usize,
        [one, reduce3, three, reduce5, five, projection]: [usize; 6],
        variant: GoogLeNetVariant,
        device: &Device,
    ) -> Self {
        let conv = |channels, kernel: usize| {
            Convolution::new(channels, kernel, 1, kernel / 2, variant, device)
        };
        let five_kernel = match variant {
            GoogLeNetVariant::Published => 5,
            GoogLeNetVariant::Torchvision => 3,
        };
        Self {
            branch1: conv([inputs, one], 1),
            branch2: (conv([inputs, reduce3], 1), conv([reduce3, three], 3)),
            branch3: (conv([inputs, reduce5], 1), conv([reduce5, five], five_kernel)),
            branch4: (max_pool2d(3, 1, 1, true), conv([inputs, projection], 1)),
        }
    }

    fn branches(&self) -> [Chain<'_>; 4] {
        let Self { branch1, branch2, branch3, branch4 } = self;
        [
            Chain::new([branch1 as &dyn Layer]),
            Chain::new([&branch2.0 as &dyn Layer, &branch2.1]),
            Chain::new([&branch3.0 as &dyn Layer, &branch3.1]),
            Chain::new([&branch4.0 as &dyn Layer, &branch4.1]),
        ]
    }

    fn channels(&self) -> usize {
        self.output_shape([1, 0, 1, 1])[1]
    }
}

impl Layer for Inception {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let branches = self.branches().map(|branch| branch.forward_with(input.clone(), pass));
        Tensor::cat(branches.into(), 1)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        let [n, _, h, w] = input;
        let channels = self.branches().map(|branch| branch.output_shape(input)[1]);
        [n, channels.into_iter().sum(), h, w]
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        self.branches().iter().map(|branch| branch.multiply_adds(input)).sum()
    }

    fn parameters(&self) -> usize {
        self.branches().iter().map(Layer::parameters).sum()
    }

    fn describe(&self) -> String {
        format!("Inception({} channels)", self.channels())
    }
}
