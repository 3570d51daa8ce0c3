//! The networks of burn's own layers and nothing else: what a user of burn writes down.

use foveate::burn::nn::conv::Conv2dConfig;
use foveate::burn::nn::pool::{AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use foveate::burn::nn::{BatchNormConfig, LinearConfig, PaddingConfig2d};
use foveate::burn::tensor::activation::relu;
use foveate::burn::tensor::{Device, Tensor};
use foveate::models::Architecture;

/// Logits of images.
pub type Forward = Box<dyn Fn(Tensor<4>) -> Tensor<2>>;

/// Activations to activations.
type Step = Box<dyn Fn(Tensor<4>) -> Tensor<4>>;

/// The network with random weights that are not trained.
pub fn network(architecture: Architecture, device: &Device) -> Forward {
    // The weights are plain on an autodiff device, too.
    let build = Build { device: device.clone().inner() };
    let network = match architecture {
        Architecture::Vgg16 => build.vgg16(),
        Architecture::ResNet18 => build.resnet18(),
        Architecture::SqueezeNet1_1 => build.squeezenet1_1(),
        Architecture::GoogLeNet => build.googlenet(),
        other => unreachable!("no row has {other}"),
    };
    Box::new(move |images| network(images).flatten(1, 3))
}

fn chain(steps: Vec<Step>) -> Step {
    Box::new(move |input| steps.iter().fold(input, |hidden, step| step(hidden)))
}

fn side_by_side(steps: Vec<Step>) -> Step {
    Box::new(move |input| Tensor::cat(steps.iter().map(|step| step(input.clone())).collect(), 1))
}

fn activation() -> Step {
    Box::new(relu)
}

fn pool(kernel: usize, stride: usize, padding: usize, ceil: bool) -> Step {
    let pool = MaxPool2dConfig::new([kernel; 2])
        .with_strides([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_ceil_mode(ceil)
        .init();
    Box::new(move |input| pool.forward(input))
}

fn average() -> Step {
    let pool = AdaptiveAvgPool2dConfig::new([1, 1]).init();
    Box::new(move |input| pool.forward(input))
}

struct Build {
    device: Device,
}

impl Build {
    fn conv(
        &self,
        [i, o]: [usize; 2],
        kernel: usize,
        stride: usize,
        padding: usize,
        bias: bool,
    ) -> Step {
        let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
        let conv = Conv2dConfig::new([i, o], [kernel; 2])
            .with_stride([stride; 2])
            .with_padding(padding)
            .with_bias(bias)
            .init(&self.device);
        Box::new(move |input| conv.forward(input))
    }

    /// A convolution that keeps the size, and ReLU.
    fn conv_relu(&self, channels: [usize; 2], kernel: usize) -> Step {
        chain(vec![self.conv(channels, kernel, 1, kernel / 2, true), activation()])
    }

    /// A convolution and batch norm.
    fn conv_norm(&self, channels: [usize; 2], kernel: usize, stride: usize) -> Step {
        let norm = BatchNormConfig::new(channels[1]).init(&self.device);
        let conv = self.conv(channels, kernel, stride, kernel / 2, false);
        Box::new(move |input| norm.forward(conv(input)))
    }

    fn conv_norm_relu(&self, channels: [usize; 2], kernel: usize, stride: usize) -> Step {
        chain(vec![self.conv_norm(channels, kernel, stride), activation()])
    }

    fn linear(&self, inputs: usize, outputs: usize) -> Step {
        let linear = LinearConfig::new(inputs, outputs).init(&self.device);
        Box::new(move |input| {
            let output: Tensor<2> = linear.forward(input.flatten(1, 3));
            output.unsqueeze_dims(&[2, 3])
        })
    }

    fn vgg16(&self) -> Step {
        let mut steps = Vec::new();
        let mut inputs = 3;
        for (outputs, convolutions) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
            for _ in 0..convolutions {
                steps.push(self.conv_relu([inputs, outputs], 3));
                inputs = outputs;
            }
            steps.push(pool(2, 2, 0, false));
        }
        steps.extend([self.linear(512 * 7 * 7, 4096), activation()]);
        steps.extend([self.linear(4096, 4096), activation(), self.linear(4096, 1000)]);
        chain(steps)
    }

    fn resnet18(&self) -> Step {
        let mut steps = vec![self.conv_norm_relu([3, 64], 7, 2), pool(3, 2, 1, false)];
        let mut inputs = 64;
        for (outputs, stride) in
            [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]
        {
            let residual = chain(vec![
                self.conv_norm_relu([inputs, outputs], 3, stride),
                self.conv_norm([outputs, outputs], 3, 1),
            ]);
            let shortcut = (stride != 1).then(|| self.conv_norm([inputs, outputs], 1, stride));
            steps.push(Box::new(move |input| {
                let shortcut = match &shortcut {
                    Some(step) => step(input.clone()),
                    None => input.clone(),
                };
                relu(residual(input) + shortcut)
            }));
            inputs = outputs;
        }
        steps.extend([average(), self.linear(512, 1000)]);
        chain(steps)
    }

    fn squeezenet1_1(&self) -> Step {
        let fire = |inputs, squeeze, expand| {
            let expand1 = self.conv_relu([squeeze, expand], 1);
            let expand3 = self.conv_relu([squeeze, expand], 3);
            chain(vec![self.conv_relu([inputs, squeeze], 1), side_by_side(vec![expand1, expand3])])
        };
        chain(vec![
            self.conv([3, 64], 3, 2, 0, true),
            activation(),
            pool(3, 2, 0, true),
            fire(64, 16, 64),
            fire(128, 16, 64),
            pool(3, 2, 0, true),
            fire(128, 32, 128),
            fire(256, 32, 128),
            pool(3, 2, 0, true),
            fire(256, 48, 192),
            fire(384, 48, 192),
            fire(384, 64, 256),
            fire(512, 64, 256),
            self.conv_relu([512, 1000], 1),
            average(),
        ])
    }

    fn googlenet(&self) -> Step {
        let conv = |inputs, outputs, kernel| self.conv_norm_relu([inputs, outputs], kernel, 1);
        let inception =
            |inputs, one, [reduce, three]: [usize; 2], [less, five]: [usize; 2], last| {
                side_by_side(vec![
                    conv(inputs, one, 1),
                    chain(vec![conv(inputs, reduce, 1), conv(reduce, three, 3)]),
                    // 3x3, as torchvision has it.
                    chain(vec![conv(inputs, less, 1), conv(less, five, 3)]),
                    chain(vec![pool(3, 1, 1, false), conv(inputs, last, 1)]),
                ])
            };
        chain(vec![
            self.conv_norm_relu([3, 64], 7, 2),
            pool(3, 2, 0, true),
            conv(64, 64, 1),
            conv(64, 192, 3),
            pool(3, 2, 0, true),
            inception(192, 64, [96, 128], [16, 32], 32),
            inception(256, 128, [128, 192], [32, 96], 64),
            pool(3, 2, 0, true),
            inception(480, 192, [96, 208], [16, 48], 64),
            inception(512, 160, [112, 224], [24, 64], 64),
            inception(512, 128, [128, 256], [24, 64], 64),
            inception(512, 112, [144, 288], [32, 64], 64),
            inception(528, 256, [160, 320], [32, 128], 128),
            pool(2, 2, 0, true),
            inception(832, 256, [160, 320], [32, 128], 128),
            inception(832, 384, [192, 384], [48, 128], 128),
            average(),
            self.linear(1024, 1000),
        ])
    }
}
