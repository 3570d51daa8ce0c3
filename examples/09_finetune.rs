//! A pretrained network trained further on the 15 scenes: which layers, how, and what it is worth.
//!
//! ```text
//! cargo run --release --example 09_finetune
//! cargo run --release --example 09_finetune -- --from features.6 --learning-rate 4e-4 --epochs 25 \
//!     --crop 0.4 --label-smoothing 0.1
//! cargo run --release --example 09_finetune -- --from head --learning-rate 1e-3
//! cargo run --release --example 09_finetune -- --limit 8 --epochs 3 # to see it run
//! ```

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use common::{Common, Failure};
use foveate::data::{ImageFolder, Loaded, scene15};
use foveate::image::chart::{Curves, Series};
use foveate::models::{AnyNetwork, weights};
use foveate::prelude::*;
use foveate::train::{CropAndFlip, Optimizer, RandomResizedCrop, Schedule};
use foveate::transfer::{
    Epoch, Evaluation, FineTune, FineTuned, History, Labeled, Trainable, new_head,
};

/// Trains a pretrained network on the images below train/CLASS, stops where it is best on a part
/// of them that it does not learn from, and measures it once on those below test/CLASS. Writes
/// history.csv and the weights.
#[derive(Parser)]
struct Args {
    /// Folder with train/CLASS/IMAGE and test/CLASS/IMAGE (default: scene15 in FOVEATE_DATA)
    data: Option<PathBuf>,

    /// The network
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// The first layer that is trained; head for the new last one alone, all for all
    #[arg(long, default_value = "features.6")]
    from: String,

    /// Passes over the training images
    #[arg(long, default_value_t = 25)]
    epochs: usize,

    /// Passes before that in which the new head alone is trained, by Adam
    #[arg(long, default_value_t = 0)]
    head_epochs: usize,

    /// The learning rate of those
    #[arg(long, default_value_t = 3e-3)]
    head_learning_rate: f64,

    /// How gradients become steps
    #[arg(long, default_value = "adam")]
    optimizer: Kind,

    /// The first learning rate
    #[arg(long, default_value_t = 4e-4)]
    learning_rate: f64,

    /// L2 penalty of the weights
    #[arg(long, default_value_t = 1e-4)]
    weight_decay: f64,

    /// What becomes of the learning rate; step: a tenth of it after every third of the epochs
    #[arg(long, default_value = "cosine")]
    schedule: Course,

    /// Train on random rectangles of at least this share of an image; 1 for whole images
    #[arg(long, default_value_t = 0.4)]
    crop: f64,

    /// Share of the target probability that is spread over all classes
    #[arg(long, default_value_t = 0.1)]
    label_smoothing: f32,

    /// Images a step
    #[arg(long, default_value_t = 32)]
    batch: usize,

    /// End after so many epochs without a better one
    #[arg(long)]
    patience: Option<usize>,

    /// Every fifth image of a class is kept for validation; 0 learns from all, and takes the last epoch
    #[arg(long, default_value_t = 5)]
    validate: usize,

    /// Same seed, same training
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Images a class, of training and of test (default: all)
    #[arg(long)]
    limit: Option<usize>,

    /// A file to resume from after an interruption
    #[arg(long)]
    checkpoint: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Sgd,
    Adam,
}

#[derive(Clone, Copy, ValueEnum)]
enum Course {
    Constant,
    Step,
    Cosine,
}

/// The whole scene, stretched.
const SIZE: Resize = Resize::Exact { height: 224, width: 224 };

/// Every `nth` image of a class apart from the others; none, if it is 0.
fn split(all: Loaded, nth: usize) -> [(Vec<RgbImage>, Vec<usize>); 2] {
    let mut parts: [(Vec<_>, Vec<_>); 2] = Default::default();
    let mut seen = vec![0_usize; all.labels.iter().max().map_or(0, |&label| label + 1)];
    for (image, label) in all.images.into_iter().zip(all.labels) {
        seen[label] += 1;
        let part = &mut parts[usize::from(seen[label].is_multiple_of(nth))];
        part.0.push(image);
        part.1.push(label);
    }
    parts
}

fn load(folder: &ImageFolder) -> Loaded {
    let loaded = folder.load(SIZE);
    loaded.unreadable.iter().for_each(|error| println!("left out: {error}"));
    loaded
}

fn settings(args: &Args) -> FineTune {
    let weight_decay = args.weight_decay;
    let crop = RandomResizedCrop { scale: [args.crop, 1.0], ..Default::default() };
    FineTune {
        trainable: match args.from.as_str() {
            "head" => Trainable::Head,
            "all" => Trainable::All,
            layer => Trainable::From(layer.into()),
        },
        epochs: args.epochs,
        batch: args.batch,
        optimizer: match args.optimizer {
            Kind::Sgd => Optimizer::Sgd { momentum: 0.9, weight_decay, nesterov: false },
            Kind::Adam => Optimizer::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay },
        },
        learning_rate: args.learning_rate,
        schedule: match args.schedule {
            Course::Constant => Schedule::Constant,
            Course::Step => Schedule::Step { every: args.epochs.div_ceil(3), factor: 0.1 },
            Course::Cosine => Schedule::Cosine,
        },
        augmentation: CropAndFlip { flip: true, crop: (args.crop < 1.0).then_some(crop) },
        class_weights: None,
        label_smoothing: args.label_smoothing,
        patience: args.patience,
        seed: args.seed,
        checkpoint: args.checkpoint.clone(),
    }
}

