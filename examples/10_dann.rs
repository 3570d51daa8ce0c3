//! A classifier for digits in photographs, learned from digits on black and from images without
//! labels: domain-adversarial training (Ganin et al. 2016), from MNIST to MNIST-M.
//!
//! ```text
//! cargo run --release --example 10_dann -- --lambda 0.3       # the practical's network and schedule
//! cargo run --release --example 10_dann -- --data digits --compare --variant normalized --contrast \
//!     --optimizer adam --learning-rate 2e-3 --warm-start 0.5 --lambda 0.1 --epochs 3 --rounds 1 --round-epochs 1
//! cargo run --release --example 10_dann -- --no-reversal      # the features do not heed the domain head
//! cargo run --release --example 10_dann -- --evaluate out/dann_0.safetensors --images out/digits.png
//! ```

mod adapt;
mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use adapt::{Data, choices, curves, domains, load, mean_and_deviation, print, print_round};
use anyhow::bail;
use clap::{Parser, ValueEnum};
use common::{Common, Failure};
use foveate::adapt::{Adapted, DannTraining, Lambda, PseudoLabels, UpdateEvery, Validator};
use foveate::data::{ImageFolder, Images, TwoDomains};
use foveate::image;
use foveate::models::weights::Precision;
use foveate::models::{Dann, DannConfig, initialized};
use foveate::prelude::*;
use foveate::train::{Optimizer, Schedule, ShiftAndContrast};
use foveate::transfer::Evaluation;

/// Trains on two domains of digits, of which only the first has labels, and reports how well the network
/// reads both. Writes dann_SEED.csv, .png and .safetensors for each seed, and some of the images as
/// digits.png.
#[derive(Clone, Parser)]
struct Args {
    /// The two domains
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// The features do not heed the domain head, which learns all the same
    #[arg(long, conflicts_with = "source_only")]
    no_reversal: bool,

    /// First train on the source alone, on images as they are; then report what all the rest gains
    #[arg(long, conflicts_with_all = ["source_only", "no_reversal"])]
    compare: bool,

    /// No domain head at all
    #[arg(long)]
    source_only: bool,

    /// The largest factor of the reversed gradient; at 1, the paper's, MNIST's training falls on one class
    #[arg(long, default_value_t = 1.0)]
    lambda: f64,

    /// How fast the factor grows to it; 0 for at once
    #[arg(long, default_value_t = 10.0)]
    gamma: f64,

    /// The factor is 0 in this share of the training, and constant in the rest
    #[arg(long, conflicts_with = "gamma")]
    warm_start: Option<f64>,

    /// Passes over the source's training images
    #[arg(long, default_value_t = 20)]
    epochs: usize,

    /// One training for each
    #[arg(long, num_args = 1.., default_values_t = [0])]
    seeds: Vec<u64>,

    /// The network: plain, as the practical's, or normalized, with batch norm and dropout
    #[arg(long, default_value = "plain")]
    variant: Variant,

    /// Images of each domain a step
    #[arg(long, default_value_t = 64)]
    batch: usize,

    /// How gradients become steps
    #[arg(long, default_value = "sgd")]
    optimizer: Kind,

    /// The first learning rate; it falls as in the paper
    #[arg(long, default_value_t = 0.01)]
    learning_rate: f64,

    /// Change lambda and the learning rate before each epoch, not each step
    #[arg(long)]
    by_epoch: bool,

    /// Train on source images of random contrast, brightness and inversion, channel by channel
    #[arg(long)]
    contrast: bool,

    /// Train on images moved by as many pixels at most
    #[arg(long, default_value_t = 0)]
    shift: usize,

    /// Rounds of training on pseudo-labels, the network's confident predictions, after it
    #[arg(long, default_value_t = 0)]
    rounds: usize,

    /// The learning rate of the rounds (default: the last one of the training before)
    #[arg(long)]
    round_learning_rate: Option<f64>,

    /// Passes in each round
    #[arg(long, default_value_t = 2)]
    round_epochs: usize,

    /// The least probability of a confident prediction
    #[arg(long, default_value_t = 0.95)]
    threshold: f32,

    /// The most confident portion of each class's predictions, of which confident ones are taken (default: all)
    #[arg(long)]
    portion: Option<f64>,

    /// Whose best epoch is kept: entropy, snd, im or source-risk (default: the last epoch)
    #[arg(long)]
    validator: Option<Validator>,

    /// Images to train on, of each domain (default: 60,000, or 12,800 where both are drawn)
    #[arg(long)]
    limit: Option<usize>,

