//! ResNet: Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun, *Deep Residual Learning for Image
//! Recognition*, 2015, <https://arxiv.org/abs/1512.03385>.
//!
//! ResNet18 and ResNet34: the networks of table 1 that are built of the two-convolution block, with
//! projection shortcuts (option B) where the shape changes, as in torchvision.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::models::{Network, ResNetConfig};
//!
//! let network = ResNetConfig::resnet18().init(&Device::default());
//! assert_eq!(network.summary(224, 224).parameters(), 11_689_512);
//! assert_eq!(network.output_shape("layer4", [1, 3, 224, 224])?, [1, 512, 7, 7]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, Relu};
use burn::tensor::{Device, Tensor};

use super::chain::Chain;
use super::layer::build::{conv2d, device_of, linear, max_pool2d};
use super::layer::{Layer, NamedLayer};
use super::network::Network;
use super::pass::Pass;

/// Configuration of a [`ResNet`].
#[derive(Config, Debug)]
pub struct ResNetConfig {
    /// Basic blocks in each of the four stages.
    pub blocks: [usize; 4],
    /// Classes of the fully connected layer; `None` builds the stages alone.
    #[config(default = "Some(1000)")]
    pub classes: Option<usize>,
    /// Divides every hidden channel count; 1 is the paper's network.
    #[config(default = 1)]
    pub width_divisor: usize,
}

impl ResNetConfig {
    /// 18 layers with weights.
    pub fn resnet18() -> Self {
        Self::new([2, 2, 2, 2])
    }

    /// 34 layers with weights.
    pub fn resnet34() -> Self {
        Self::new([3, 4, 6, 3])
    }

    /// A network with random weights.
    ///
    /// # Panics
    ///
    /// If a network with a head lacks a stage.
    pub fn init(&self, device: &Device) -> ResNet {
        let whole = self.blocks.iter().all(|&blocks| blocks > 0);
        assert!(whole || self.classes.is_none(), "the head needs all four stages");
        let width = 64 / self.width_divisor;
        let stage = |i: usize| -> Vec<BasicBlock> {
            let outputs = width << i;
            let block = |j| match (i, j) {
                (0, _) => BasicBlock::new([width, width], 1, device),
                (_, 0) => BasicBlock::new([outputs / 2, outputs], 2, device),
                _ => BasicBlock::new([outputs, outputs], 1, device),
            };
            (0..self.blocks[i]).map(block).collect()
        };
        ResNet {
            conv1: conv2d([3, width], 7, 2, 3).with_bias(false).init(device),
            bn1: BatchNormConfig::new(width).init(device),
            relu: Relu::new(),
            maxpool: max_pool2d(3, 2, 1, false),
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            avgpool: self.classes.map(|_| AdaptiveAvgPool2dConfig::new([1, 1]).init()),
            fc: self.classes.map(|classes| linear(width * 8, classes, device)),
        }
    }
}

/// ResNet, with torchvision's layer names: `conv1`, `bn1`, `relu`, `maxpool`, `layer1.0` to
/// `layer4.1` (for ResNet18), `avgpool`, `fc`.
///
/// He et al., *Deep Residual Learning for Image Recognition*, 2015, <https://arxiv.org/abs/1512.03385>; deviations:
/// see the [module](self).
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    relu: Relu,
    maxpool: MaxPool2d,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    avgpool: Option<AdaptiveAvgPool2d>,
    fc: Option<Linear>,
}

impl Network for ResNet {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let mut layers = vec![
            NamedLayer::new("conv1", &self.conv1),
            NamedLayer::new("bn1", &self.bn1),
            NamedLayer::new("relu", &self.relu),
            NamedLayer::new("maxpool", &self.maxpool),
        ];
        let stages = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        for (i, stage) in stages.into_iter().enumerate() {
            for (j, block) in stage.iter().enumerate() {
                layers.push(NamedLayer::new(format!("layer{}.{j}", i + 1), block));
            }
        }
        layers.extend(self.avgpool.as_ref().map(|pool| NamedLayer::new("avgpool", pool)));
        layers.extend(self.fc.as_ref().map(|fc| NamedLayer::new("fc", fc)));
        layers
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = device_of(&self);
        let head = self.fc.as_mut().expect("this ResNet was built without a head");
        let [channels, _] = head.weight.lazy_shape().dims::<2>();
        *head = linear(channels, classes, &device);
        self
    }
}

/// Two 3x3 convolutions and a shortcut, `relu(F(x) + x)`: figure 2 of He et al., 2015.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl BasicBlock {
    /// A block with random weights, from `inputs` to `outputs` channels, whose first convolution has this stride; the
    /// shortcut projects (1x1 convolution and batch norm) where the shape changes.
    pub fn new([inputs, outputs]: [usize; 2], stride: usize, device: &Device) -> Self {
        let conv = |inputs, kernel, stride, padding| {
            conv2d([inputs, outputs], kernel, stride, padding).with_bias(false).init(device)
        };
        let norm = || BatchNormConfig::new(outputs).init(device);
        Self {
            conv1: conv(inputs, 3, stride, 1),
            bn1: norm(),
            conv2: conv(outputs, 3, 1, 1),
            bn2: norm(),
            downsample: (inputs != outputs || stride > 1)
                .then(|| (conv(inputs, 1, stride, 0), norm())),
        }
    }
    /// F.
    fn residue(&self) -> Chain<'_> {
        let Self { conv1, bn1, conv2, bn2, .. } = self;
        Chain::new([conv1 as &dyn Layer, bn1, &Relu, conv2, bn2])
    }

    fn shortcut(&self) -> Chain<'_> {
        match &self.downsample {
            Some((conv, norm)) => Chain::new([conv as &dyn Layer, norm]),
            None => Chain::new([]),
        }
    }
}

impl Layer for BasicBlock {
    fn forward_with(&self, input: Tensor<4>, pass: &Pass<'_>) -> Tensor<4> {
        let shortcut = self.shortcut().forward_with(input.clone(), pass);
        pass.relu(self.residue().forward_with(input, pass) + shortcut)
    }

    fn output_shape(&self, input: [usize; 4]) -> [usize; 4] {
        self.residue().output_shape(input)
    }

    fn multiply_adds(&self, input: [usize; 4]) -> u64 {
        self.residue().multiply_adds(input) + self.shortcut().multiply_adds(input)
    }

    fn parameters(&self) -> usize {
        self.residue().parameters() + self.shortcut().parameters()
    }

    fn describe(&self) -> String {
        let [outputs, inputs, ..] = self.conv1.weight.lazy_shape().dims::<4>();
        format!("BasicBlock({inputs}, {outputs}, stride {})", self.conv1.stride[0])
    }
}