fn print(epoch: &Epoch) {
    let percent = |share: f64| 100.0 * share;
    print!("loss {:.4}, {:.2} %", epoch.training.loss, percent(epoch.training.accuracy));
    if let Some(score) = epoch.validation {
        print!(";  validation {:.4}, {:.2} %", score.loss, percent(score.accuracy));
    }
    println!(";  learning rate {:.2e}, {:.0} s", epoch.learning_rate, epoch.seconds);
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let (train, test) = match &args.data {
        None => scene15()?,
        Some(data) => {
            let train = ImageFolder::open(data.join("train"))?;
            let test = train.open_beside(data.join("test"))?;
            (train, test)
        }
    };
    let device = args.common.open()?;
    let pretrained = Pretrained::load(args.model, &device)?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let (train, test) = (train.limited(limit), test.limited(limit));
    let classes = train.classes().to_vec();
    let parts = split(load(&train), args.validate);
    let [training, validation] = parts.each_ref().map(|(_, labels)| labels.len());
    println!(
        "images: {training} to learn from, {validation} to validate, of {} classes",
        classes.len()
    );

    let preprocessing = pretrained.preprocessing.with_resize(SIZE);
    let network = new_head(pretrained.network, classes.len(), args.seed);
    let start = Instant::now();
    let tuned = fine_tune(&args, network, &preprocessing, &parts)?;
    let best = tuned.history.best().context("no epochs: nothing was trained")?;
    println!("{:.0} s; best: epoch {}", start.elapsed().as_secs_f64(), best + 1);
    let out = &args.common.out;
    fs::write(out.join("history.csv"), tuned.history.csv())?;
    weights::save(&tuned.network, out.join("finetuned.safetensors"))?;
    args.common.save(&curves(&tuned.history), "history.png")?;
    println!("{}: history.csv, finetuned.safetensors\n", out.display());

    let Loaded { images, labels, .. } = load(&test);
    let classifier = Classifier::new(tuned.network, preprocessing, classes.clone());
    let found = classifier.classify(&images, 1)?;
    let found: Vec<usize> = found.iter().map(|guesses| guesses[0].class).collect();
    println!("{}", Evaluation::new(&found, &labels, &classes)?);
    Ok(())
}

/// The head alone, if it is asked for, and then all that is trained.
fn fine_tune(
    args: &Args,
    network: AnyNetwork,
    preprocessing: &Preprocessing,
    parts: &[(Vec<RgbImage>, Vec<usize>); 2],
) -> anyhow::Result<FineTuned<AnyNetwork>> {
    let [training, validation] =
        parts.each_ref().map(|(images, labels)| Labeled::new(images, labels));
    let validation = (!parts[1].1.is_empty()).then_some(validation);
    let observe = |epoch: &Epoch| {
        print(epoch);
        ControlFlow::Continue(())
    };
    // A head that knows nothing yet would spoil the layers below it (Kumar et al. 2022,
    // https://arxiv.org/abs/2202.10054).
    let settings = settings(args);
    let head = FineTune {
        trainable: Trainable::Head,
        epochs: args.head_epochs,
        optimizer: Optimizer::ADAM,
        learning_rate: args.head_learning_rate,
        checkpoint: args.checkpoint.as_ref().map(|file| file.with_extension("head")),
        patience: None,
        ..settings.clone()
    };
    let network = head.run_with(network, preprocessing, training, validation, observe)?.network;
    println!("from {}:", args.from);
    Ok(settings.run_with(network, preprocessing, training, validation, observe)?)
}

fn curves(history: &History) -> RgbImage {
    let series = |name: &str, right, value: &dyn Fn(&Epoch) -> Option<f64>| Series {
        name: name.into(),
        points: (1..)
            .zip(&history.epochs)
            .filter_map(|(i, epoch)| Some((f64::from(i), value(epoch)?)))
            .collect(),
        right,
        ..Default::default()
    };
    let chart = Curves {
        title: "fine-tuning".into(),
        x_label: "epoch".into(),
        y_label: "accuracy, %".into(),
        right_label: "loss".into(),
        series: vec![
            series("training", false, &|epoch| Some(epoch.training.accuracy * 100.0)),
            series("validation", false, &|epoch| Some(epoch.validation?.accuracy * 100.0)),
            series("training, loss", true, &|epoch| Some(epoch.training.loss)),
            series("validation, loss", true, &|epoch| Some(epoch.validation?.loss)),
        ],
        ..Default::default()
    };
    chart.draw()
}
