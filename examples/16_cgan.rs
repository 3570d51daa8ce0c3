//! Digits by their class: a conditional GAN (Mirza and Osindero 2014).
//!
//! ```text
//! cargo run --release --example 16_cgan                            # MNIST, convolutions
//! cargo run --release --example 16_cgan -- --data digits           # drawn digits: nothing to download
//! cargo run --release --example 16_cgan -- --dense                 # the paper's fully connected networks
//! cargo run --release --example 16_cgan -- --plain-discriminator   # it does not see the labels
//! cargo run --release --example 16_cgan -- --sample out/cgan_0.safetensors
//! ```

mod generate;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Parser;
use foveate::data::Pictures;
use foveate::generate::{AdversarialGeneration, Interpolation, Noise, interpolate, sample};
use foveate::models::{CganConfig, GanConfig, Generator, Initialisation};

use generate::{Data, Run, score};

/// Trains a conditional GAN. Writes what 14_dcgan writes, cgan_SEED_noises.png (a row a class, a column a
/// noise) and cgan_SEED_ways.png (a row a class, from one noise to another).
#[derive(Parser)]
struct Args {
    /// mnist, digits (drawn), or a folder with folders of pictures, one a class
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Numbers in the noise of a picture
    #[arg(long, default_value_t = 100)]
    nz: usize,

    /// d, the channels of the generator before its last layer
    #[arg(long, default_value_t = 128)]
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

    /// Train nothing: draw pictures with this generator
    #[arg(long)]
    sample: Option<PathBuf>,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    println!("device:   {chosen}");
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    if let Some(file) = &args.sample {
        let (_, generator) = GanConfig::open(file, &chosen.device)?;
        ensure!(generator.classes() > 0, "{}: its generator takes no labels", file.display());
        return draw(&generator, &args.out, "sample");
    }
    let pictures = args.data.load_square(args.limit, 32)?;
    let classes = pictures.labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
    println!("pictures: {} of {classes} classes", pictures.len());
    let config = CganConfig::new()
        .with_latent_dim(args.nz)
        .with_classes(classes)
        .with_channels(pictures.channels)
        .with_width(args.width)
        .with_dense(args.dense)
        .with_conditional_discriminator(!args.plain_discriminator);
    let real = args.data.beside(args.samples.max(1), 32)?;
    for &seed in &args.seeds {
        println!("\nseed {seed}");
        let settings = AdversarialGeneration {
            iterations: args.epochs * (pictures.len() / args.batch),
            batch: args.batch,
            discriminator_rate: args.learning_rate,
            generator_rate: args.learning_rate,
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
            name: format!("cgan_{seed}"),
            config: GanConfig::Cgan(config.clone()),
            initialisation: Initialisation::Dcgan,
            settings,
            grids: &args.grids,
            out: &args.out,
            device: &chosen.device,
        };
        let made = run.train(&pictures)?;
        let seconds = made.history.steps.last().map_or(0.0, |step| step.seconds);
        println!("{} iterations in {seconds:.0} s", made.history.steps.len());
        draw(&made.generator, &args.out, &run.name)?;
        if args.samples > 0 {
            let score = score(&made.generator, Noise::Normal, args.samples, &real, &chosen.device)?;
            println!("{score}");
        }
    }
    println!("\n{}: cgan_SEED.png, .csv, .safetensors, _noises.png, _ways.png", args.out.display());
    Ok(())
}

/// Each class with the same 15 noises, and on the way from one noise to another.
fn draw(generator: &Generator, out: &Path, name: &str) -> anyhow::Result<()> {
    const COLUMNS: usize = 15;
    let width = generator.latent_dim();
    let noises = Noise::Normal.rows(COLUMNS, width, 3_000_000);
    let (from, to) = (&noises[..width], &noises[width..2 * width]);
    let way = interpolate(from, to, COLUMNS, Interpolation::Spherical);
    let every_class = |rows: &[f32]| -> Pictures {
        let labels: Vec<u8> =
            (0..generator.classes() * COLUMNS).map(|i| (i / COLUMNS) as u8).collect();
        sample(generator, &rows.repeat(generator.classes()), &labels)
    };
    every_class(&noises).grid(COLUMNS).save(out.join(format!("{name}_noises.png")))?;
    every_class(&way).grid(COLUMNS).save(out.join(format!("{name}_ways.png")))?;
    Ok(())
}
