//! How good generated images are: FID, KID, precision and recall, density and coverage, inception score,
//! and the classes, by a fixed network.
//!
//! ```text
//! cargo run --release --example 17_score -- mnist-train mnist-test     # of real digits: the floor
//! cargo run --release --example 17_score -- mnist-test images        # of a folder
//! cargo run --release --example 17_score -- mnist-test out/dcgan.safetensors # of a generator
//! cargo run --release --example 17_score -- mnist-test digits          # of drawn ones
//! cargo run --release --example 17_score -- --train lenet.safetensors  # how the fixed network came to be
//! ```

mod common;
mod generate;

use std::path::{Path, PathBuf};

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use common::{Common, Failure};
use foveate::data::{Images, Split, mnist};
use foveate::models::weights::Precision;
use foveate::models::{GanConfig, LeNetConfig, initialized};
use foveate::prelude::*;
use foveate::train::CropAndFlip;
use foveate::transfer::{FineTune, Labeled};
use generate::data::Data;
use generate::reference::Reference;

/// Measures generated digits against real ones by LeNet-5.
#[derive(Parser)]
struct Args {
    /// Real images: mnist-train, mnist-test, digits (drawn), or a folder
    #[arg(required_unless_present = "train")]
    real: Option<Data>,

    /// What is measured: images, or a generator that 14_dcgan, 15_gan_study or 16_cgan wrote
    #[arg(required_unless_present = "train")]
    generated: Option<String>,

    /// Images of either, at most
    #[arg(long, default_value_t = 10_000)]
    count: usize,

    /// Images are first scaled to this height and width; beside a generator, to its own
    #[arg(long, default_value = "32", value_parser = side())]
    size: usize,

    /// Train the fixed network on MNIST and write it to this file in the folder
    #[arg(long, conflicts_with_all = ["real", "generated"])]
    train: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

/// Height and width of an image.
fn side() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["8", "16", "32", "64", "128", "256"])
        .map(|side| side.parse().expect("it is a number"))
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if let Some(file) = &args.train {
        let device = args.common.open()?;
        return Ok(train(&args.common.out.join(file), &device)?);
    }
    let device = args.common.device()?;
    let (Some(real), Some(generated)) = (&args.real, &args.generated) else { unreachable!() };
    let images = |data: &Data, size| -> anyhow::Result<Images> {
        Ok(data.load(args.count)?.resized(size, size))
    };
    let score = if generated.ends_with(".safetensors") {
        let (_, generator) = GanConfig::load(generated, &device)?;
        let real_images = images(real, generator.size()[1])?;
        Reference::of(real, &real_images, args.count, &device)?.score(&generator)?
    } else {
        let Ok(generated) = generated.parse::<Data>();
        let [real_images, generated] = [images(real, args.size)?, images(&generated, args.size)?];
        Reference::of(real, &real_images, args.count, &device)?.score_of(&generated)?
    };
    println!("{score}");
    Ok(())
}

/// LeNet-5 on MNIST's 60,000 training digits, in the library as 16-bit weights.
fn train(file: &Path, device: &Device) -> anyhow::Result<()> {
    let [training, test] = [mnist(Split::Train)?, mnist(Split::Test)?];
    let preprocessing = Images::preprocessing(&[&training]);
    let (images, labels) = (training.images(), training.labels.clone());
    let settings = FineTune {
        epochs: 10,
        batch: 64,
        learning_rate: 1e-3,
        augmentation: CropAndFlip::NONE,
        ..Default::default()
    };
    let network = initialized(LeNetConfig::new().init(device), settings.seed);
    let labeled = Labeled::new(&images, &labels);
    // The test digits choose nothing: the last epoch is kept.
    let trained = settings.run_with(network, &preprocessing, labeled, None, |epoch| {
        println!(
            "epoch: loss {:.4}, {:.2} % right",
            epoch.training.loss,
            100.0 * epoch.training.accuracy
        );
        std::ops::ControlFlow::Continue(())
    })?;
    let names = (0..10).map(|digit| digit.to_string()).collect();
    let classifier = Classifier::new(trained.network, preprocessing, names);
    classifier.save(file, Precision::Half)?;
    let classifier = Classifier::load(LeNetConfig::new().init(device), file)?;
    let found = classifier.classify(&test.images(), 1)?;
    let right = found.iter().zip(&test.labels).filter(|(found, label)| found[0].class == **label);
    let right = right.count();
    println!("{}: {right} of {} test digits right", file.display(), test.len());
    Ok(())
}
