//! What do these photographs show? A pretrained network names its five best guesses for each.
//!
//! ```text
//! cargo run --release --example 01_classify -- cat.jpg dog.jpg
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure, name};
use foveate::image::{self, sheet};
use foveate::prelude::*;

/// Names what photographs show, as text and as a sheet (classify.png).
#[derive(Parser)]
struct Args {
    /// JPEG, PNG, WebP, GIF, BMP or TIFF files
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// squeezenet1_0, squeezenet1_1, googlenet, googlenet_published, resnet18, resnet34, vgg11, vgg13, vgg16, vgg19
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// A file of weights for the model (.pth or .safetensors) in place of the registered ones
    #[arg(long)]
    weights: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let pretrained = match &args.weights {
        Some(file) => Pretrained::from_file(args.model, file, &device)?,
        None => Pretrained::load(args.model, &device)?,
    };
    let classifier = pretrained.classifier()?;
    let mut cells = Vec::new();
    for path in &args.images {
        let pixels = classifier.preprocessing().pixels(&[image::open(path)?], &device)?;
        let guesses = classifier.classify_pixels(&pixels, 5)?.remove(0);
        println!("{}", path.display());
        for Prediction { label, probability, .. } in &guesses {
            println!("  {:5.1} %  {label}", probability * 100.0);
        }
        let bars = guesses.into_iter().map(|guess| (guess.label, guess.probability)).collect();
        let cell = sheet::Cell::new(pixels.to_images().remove(0), name(path));
        cells.push(sheet::Cell { bars, ..cell });
    }
    args.common.save(&sheet::draw(&cells, 5), "classify.png")?;
    Ok(())
}
