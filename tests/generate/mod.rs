//! What the tests of generation share.

mod gan_training;
mod loss;
mod metrics;
mod sample;

use foveate::burn::tensor::Device;
use foveate::data::Images;
use foveate::models::{CganConfig, Discriminator, Generator};

use crate::support::golden::hashed;

/// Random bytes as gray images, as in gan.py.
fn images_of(size: usize, count: usize) -> Images {
    let bytes = hashed(count * size * size, 1000).into_iter();
    let pixels = bytes.map(|value| ((value + 1.0) * 128.0).floor() as u8).collect();
    let labels = (0..count).map(|i| i * 3 % 10).collect();
    Images { height: size, width: size, channels: 1, pixels, labels }
}

fn images(count: usize) -> Images {
    images_of(32, count)
}

fn cgan(conditional: bool, device: &Device) -> (Generator, Discriminator) {
    let config = CganConfig::new()
        .with_latent_dim(16)
        .with_width(8)
        .with_conditional_discriminator(conditional);
    (config.generator(device), config.discriminator(device))
}
