//! The practical's questions about DCGANs: one thing is changed at a time, and all are laid side by side.
//!
//! ```text
//! cargo run --release --example 15_gan_study                                  # every variation, hours
//! cargo run --release --example 15_gan_study -- base nz-10 nz-1000            # some of them
//! cargo run --release --example 15_gan_study -- base --seeds 0 1 2            # the practical's DCGAN, three times
//! cargo run --release --example 15_gan_study -- --data digits --epochs 1 base # drawn digits
//! ```

mod common;
mod generate;

use std::fs;

use clap::{Parser, ValueEnum};
use common::{Common, Failure};
use foveate::data::Images;
use foveate::generate::metrics::Score;
use foveate::generate::{GanTraining, GenerateError, Loss, Step};
use foveate::image::sheet::{Cell, draw};
use foveate::models::{CganConfig, DcganConfig, GanConfig, Initialization};
use foveate::prelude::*;
use generate::data::Data;
use generate::reference::Reference;
use generate::{Run, classes};

/// Trains the variations one after the other. Writes grids, losses and the generator of each as VARIATION_SEED, study.csv,
/// and their images and losses side by side as study.png and study_loss.png.
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

    /// One training of each variation for each
    #[arg(long, num_args = 1.., default_values_t = [0])]
    seeds: Vec<u64>,

    /// Iterations after which images are drawn
    #[arg(long, num_args = 0.., default_values_t = [1, 400, 1000, 2000])]
    grids: Vec<usize>,

    #[command(flatten)]
    common: Common,
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

    /// The networks, their initial weights, and how they are trained.
    fn of(
        self,
        images: &Images,
        mut settings: GanTraining,
    ) -> anyhow::Result<(GanConfig, Initialization, GanTraining)> {
        let mut dcgan = DcganConfig::new().with_channels(images.channels);
        let mut initialization = Initialization::Dcgan;
        let mut rates = |d, g| {
            (settings.discriminator_learning_rate, settings.generator_learning_rate) = (d, g);
        };
        let cgan = |judged| -> anyhow::Result<GanConfig> {
            let config = CganConfig::new().with_classes(classes(images)?);
            let config = config.with_channels(images.channels);
            Ok(GanConfig::Cgan(config.with_conditional_discriminator(judged)))
        };
        match self {
            Self::Base => {}
            Self::Ngf128 => dcgan.ngf = 128,
            Self::PytorchInit => initialization = Initialization::PyTorch,
            Self::SlowD => rates(1e-4, 4e-4),
            Self::SlowG => rates(4e-4, 1e-4),
            Self::Fast => rates(2e-3, 2e-3),
            Self::Saturating => settings.loss = Loss::Saturating,
            Self::Longer => settings.iterations *= 6,
            Self::Nz10 => dcgan.latent_dim = 10,
            Self::Nz1000 => dcgan.latent_dim = 1000,
            Self::Conditional => return Ok((cgan(true)?, initialization, settings)),
            Self::PlainDiscriminator => return Ok((cgan(false)?, initialization, settings)),
        }
        Ok((GanConfig::Dcgan(dcgan), initialization, settings))
    }
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = &args.common.open()?;
    let images = &args.data.load_square(args.limit, 32)?;
    let reference = &Reference::new(&args.data, args.samples, 32, device)?;
    let all = Variation::value_variants().to_vec();
    let variations = if args.variations.is_empty() { all } else { args.variations.clone() };
    let mut study = Study { args, device, images, reference, lines: Vec::new(), cells: Vec::new() };
    for variation in variations {
        for seed in study.args.seeds.clone() {
            study.train(variation, seed)?;
            study.save_table()?;
        }
    }
    if !study.cells.is_empty() {
        let (grids, losses): (Vec<_>, Vec<_>) = study.cells.into_iter().unzip();
        study.args.common.save(&draw(&grids, 4), "study.png")?;
        study.args.common.save(&draw(&losses, 3), "study_loss.png")?;
    }
    Ok(())
}

struct Study<'a> {
    args: Args,
    device: &'a Device,
    images: &'a Images,
    reference: &'a Reference,
    /// Of the table, one a training.
    lines: Vec<String>,
    /// Images and losses of each training.
    cells: Vec<(Cell, Cell)>,
}

impl Study<'_> {
    fn train(&mut self, variation: Variation, seed: u64) -> anyhow::Result<()> {
        let (name, out) = (format!("{}_{seed}", variation.name()), &self.args.common.out);
        println!("\n{name}");
        let iterations = self.args.epochs * (self.images.len() / 128);
        let settings = GanTraining { iterations, seed, ..Default::default() };
        let (config, initialization, settings) = variation.of(self.images, settings)?;
        let (grids, device) = (&self.args.grids, self.device);
        let run = Run { name: name.clone(), config, initialization, settings, grids, out, device };
        let made = match run.train(self.images) {
            Ok(made) => made,
            // A training that diverges is a result, too.
            Err(error) if diverged(&error) => {
                println!("{error}");
                self.lines.push(format!("{},{seed}{}\n", variation.name(), ",".repeat(12)));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let score = self.reference.score(&made.generator)?;
        let seconds = made.history.steps.last().map_or(0.0, |step| step.seconds);
        println!("{} iterations in {seconds:.0} s\n{score}", made.history.steps.len());
        self.lines.push(line(&variation.name(), seed, &made.history.steps, &score));
        let image = |end: &str| foveate::image::open(out.join(format!("{name}{end}.png")));
        let caption = format!("{name}: FID {:.2}, {seconds:.0} s", score.frechet);
        self.cells.push((Cell::new(image("")?, caption), Cell::new(image("_loss")?, name)));
        Ok(())
    }

    fn save_table(&self) -> anyhow::Result<()> {
        let header = "variation,seed,iterations,seconds,seconds_per_iteration,discriminator_loss,\
             generator_loss,fid,kid,precision,recall,classes,kl,conditional_accuracy\n";
        let table = format!("{header}{}", self.lines.concat());
        Ok(fs::write(self.args.common.out.join("study.csv"), table)?)
    }
}

/// A line of the table; losses are the means of the last hundred iterations.
fn line(variation: &str, seed: u64, steps: &[Step], score: &Score) -> String {
    let last = &steps[steps.len().saturating_sub(100)..];
    let mean =
        |value: fn(&Step) -> f64| last.iter().map(value).sum::<f64>() / last.len().max(1) as f64;
    let (d, g) = (mean(|step| step.discriminator_loss), mean(|step| step.generator_loss));
    let iterations = steps.len();
    let seconds = steps.last().map_or(0.0, |step| step.seconds);
    let accuracy = score.conditional_accuracy.map_or(String::new(), |share| share.to_string());
    format!(
        "{variation},{seed},{iterations},{seconds:.0},{:.4},{d:.4},{g:.4},{:.4},{:.6},{:.4},{:.4},{},{:.5},{accuracy}\n",
        seconds / iterations as f64,
        score.frechet,
        score.kernel.mean,
        score.prdc.precision,
        score.prdc.recall,
        score.modes.covered,
        score.modes.divergence,
    )
}

fn diverged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(GenerateError::Diverged { .. }))
}
