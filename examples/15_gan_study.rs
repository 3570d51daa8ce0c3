//! The practical's questions about DCGANs: one thing is changed at a time, and all are laid side by side.
//!
//! ```text
//! cargo run --release --example 15_gan_study                                  # every variation, hours
//! cargo run --release --example 15_gan_study -- base nz-10 nz-1000            # some of them
//! cargo run --release --example 15_gan_study -- --data digits --epochs 1 base # drawn digits
//! ```

mod failure;
mod generate;

use std::fs;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use foveate::generate::{GanTraining, GenerateError, Loss};
use foveate::image::sheet::{Cell, draw};
use foveate::models::{CganConfig, DcganConfig, GanConfig, Initialization};

use generate::{Data, Judge, Place, Run, classes};

/// Trains the variations one after the other. Writes grids, losses and the generator of each, study.csv, and their
/// images and losses side by side as study.png and study_loss.png.
#[derive(Parser)]
struct Args {
    /// All of them, if none is named
    variations: Vec<Variation>,

    /// mnist, digits (drawn), or a folder with folders of images, one a class
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Passes over the images; `longer` makes six times as many
    #[arg(long, default_value_t = 5)]
    epochs: usize,

    /// Images to learn from, at most; of drawn ones, so many
    #[arg(long, default_value_t = 60_000)]
    limit: usize,

    /// Images that are scored
    #[arg(long, default_value_t = 10_000)]
    samples: usize,

    /// Same seed, same trainings
    #[arg(long, default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, ValueEnum)]
enum Variation {
    /// The practical's: ngf 32, ndf 32, nz 100, learning rates 2e-4
    Base,
    /// Four times as many channels in the generator
    #[value(name = "ngf-128")]
    Ngf128,
    /// PyTorch's own initial weights
    PytorchInit,
    /// The true minimax loss
    Saturating,
    /// A discriminator that learns at 1e-4, a generator at 4e-4
    SlowD,
    /// 4e-4 and 1e-4
    SlowG,
    /// 2e-3 both
    Fast,
    /// Six times as many passes
    Longer,
    #[value(name = "nz-10")]
    Nz10,
    #[value(name = "nz-1000")]
    Nz1000,
    /// By class
    Conditional,
    /// By class, judged without it
    PlainDiscriminator,
}

impl Variation {
    fn name(self) -> String {
        self.to_possible_value().expect("none is hidden").get_name().into()
    }
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let device = &args.place.open()?;
    let out = &args.place.out;
    let images = args.data.load_square(args.limit, 32)?;
    let judge = Judge::new(&args.data, args.samples, 32, device)?;
    let all = Variation::value_variants().to_vec();
    let variations = if args.variations.is_empty() { all } else { args.variations.clone() };
    let is_conditional =
        |one: &Variation| matches!(one, Variation::Conditional | Variation::PlainDiscriminator);
    let classes = match variations.iter().any(is_conditional) {
        true => classes(&images)?,
        false => 0,
    };
    let mut table = String::from(
        "variation,iterations,seconds,seconds_per_iteration,discriminator_loss,generator_loss,fid,kid,\
         precision,recall,classes,kl,conditional_accuracy\n",
    );
    let (mut grids, mut losses) = (Vec::new(), Vec::new());
    for variation in variations {
        let name = variation.name();
        println!("\n{name}");
        let mut settings = GanTraining {
            iterations: args.epochs * (images.len() / 128),
            seed: args.seed,
            ..Default::default()
        };
        let mut dcgan = DcganConfig::new().with_channels(images.channels);
        let mut initialization = Initialization::Dcgan;
        let mut rates = |d, g| {
            (settings.discriminator_learning_rate, settings.generator_learning_rate) = (d, g);
        };
        let mut conditional = None;
        match variation {
            Variation::Base => {}
            Variation::Ngf128 => dcgan.ngf = 128,
            Variation::PytorchInit => initialization = Initialization::PyTorch,
            Variation::SlowD => rates(1e-4, 4e-4),
            Variation::SlowG => rates(4e-4, 1e-4),
            Variation::Fast => rates(2e-3, 2e-3),
            Variation::Saturating => settings.loss = Loss::Saturating,
            Variation::Longer => settings.iterations *= 6,
            Variation::Nz10 => dcgan.latent_dim = 10,
            Variation::Nz1000 => dcgan.latent_dim = 1000,
            Variation::Conditional => conditional = Some(true),
            Variation::PlainDiscriminator => conditional = Some(false),
        }
        let config = match conditional {
            None => GanConfig::Dcgan(dcgan),
            Some(judged) => GanConfig::Cgan(
                CganConfig::new()
                    .with_classes(classes)
                    .with_channels(images.channels)
                    .with_conditional_discriminator(judged),
            ),
        };
        let iterations = settings.iterations;
        let run = Run {
            name: name.clone(),
            config,
            initialization,
            settings,
            grids: &[iterations],
            out,
            device,
        };
        let made = match run.train(&images) {
            Ok(made) => made,
            // A training that diverges is a result, too.
            Err(error) if diverged(&error) => {
                println!("{error}");
                table += &format!("{name}{}\n", ",".repeat(12));
                continue;
            }
            Err(error) => return Err(error),
        };
        let steps = &made.history.steps;
        let seconds = steps.last().map_or(0.0, |step| step.seconds);
        // Of the last hundred iterations.
        let last = &steps[steps.len().saturating_sub(100)..];
        let mean = |value: fn(&foveate::generate::Step) -> f64| {
            last.iter().map(value).sum::<f64>() / last.len().max(1) as f64
        };
        let (d, g) = (mean(|step| step.discriminator_loss), mean(|step| step.generator_loss));
        let score = judge.score(&made.generator)?;
        println!("{iterations} iterations in {seconds:.0} s, losses D {d:.3}, G {g:.3}\n{score}");
        let accuracy = score.conditional_accuracy.map_or(String::new(), |share| share.to_string());
        table += &format!(
            "{name},{iterations},{seconds:.0},{:.4},{d:.4},{g:.4},{:.4},{:.6},{:.4},{:.4},{},{:.5},{accuracy}\n",
            seconds / iterations as f64,
            score.frechet,
            score.kernel.mean,
            score.prdc.precision,
            score.prdc.recall,
            score.modes.covered,
            score.modes.divergence,
        );
        fs::write(out.join("study.csv"), &table)?;
        let image = |end: &str| foveate::image::open(out.join(format!("{name}{end}.png")));
        let caption = format!("{name}: FID {:.2}, {seconds:.0} s", score.frechet);
        grids.push(Cell::new(image("")?, caption));
        losses.push(Cell::new(image("_loss")?, name));
    }
    fs::write(out.join("study.csv"), &table)?;
    if !grids.is_empty() {
        draw(&grids, 4).save(out.join("study.png"))?;
        draw(&losses, 3).save(out.join("study_loss.png"))?;
    }
    println!("\n{}: study.csv, study.png, study_loss.png", out.display());
    Ok(())
}

fn diverged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(GenerateError::Diverged { .. }))
}
