//! Conditional GANs: Mehdi Mirza, Simon Osindero, *Conditional Generative Adversarial Nets*, 2014,
//! <https://arxiv.org/abs/1411.1784> (fully connected, [`CganConfig::dense`]); and with DCGAN's
//! convolutions, in the layout of
//! <https://github.com/znxlwm/pytorch-MNIST-CelebA-cGAN-cDCGAN> ([`CganConfig::new`]), for 32x32 pixels.
//!
//! Deviations: no biases before batch norm; the fully connected generator ends in a tanh, as images go
//! from -1 to 1 here.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{CganConfig, initialized};
//!
//! let device = Device::default();
//! let config = CganConfig::new().with_width(4).with_latent_dim(8);
//! let generator = initialized(config.generator(&device), 0);
//! let labels = Tensor::from_ints([3, 7], &device); // a three and a seven are asked for
//! let images = generator.forward(Tensor::zeros([2, 8], &device), Some(labels));
//! assert_eq!(images.dims(), [2, 1, 32, 32]);
//! ```

use burn::config::Config;
use burn::nn::Tanh;
use burn::tensor::Device;

use super::build::{conv, conv_transpose, dropout, leaky_relu, linear, maxout, norm, relu};
use super::{Discriminator, Generator, is_color, is_size};
use crate::models::layer::AnyLayer;

/// Height and width of an image.
const SIZE: usize = 32;

/// Configuration of a conditional GAN: Mirza and Osindero, *Conditional Generative Adversarial Nets*, 2014,
/// <https://arxiv.org/abs/1411.1784>, or its form by convolutions. Deviations: no biases before batch norm; the fully connected generator
/// ends in a tanh, as images go from -1 to 1 here.
#[derive(Config, Debug)]
pub struct CganConfig {
    /// Latent dimensions, up to 65,536.
    #[config(default = 100)]
    pub latent_dim: usize,
    /// Labels, up to 256.
    #[config(default = 10)]
    pub classes: usize,
    /// Channels of an image: 1 or 3.
    #[config(default = 1)]
    pub channels: usize,
    /// d, the channels of the generator before its last layer; even, up to 16,384.
    #[config(default = 128)]
    pub width: usize,
    /// Fully connected layers, with the paper's numbers of units, in place of convolutions.
    #[config(default = false)]
    pub dense: bool,
    /// The discriminator sees the label, too.
    #[config(default = true)]
    pub conditional_discriminator: bool,
}

impl CganConfig {
    /// A generator with random weights; its layers go by `noise.0`, `label.0`, `main.0`, ...
    ///
    /// # Panics
    ///
    /// If a number is none that its field may be.
    pub fn generator(&self, device: &Device) -> Generator {
        let Self { latent_dim, classes, channels, width: d, dense, .. } = *self;
        self.check();
        let tanh = AnyLayer::Tanh(Tanh::new());
        let (noise, label, main);
        if dense {
            let branch = |inputs, units| vec![linear(inputs, units, device), relu(), dropout()];
            (noise, label) = (branch(latent_dim, 200), branch(classes, 1000));
            let last = [linear(1200, channels * SIZE * SIZE, device), tanh];
            main = branch(1200, 1200).into_iter().chain(last).collect();
        } else {
            let branch = |inputs| {
                let first = conv_transpose([inputs, 2 * d], 1, 0, device);
                vec![first, norm(2 * d, device), relu()]
            };
            (noise, label) = (branch(latent_dim), branch(classes));
            main = vec![
                conv_transpose([4 * d, 2 * d], 2, 1, device),
                norm(2 * d, device),
                relu(),
                conv_transpose([2 * d, d], 2, 1, device),
                norm(d, device),
                relu(),
                conv_transpose([d, channels], 2, 1, device),
                tanh,
            ];
        }
        Generator { noise, label, main, latent_dim, classes, size: [channels, SIZE, SIZE] }
    }

    /// A discriminator with random weights; its layers go by `image.0`, `label.0`, `main.0`, ...
    /// Without a label, its first layer has the units of both branches.
    ///
    /// # Panics
    ///
    /// As [`generator`](Self::generator).
    pub fn discriminator(&self, device: &Device) -> Discriminator {
        let Self { channels, width: d, dense, conditional_discriminator, .. } = *self;
        self.check();
        let classes = if conditional_discriminator { self.classes } else { 0 };
        let units = |alone, beside| if classes > 0 { beside } else { alone };
        let branch = |inputs, units| match dense {
            _ if units == 0 => vec![],
            true => vec![linear(inputs, 5 * units, device), maxout(5), dropout()],
            false => vec![conv([inputs, units], 2, 1, device), leaky_relu()],
        };
        let (image, label, main);
        if dense {
            image = branch(channels * SIZE * SIZE, units(290, 240));
            label = branch(classes, units(0, 50));
            let last = linear(240, 1, device);
            main = vec![linear(290, 4 * 240, device), maxout(4), dropout(), last];
        } else {
            (image, label) = (branch(channels, units(d, d / 2)), branch(classes, units(0, d / 2)));
            main = vec![
                conv([d, 2 * d], 2, 1, device),
                norm(2 * d, device),
                leaky_relu(),
                conv([2 * d, 4 * d], 2, 1, device),
                norm(4 * d, device),
                leaky_relu(),
                conv([4 * d, 1], 1, 0, device),
            ];
        }
        Discriminator { image, label, main, classes }
    }

    fn check(&self) {
        assert!(self.is_valid(), "sizes are as their fields say: {self:?}");
    }

    pub(super) fn is_valid(&self) -> bool {
        let Self { latent_dim, classes, channels, width, .. } = *self;
        // Labels are bytes.
        (1..=256).contains(&classes)
            && is_color(channels)
            && [latent_dim, width.saturating_mul(4)].into_iter().all(is_size)
            && width.is_multiple_of(2)
    }
}