    /// A file to resume from after an interruption; its name gets the training, its seed and the round
    #[arg(long)]
    checkpoint: Option<PathBuf>,

    /// Write weights of 16 bits
    #[arg(long)]
    half: bool,

    /// Train nothing: read images with this network
    #[arg(long, requires = "images")]
    evaluate: Option<PathBuf>,

    /// An image, one with many 28x28 digits side by side, or a folder with the folders 0 to 9
    #[arg(long)]
    images: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Variant {
    Plain,
    Normalized,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Sgd,
    Adam,
}

fn settings(args: &Args, arm: &str, seed: u64) -> DannTraining {
    let highest = args.lambda;
    let lambda = match args.warm_start {
        _ if args.source_only => None,
        _ if args.no_reversal => Some(Lambda::Constant { lambda: 0.0 }),
        Some(share) => Some(Lambda::WarmStart { lambda: highest, share }),
        None if args.gamma == 0.0 => Some(Lambda::Constant { lambda: highest }),
        None => Some(Lambda::Annealed { highest, gamma: args.gamma }),
    };
    DannTraining {
        epochs: args.epochs,
        batch: args.batch,
        optimizer: match args.optimizer {
            Kind::Sgd => Optimizer::SGD,
            Kind::Adam => Optimizer::ADAM,
        },
        learning_rate: args.learning_rate,
        schedule: Schedule::DANN,
        lambda,
        update_every: if args.by_epoch { UpdateEvery::Epoch } else { UpdateEvery::Batch },
        source_augmentation: ShiftAndContrast { shift: args.shift, contrast: args.contrast },
        target_augmentation: ShiftAndContrast { shift: args.shift, contrast: false },
        pseudo_label_steps: None,
        validator: args.validator,
        seed,
        checkpoint: args.checkpoint.as_ref().map(|file| {
            let mut name = file.as_os_str().to_owned();
            name.push(format!(".{arm}{seed}"));
            name.into()
        }),
    }
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if let (Some(checkpoint), Some(images)) = (&args.evaluate, &args.images) {
        return Ok(evaluate(checkpoint, images, &args.common.device()?)?);
    }
    let device = args.common.open()?;
    let data = args.data.load(args.limit)?;
    println!("data: {} + {} images to learn from", data.source.len(), data.target.len());

    let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
    let mut arms = vec![("dann", args.clone())];
    if args.compare {
        let (source_only, contrast, shift, warm_start, rounds) = (true, false, 0, None, 0);
        let before = Args { source_only, contrast, shift, warm_start, rounds, ..args.clone() };
        arms.insert(0, ("source", before));
    }
    let mut last = Vec::new();
    for (arm, args) in arms {
        let mut found = Vec::new();
        for &seed in &args.seeds {
            println!("{arm}, seed {seed}");
            let start = Instant::now();
            let adapted = train(&args, arm, seed, &data, &preprocessing, &device)?;
            println!("{:.0} s", start.elapsed().as_secs_f64());
            let name = |end: &str| args.common.out.join(format!("{arm}_{seed}.{end}"));
            fs::write(name("csv"), adapted.history.csv())?;
            curves(arm, &adapted.history).save(name("png"))?;
            let labels = (0..10).map(|digit| digit.to_string()).collect();
            let precision = if args.half { Precision::Half } else { Precision::Single };
            let classifier = Classifier::new(adapted.network, preprocessing, labels);
            classifier.save(name("safetensors"), precision)?;
            found.push(choices(&adapted.history));
        }
        last.push(report(arm, &found));
    }
    if let [before, after] = last[..] {
        println!("over the source alone: {:.2} points", after - before);
    }
    args.common.save(&draw(&data), "digits.png")?;
    println!("{}: NAME_SEED.csv, .png and .safetensors", args.common.out.display());
    Ok(())
}

/// A training, and the rounds of pseudo-labels that follow it.
fn train(
    args: &Args,
    arm: &str,
    seed: u64,
    data: &TwoDomains,
    preprocessing: &Preprocessing,
    device: &Device,
) -> anyhow::Result<Adapted<Dann>> {
    let [source, target] = domains(data);
    let network = DannConfig::new().with_normalized(args.variant == Variant::Normalized);
    let network = initialized(network.init(device), seed);
    let settings = settings(args, arm, seed);
    let mut adapted = settings.run_with(network, preprocessing, source, target, print)?;
    if args.rounds > 0 {
        let rounds = rounds(args, settings);
        let more = rounds.run_with(adapted.network, preprocessing, source, target, print_round)?;
        adapted.network = more.network;
        adapted.history.epochs.extend(more.history.epochs);
    }
    Ok(adapted)
}

/// Which epochs would be taken, and how well they read the target; the last epochs' mean, in percent.
fn report(arm: &str, found: &[Vec<(&str, usize, f64)>]) -> f64 {
    println!("{arm}:");
    let mut last = f64::NAN;
    for i in 0..found.iter().map(Vec::len).min().unwrap_or(0) {
        let accuracies: Vec<f64> = found.iter().map(|choices| 100.0 * choices[i].2).collect();
        let (mean, deviation) = mean_and_deviation(&accuracies);
        let epochs: Vec<_> = found.iter().map(|choices| (choices[i].1 + 1).to_string()).collect();
        let name = found[0][i].0;
        println!("{name:>12}: target {mean:.2} +- {deviation:.2} %, epoch {}", epochs.join(", "));
        if name == "last" {
            last = mean;
        }
    }
    last
}

/// Rounds of pseudo-labels behind a training, with its last learning rate and lambda.
fn rounds(args: &Args, settings: DannTraining) -> PseudoLabels {
    let rate = settings.schedule.at(settings.learning_rate, 1.0, 1);
    PseudoLabels {
        rounds: args.rounds,
        threshold: args.threshold,
        portion: args.portion,
        training: DannTraining {
            epochs: args.round_epochs,
            learning_rate: args.round_learning_rate.unwrap_or(rate),
            schedule: Schedule::Constant,
            lambda: settings.lambda.map(|lambda| Lambda::Constant { lambda: lambda.at(1.0) }),
            ..settings
        },
    }
}

/// The first digits of both domains.
fn draw(data: &TwoDomains) -> RgbImage {
    let row = |set: &Images, from: usize| -> Vec<RgbImage> {
        (from..from + 16).map(|i| set.image(i % set.len())).collect()
    };
    let rows = [&data.source, &data.target].map(|set| [row(set, 0), row(set, 16)]);
    tiled(&rows.concat())
}

/// Rows of images of one size, edge to edge.
fn tiled(rows: &[Vec<RgbImage>]) -> RgbImage {
    let (width, height) = rows[0][0].dimensions();
    RgbImage::from_fn(width * rows[0].len() as u32, height * rows.len() as u32, |x, y| {
        *rows[(y / height) as usize][(x / width) as usize].get_pixel(x % width, y % height)
    })
}

/// Reads an image, a sheet of digits, or a folder with classes.
fn evaluate(checkpoint: &Path, path: &Path, device: &Device) -> anyhow::Result<()> {
    let classifier = load(checkpoint, device)?;
    let labels = classifier.labels().to_vec();
    let classes = |images: &[RgbImage]| -> anyhow::Result<Vec<usize>> {
        Ok(classifier.classify(images, 1)?.iter().map(|found| found[0].class).collect())
    };
    if path.is_dir() {
        let folder = ImageFolder::open(path)?;
        if folder.classes() != labels {
            bail!(
                "{}: expected the folders {labels:?}, found {:?}",
                path.display(),
                folder.classes()
            );
        }
        let loaded = folder.load(classifier.preprocessing().resize);
        loaded.unreadable.iter().for_each(|error| println!("left out: {error}"));
        let found = Evaluation::new(&classes(&loaded.images)?, &loaded.labels, &labels)?;
        println!("{found}");
        return Ok(());
    }
    let image = image::open(path)?;
    let [height, width] = classifier.preprocessing().resize.size();
    let (rows, columns) = (image.height() / height, image.width() / width);
    let exact = image.dimensions() == (columns * width, rows * height);
    let (tiles, columns) = match exact && rows * columns > 1 {
        true => (tiles(&image, height, width), columns as usize),
        false => (vec![image], 1),
    };
    for row in classes(&tiles)?.chunks(columns) {
        println!(
            "{}",
            row.iter().map(|&class| labels[class].as_str()).collect::<Vec<_>>().join(" ")
        );
    }
    Ok(())
}

/// The parts of a sheet, row by row.
fn tiles(sheet: &RgbImage, height: u32, width: u32) -> Vec<RgbImage> {
    let corners = (0..sheet.height())
        .step_by(height as usize)
        .flat_map(|y| (0..sheet.width()).step_by(width as usize).map(move |x| (x, y)));
    corners
        .map(|(left, top)| {
            RgbImage::from_fn(width, height, |x, y| *sheet.get_pixel(left + x, top + y))
        })
        .collect()
}
