//! DCGAN: Alec Radford, Luke Metz, Soumith Chintala, *Unsupervised Representation Learning with
//! Deep Convolutional Generative Adversarial Networks*, 2016, <https://arxiv.org/abs/1511.06434>,
//! in the layout of PyTorch's example, for one channel of 32x32; and the same conditioned on a
//! class, which both networks see as one-hot channels (Mehdi Mirza, Simon Osindero, *Conditional
//! Generative Adversarial Nets*, 2014, <https://arxiv.org/abs/1411.1784>).

use foveate::burn::module::Module;
use foveate::burn::nn::conv::{Conv2d, ConvTranspose2d};
use foveate::burn::nn::{BatchNorm, BatchNormConfig};
use foveate::burn::optim::{GradientsParams, ModuleOptimizer};
use foveate::burn::tensor::activation::tanh;
use foveate::burn::tensor::{Device, Distribution, Tensor};
use foveate::models::Layer;
use foveate::ops::Activation;

use crate::layers::{adam, binary_cross_entropy, conv_transpose2d, conv2d};

const LATENT: usize = 100;
const LEARNING_RATE: f64 = 2e-4;

#[derive(Module, Debug)]
struct Generator {
    conv1: ConvTranspose2d,
    bn1: BatchNorm,
    conv2: ConvTranspose2d,
    bn2: BatchNorm,
    conv3: ConvTranspose2d,
    bn3: BatchNorm,
    conv4: ConvTranspose2d,
}

impl Generator {
    fn new(inputs: usize, width: usize, device: &Device) -> Self {
        let norm = |channels| BatchNormConfig::new(channels).init(device);
        Self {
            conv1: conv_transpose2d([inputs, 4 * width], 1, 0, device),
            bn1: norm(4 * width),
            conv2: conv_transpose2d([4 * width, 2 * width], 2, 1, device),
            bn2: norm(2 * width),
            conv3: conv_transpose2d([2 * width, width], 2, 1, device),
            bn3: norm(width),
            conv4: conv_transpose2d([width, 1], 2, 1, device),
        }
    }

    /// Pictures `[n, 1, 32, 32]` of `[n, inputs, 1, 1]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let relu = Activation::Relu;
        let hidden = self.bn1.forward_activated(Layer::forward(&self.conv1, input), relu);
        let hidden = self.bn2.forward_activated(Layer::forward(&self.conv2, hidden), relu);
        let hidden = self.bn3.forward_activated(Layer::forward(&self.conv3, hidden), relu);
        tanh(Layer::forward(&self.conv4, hidden))
    }
}

#[derive(Module, Debug)]
struct Discriminator {
    conv1: Conv2d,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Conv2d,
    bn3: BatchNorm,
    conv4: Conv2d,
}

impl Discriminator {
    fn new(inputs: usize, width: usize, device: &Device) -> Self {
        let norm = |channels| BatchNormConfig::new(channels).init(device);
        let conv = |inputs, outputs, stride, padding| {
            conv2d([inputs, outputs], 4, stride, padding).with_bias(false).init(device)
        };
        Self {
            conv1: conv(inputs, width, 2, 1),
            conv2: conv(width, 2 * width, 2, 1),
            bn2: norm(2 * width),
            conv3: conv(2 * width, 4 * width, 2, 1),
            bn3: norm(4 * width),
            conv4: conv(4 * width, 1, 1, 0),
        }
    }

    /// Logits `[n, 1, 1, 1]` of `[n, inputs, 32, 32]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let leaky = Activation::LeakyRelu(0.2);
        let hidden = self.conv1.forward_activated(input, leaky);
        let hidden = self.bn2.forward_activated(Layer::forward(&self.conv2, hidden), leaky);
        let hidden = self.bn3.forward_activated(Layer::forward(&self.conv3, hidden), leaky);
        Layer::forward(&self.conv4, hidden)
    }
}

/// The two networks in training, and their data.
pub struct Training {
    generator: Option<Generator>,
    discriminator: Option<Discriminator>,
    optimizers: [ModuleOptimizer; 2],
    real: Tensor<4>,
    /// One-hot classes `[n, classes, 1, 1]`, if any.
    classes: Option<Tensor<4>>,
}

impl Training {
    /// Networks of `width` channels, `batch` pictures, conditioned on `classes` if there are any.
    pub fn new(width: usize, batch: usize, classes: usize, device: &Device) -> Self {
        let one_hot = || {
            let class = Tensor::arange(0..batch as i64, device).remainder_scalar(classes as i64);
            class.one_hot::<2>(classes).float().reshape([batch, classes, 1, 1])
        };
        Self {
            generator: Some(Generator::new(LATENT + classes, width, device)),
            discriminator: Some(Discriminator::new(1 + classes, width, device)),
            optimizers: [adam(0.5, 0.999), adam(0.5, 0.999)],
            real: Tensor::random([batch, 1, 32, 32], Distribution::Uniform(-1.0, 1.0), device),
            classes: (classes > 0).then(one_hot),
        }
    }

    /// The step of PyTorch's example: the discriminator's, then the generator's, whose backward
    /// pass computes the discriminator's gradients, too.
    pub fn step(&mut self) -> Tensor<1> {
        let generator = self.generator.take().expect("every step gives a generator");
        let discriminator = self.discriminator.take().expect("every step gives a discriminator");
        let [batch, ..] = self.real.dims();
        let device = self.real.device();
        let normal = Distribution::Normal(0.0, 1.0);
        let noise = Tensor::random([batch, LATENT, 1, 1], normal, &device);
        let fake = generator.forward(self.with_classes(noise, 1));

        let real_logits = discriminator.forward(self.with_classes(self.real.clone(), 32));
        let fake_logits = discriminator.forward(self.with_classes(fake.clone().detach(), 32));
        let loss = binary_cross_entropy(real_logits, 1.0) + binary_cross_entropy(fake_logits, 0.0);
        let gradients = GradientsParams::from_grads(loss.backward(), &discriminator);
        let discriminator = self.optimizers[0].step(LEARNING_RATE, discriminator, gradients);

        let fake_logits = discriminator.forward(self.with_classes(fake, 32));
        let generator_loss = binary_cross_entropy(fake_logits, 1.0);
        let gradients = GradientsParams::from_grads(generator_loss.backward(), &generator);
        self.generator = Some(self.optimizers[1].step(LEARNING_RATE, generator, gradients));
        self.discriminator = Some(discriminator);
        loss + generator_loss
    }

    /// The input beside its classes as planes of `size` pixels.
    fn with_classes(&self, input: Tensor<4>, size: usize) -> Tensor<4> {
        match &self.classes {
            None => input,
            Some(classes) => {
                let [n, c, ..] = classes.dims();
                Tensor::cat(vec![input, classes.clone().expand([n, c, size, size])], 1)
            }
        }
    }
}
