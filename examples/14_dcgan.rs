//! Digits from noise: a DCGAN (Radford et al. 2016), with all the knobs of the practical.
//!
//! ```text
//! cargo run --release --example 14_dcgan                        # MNIST, the practical's network
//! cargo run --release --example 14_dcgan -- --data digits       # drawn digits: nothing to download
//! cargo run --release --example 14_dcgan -- --ngf 128 --init pytorch --loss saturating
//! cargo run --release --example 14_dcgan -- --discriminator-learning-rate 1e-4 --generator-learning-rate 4e-4 --epochs 30 --nz 10
//! cargo run --release --example 14_dcgan -- --sample out/dcgan_0.safetensors
//! ```

mod failure;
mod generate;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use foveate::generate::{GanTraining, Loss};
use foveate::models::{DcganConfig, GanConfig, Initialization};
use foveate::train::Schedule;

use generate::{Training, draw, side, size};

/// Trains a DCGAN. Writes grids of images from fixed noise, losses as a table and as curves, the generator,
/// its images above the nearest that it learned from, and on the way from one noise to another.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    training: Training,

    /// Height and width of an image
    #[arg(long, default_value = "32", value_parser = side())]
    size: usize,

    /// Numbers in the noise of an image
    #[arg(long, default_value = "100", value_parser = size)]
    nz: usize,

    /// Channels of the generator before its last layer
    #[arg(long, default_value = "32", value_parser = size)]
    ngf: usize,

    /// Channels of the discriminator behind its first layer
    #[arg(long, default_value = "32", value_parser = size)]
    ndf: usize,

    /// Where weights begin
    #[arg(long, default_value = "dcgan")]
    init: Init,

    /// What both networks play for
    #[arg(long, default_value = "non-saturating")]
    loss: Play,

    /// What a real image counts as: below 1, labels are smoothed
    #[arg(long, default_value_t = 1.0)]
    real_label: f64,

    /// Learning rate of the discriminator
    #[arg(long, default_value_t = 2e-4)]
    discriminator_learning_rate: f64,

    /// Learning rate of the generator
    #[arg(long, default_value_t = 2e-4)]
    generator_learning_rate: f64,

    /// Learning rates fall to 0 over the training
    #[arg(long)]
    linear: bool,

    /// Steps of the discriminator to one of the generator
    #[arg(long, default_value_t = 1)]
    d_steps: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Init {
    Dcgan,
    Pytorch,
}

#[derive(Clone, Copy, ValueEnum)]
enum Play {
    NonSaturating,
    /// The true minimax loss
    Saturating,
    LeastSquares,
    Hinge,
    /// With weights clipped at 0.01
    Wasserstein,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let training = &args.training;
    let device = training.place.open()?;
    if let Some(file) = &training.sample {
        let (_, generator) = GanConfig::load(file, &device)?;
        return draw(&generator, &training.place.out, "sample");
    }
    let images = training.data.load_square(training.limit, args.size)?;
    println!("images: {} of {} channels", images.len(), images.channels);
    let config = DcganConfig::new()
        .with_latent_dim(args.nz)
        .with_ngf(args.ngf)
        .with_ndf(args.ndf)
        .with_channels(images.channels)
        .with_size(args.size);
    let initialization = match args.init {
        Init::Dcgan => Initialization::Dcgan,
        Init::Pytorch => Initialization::PyTorch,
    };
    let settings = GanTraining {
        loss: match args.loss {
            Play::NonSaturating => Loss::NonSaturating,
            Play::Saturating => Loss::Saturating,
            Play::LeastSquares => Loss::LeastSquares,
            Play::Hinge => Loss::Hinge,
            Play::Wasserstein => Loss::Wasserstein { clip: 0.01 },
        },
        real_label: args.real_label,
        discriminator_learning_rate: args.discriminator_learning_rate,
        generator_learning_rate: args.generator_learning_rate,
        schedule: if args.linear { Schedule::Linear } else { Schedule::Constant },
        discriminator_steps: args.d_steps,
        ..Default::default()
    };
    training.run("dcgan", &GanConfig::Dcgan(config), initialization, &settings, &images, &device)
}
