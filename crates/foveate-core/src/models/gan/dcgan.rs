//! DCGAN: Alec Radford, Luke Metz, Soumith Chintala, *Unsupervised Representation Learning with Deep
//! Convolutional Generative Adversarial Networks*, 2016, <https://arxiv.org/abs/1511.06434>; in the layout
//! of PyTorch's example, <https://github.com/pytorch/examples/tree/main/dcgan>.
//!
//! Convolutions of 4x4 without biases halve or double a side at each step, to and from 4x4 pixels.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{DcganConfig, Initialization};
//!
//! let device = Device::default();
//! let config = DcganConfig::new().with_size(16).with_ngf(4).with_latent_dim(8);
//! let generator = Initialization::Dcgan.of(config.generator(&device), 0);
//! let images = generator.forward(Tensor::zeros([2, 8], &device), None);
//! assert_eq!(images.dims(), [2, 1, 16, 16]); // from -1 to 1
//! ```

use burn::config::Config;
use burn::nn::Tanh;
use burn::tensor::Device;

use super::build::{conv, conv_transpose, leaky_relu, norm, relu};
use super::{Discriminator, Generator, is_color, is_size};
use crate::models::layer::AnyLayer;

/// Configuration of a DCGAN: Radford et al., *Unsupervised Representation Learning with Deep Convolutional
/// Generative Adversarial Networks*, 2016, <https://arxiv.org/abs/1511.06434>, in the layout of PyTorch's example.
#[derive(Config, Debug)]
pub struct DcganConfig {
    /// Latent dimensions (`nz`), up to 65,536.
    #[config(default = 100)]
    pub latent_dim: usize,
    /// Channels of the generator before its last layer; `size / 8` times as many are 65,536 at most.
    #[config(default = 32)]
    pub ngf: usize,
    /// Channels of the discriminator behind its first layer; likewise.
    #[config(default = 32)]
    pub ndf: usize,
    /// Channels of an image: 1 or 3.
    #[config(default = 1)]
    pub channels: usize,
    /// Height and width of an image: 8, 16, 32, 64, ... 1024.
    #[config(default = 32)]
    pub size: usize,
}

impl DcganConfig {
    /// A generator with random weights; its layers go by `main.0`, `main.1`, ...
    ///
    /// # Panics
    ///
    /// If a number is none that its field may be.
    pub fn generator(&self, device: &Device) -> Generator {
        let Self { latent_dim, ngf, channels, size, .. } = *self;
        self.check();
        let mut width = ngf * widest(size);
        let mut main = vec![conv_transpose([latent_dim, width], 1, 0, device)];
        while width > ngf {
            main.extend([norm(width, device), relu()]);
            main.push(conv_transpose([width, width / 2], 2, 1, device));
            width /= 2;
        }
        main.extend([norm(width, device), relu()]);
        main.push(conv_transpose([width, channels], 2, 1, device));
        main.push(AnyLayer::Tanh(Tanh::new()));
        let (noise, label) = (vec![], vec![]);
        Generator { noise, label, main, latent_dim, classes: 0, size: [channels, size, size] }
    }

    /// A discriminator with random weights; its layers go by `main.0`, `main.1`, ...
    ///
    /// # Panics
    ///
    /// As [`generator`](Self::generator).
    pub fn discriminator(&self, device: &Device) -> Discriminator {
        let Self { ndf, channels, size, .. } = *self;
        self.check();
        let mut main = vec![conv([channels, ndf], 2, 1, device), leaky_relu()];
        let (mut width, widest) = (ndf, ndf * widest(size));
        while width < widest {
            main.push(conv([width, 2 * width], 2, 1, device));
            width *= 2;
            main.extend([norm(width, device), leaky_relu()]);
        }
        main.push(conv([width, 1], 1, 0, device));
        Discriminator { image: vec![], label: vec![], main, classes: 0 }
    }

    fn check(&self) {
        assert!(self.is_valid(), "sizes are as their fields say: {self:?}");
    }

    pub(super) fn is_valid(&self) -> bool {
        let Self { latent_dim, ngf, ndf, channels, size } = *self;
        let sized = (8..=1024).contains(&size) && size.is_power_of_two();
        let widths = [ngf, ndf].map(|width| width.saturating_mul(size / 8));
        sized && is_color(channels) && is_size(latent_dim) && widths.into_iter().all(is_size)
    }
}

/// How many times as many channels there are at 4x4 pixels as at half of the image's size.
fn widest(size: usize) -> usize {
    size / 8
}
