//! Digits by their class: a conditional GAN (Mirza and Osindero 2014).
//!
//! ```text
//! cargo run --release --example 16_cgan                            # MNIST, convolutions
//! cargo run --release --example 16_cgan -- --data digits           # drawn digits: nothing to download
//! cargo run --release --example 16_cgan -- --dense                 # the paper's fully connected networks
//! cargo run --release --example 16_cgan -- --plain-discriminator   # it does not see the labels
//! cargo run --release --example 16_cgan -- --sample out/cgan_0.safetensors
//! ```

mod common;
mod generate;

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use common::{Common, Failure};
use foveate::data::Images;
use foveate::generate::GanTraining;
use foveate::models::{CganConfig, GanConfig, Initialization};
use foveate::prelude::*;
use generate::data::Data;
use generate::reference::Reference;
use generate::{Run, classes, draw};

/// Trains a conditional GAN once for each seed. Writes cgan_SEED.safetensors, .csv, .png (fixed noise, a column a class;
/// _ITERATION.png earlier), _loss.png, _nearest.png (images above the nearest that it learned from), _noises.png and
/// _ways.png (latent interpolations).
#[derive(Parser)]
struct Args {
    /// mnist, digits (drawn), or a folder with folders of images, one a class
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Images to learn from, at most; of drawn ones, so many
    #[arg(long, default_value_t = 60_000)]
    limit: usize,

    /// Images a step
    #[arg(long, default_value_t = 128)]
    batch: usize,

    /// Passes over the images
    #[arg(long, default_value_t = 5)]
    epochs: usize,

    /// Latent dimensions
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

    /// Decay of the generator's moving average, such as 0.999; smaller at first (default: no average)
    #[arg(long)]
    ema_decay: Option<f64>,

    /// Iterations after which images are drawn
    #[arg(long, num_args = 0.., default_values_t = [1, 400, 1000, 2000])]
    grids: Vec<usize>,

    /// One training for each
    #[arg(long, num_args = 1.., default_values_t = [0])]
    seeds: Vec<u64>,

    /// Images that are scored; 0 for none
    #[arg(long, default_value_t = 10_000)]
    samples: usize,

    /// A file to resume from after an interruption; its name gets the seed
    #[arg(long)]
    checkpoint: Option<PathBuf>,

    /// Iterations from one checkpoint to the next
    #[arg(long, default_value_t = 200)]
    checkpoint_every: usize,

    /// Train nothing: draw sample_noises.png and sample_ways.png with this generator, conditional or not
    #[arg(long)]
    sample: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

/// Latent dimensions, or channels.
fn size(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size| (1..=1 << 16).contains(size));
    size.ok_or_else(|| "expected a number from 1 to 65536".into())
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    match &args.sample {
        Some(file) => draw(&GanConfig::load(file, &device)?.1, &args.common.out, "sample")?,
        None => train(&args, &device)?,
    }
    Ok(())
}

fn train(args: &Args, device: &Device) -> anyhow::Result<()> {
    ensure!(args.width.is_multiple_of(2), "--width {}: expected an even number", args.width);
    let images = args.data.load_square(args.limit, 32)?;
    let classes = classes(&images)?;
    println!("images: {} of {classes} classes", images.len());
    let config = CganConfig::new()
        .with_latent_dim(args.nz)
        .with_classes(classes)
        .with_channels(images.channels)
        .with_width(args.width)
        .with_dense(args.dense)
        .with_conditional_discriminator(!args.plain_discriminator);
    let out = &args.common.out;
    let reference = match args.samples {
        0 => None,
        count => Some(Reference::new(&args.data, count, images.height, device)?),
    };
    for &seed in &args.seeds {
        println!("\nseed {seed}");
        let run = Run {
            name: format!("cgan_{seed}"),
            config: GanConfig::Cgan(config.clone()),
            initialization: Initialization::Dcgan,
            settings: settings(args, &images, seed),
            grids: &args.grids,
            out,
            device,
        };
        let made = run.train(&images)?;
        let seconds = made.history.steps.last().map_or(0.0, |step| step.seconds);
        println!("{} iterations in {seconds:.0} s", made.history.steps.len());
        draw(&made.generator, out, &run.name)?;
        if let Some(reference) = &reference {
            println!("{}", reference.score(&made.generator)?);
        }
    }
    Ok(())
}

fn settings(args: &Args, images: &Images, seed: u64) -> GanTraining {
    GanTraining {
        // A batch of 0 is refused by the settings.
        iterations: args.epochs * (images.len() / args.batch.max(1)),
        batch: args.batch,
        discriminator_learning_rate: args.learning_rate,
        generator_learning_rate: args.learning_rate,
        ema_decay: args.ema_decay,
        seed,
        checkpoint: args.checkpoint.as_ref().map(|file| {
            let mut name = file.as_os_str().to_owned();
            name.push(format!(".{seed}"));
            name.into()
        }),
        checkpoint_every: args.checkpoint_every,
        ..Default::default()
    }
}
