//! Digits from noise: a DCGAN (Radford et al. 2016), with all the knobs of the practical.
//!
//! ```text
//! cargo run --release --example 14_dcgan                        # MNIST, the practical's network
//! cargo run --release --example 14_dcgan -- --data digits       # drawn digits: nothing to download
//! cargo run --release --example 14_dcgan -- --ngf 128 --init pytorch --loss saturating
//! cargo run --release --example 14_dcgan -- --lr-d 1e-4 --lr-g 4e-4 --epochs 30 --nz 10
//! ```

mod generate;

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use foveate::generate::{AdversarialGeneration, Loss, Noise, Schedule};
use foveate::models::{DcganConfig, GanConfig, Initialisation};

use generate::{Data, Run, score};

/// Trains a DCGAN. Writes grids of pictures from fixed noise, losses as a table and as curves, and the
/// generator: dcgan_SEED_ITERATION.png, dcgan_SEED.csv, dcgan_SEED_loss.png, dcgan_SEED.safetensors.
#[derive(Parser)]
struct Args {
    /// mnist, digits (drawn), or a folder with folders of pictures
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Height and width of a picture: 8, 16, 32, 64, ...
    #[arg(long, default_value_t = 32)]
    size: usize,

    /// Numbers in the noise of a picture
    #[arg(long, default_value_t = 100)]
    nz: usize,

    /// Channels of the generator before its last layer
    #[arg(long, default_value_t = 32)]
    ngf: usize,

    /// Channels of the discriminator behind its first layer
    #[arg(long, default_value_t = 32)]
    ndf: usize,

    /// Where weights begin
    #[arg(long, default_value = "dcgan")]
    init: Init,

    /// What both networks play for
    #[arg(long, default_value = "non-saturating")]
    loss: Play,

    /// What a real picture counts as: below 1, labels are smoothed
    #[arg(long, default_value_t = 1.0)]
    real: f64,

    /// Learning rate of the discriminator
    #[arg(long, default_value_t = 2e-4)]
    lr_d: f64,

    /// Learning rate of the generator
    #[arg(long, default_value_t = 2e-4)]
    lr_g: f64,

    /// Learning rates fall to 0 over the training
    #[arg(long)]
    linear: bool,

    /// Steps of the discriminator to one of the generator
    #[arg(long, default_value_t = 1)]
    d_steps: usize,

    /// The share of the old in a moving average of the generator; none, if there is no such number
    #[arg(long)]
    average: Option<f64>,

    /// Pictures a step
    #[arg(long, default_value_t = 128)]
    batch: usize,

    /// Passes over the pictures
    #[arg(long, default_value_t = 5)]
    epochs: usize,

    /// Pictures to learn from, at most; of drawn ones, so many
    #[arg(long, default_value_t = 60_000)]
    limit: usize,

    /// Iterations after which pictures are drawn
    #[arg(long, num_args = 0.., default_values_t = [1, 400, 1000, 2000])]
    grids: Vec<usize>,

    /// One training for each
    #[arg(long, num_args = 1.., default_values_t = [0])]
    seeds: Vec<u64>,

    /// Pictures that are scored; 0 for none
    #[arg(long, default_value_t = 10_000)]
    samples: usize,

    /// A file to go on from after an interruption; its name gets the seed
    #[arg(long)]
    checkpoint: Option<PathBuf>,

    /// Iterations from one checkpoint to the next
    #[arg(long, default_value_t = 200)]
    checkpoint_every: usize,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    out: PathBuf,
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

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    println!("device:   {chosen}");
    let pictures = args.data.load_square(args.limit, args.size)?;
    println!(
        "pictures: {} of {}x{}, {} channels",
        pictures.len(),
        args.size,
        args.size,
        pictures.channels
    );
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let config = DcganConfig::new()
        .with_latent_dim(args.nz)
        .with_ngf(args.ngf)
        .with_ndf(args.ndf)
        .with_channels(pictures.channels)
        .with_size(args.size);
    let real = args.data.beside(args.samples.max(1), args.size)?;
    for &seed in &args.seeds {
        println!("\nseed {seed}");
        let settings = AdversarialGeneration {
            iterations: args.epochs * (pictures.len() / args.batch),
            batch: args.batch,
            loss: match args.loss {
                Play::NonSaturating => Loss::NonSaturating,
                Play::Saturating => Loss::Saturating,
                Play::LeastSquares => Loss::LeastSquares,
                Play::Hinge => Loss::Hinge,
                Play::Wasserstein => Loss::Wasserstein { clip: 0.01 },
            },
            real: args.real,
            discriminator_rate: args.lr_d,
            generator_rate: args.lr_g,
            schedule: if args.linear { Schedule::Linear } else { Schedule::Constant },
            discriminator_steps: args.d_steps,
            average: args.average,
            seed,
            checkpoint: args.checkpoint.as_ref().map(|file| {
                let mut name = file.as_os_str().to_owned();
                name.push(format!(".{seed}"));
                name.into()
            }),
            checkpoint_every: args.checkpoint_every,
            ..Default::default()
        };
        let run = Run {
            name: format!("dcgan_{seed}"),
            config: GanConfig::Dcgan(config.clone()),
            initialisation: match args.init {
                Init::Dcgan => Initialisation::Dcgan,
                Init::Pytorch => Initialisation::PyTorch,
            },
            settings,
            grids: &args.grids,
            out: &args.out,
            device: &chosen.device,
        };
        let made = run.train(&pictures)?;
        let seconds = made.history.steps.last().map_or(0.0, |step| step.seconds);
        println!("{} iterations in {seconds:.0} s", made.history.steps.len());
        if args.samples > 0 {
            let score = score(&made.generator, Noise::Normal, args.samples, &real, &chosen.device)?;
            println!("{score}");
        }
    }
    println!(
        "\n{}: dcgan_SEED.png, .csv, _loss.png, .safetensors, _ITERATION.png",
        args.out.display()
    );
    Ok(())
}
