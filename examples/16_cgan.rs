//! Digits by their class: a conditional GAN (Mirza and Osindero 2014).
//!
//! ```text
//! cargo run --release --example 16_cgan                            # MNIST, convolutions
//! cargo run --release --example 16_cgan -- --data digits           # drawn digits: nothing to download
//! cargo run --release --example 16_cgan -- --dense                 # the paper's fully connected networks
//! cargo run --release --example 16_cgan -- --plain-discriminator   # it does not see the labels
//! cargo run --release --example 16_cgan -- --sample out/cgan_0.safetensors
//! ```

mod failure;
mod generate;

use std::process::ExitCode;

use anyhow::ensure;
use clap::Parser;
use foveate::generate::GanTraining;
use foveate::models::{CganConfig, GanConfig, Initialization};

use generate::{Training, classes, draw, size};

/// Trains a conditional GAN. Writes what 14_dcgan writes, by class.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    training: Training,

    /// Numbers in the noise of an image
    #[arg(long, default_value = "100", value_parser = size)]
    nz: usize,

    /// d, the channels of the generator before its last layer; even
    #[arg(long, default_value = "128", value_parser = size)]
    width: usize,

    /// The paper's fully connected networks
    #[arg(long)]
    dense: bool,

    /// The discriminator does not see the labels
    #[arg(long)]
    plain_discriminator: bool,

    /// Learning rate of both networks
    #[arg(long, default_value_t = 2e-4)]
    learning_rate: f64,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let training = &args.training;
    ensure!(args.width.is_multiple_of(2), "--width {}: expected an even number", args.width);
    let device = training.place.open()?;
    if let Some(file) = &training.sample {
        let (_, generator) = GanConfig::load(file, &device)?;
        return draw(&generator, &training.place.out, "sample");
    }
    let images = training.data.load_square(training.limit, 32)?;
    let classes = classes(&images)?;
    println!("images: {} of {classes} classes", images.len());
    let config = CganConfig::new()
        .with_latent_dim(args.nz)
        .with_classes(classes)
        .with_channels(images.channels)
        .with_width(args.width)
        .with_dense(args.dense)
        .with_conditional_discriminator(!args.plain_discriminator);
    let settings = GanTraining {
        discriminator_learning_rate: args.learning_rate,
        generator_learning_rate: args.learning_rate,
        ..Default::default()
    };
    let initialization = Initialization::Dcgan;
    training.run("cgan", &GanConfig::Cgan(config), initialization, &settings, &images, &device)
}
