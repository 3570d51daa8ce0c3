//! What do these photographs show? A pretrained network names its five best guesses for each.
//!
//! ```text
//! cargo run --release --example 01_classify -- cat.jpg dog.jpg
//! ```

mod failure;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Parser;
use foveate::image::sheet::{self, Cell};
use foveate::models::ClassifyError;
use foveate::prelude::*;
use foveate::{device, image};

/// Names what photographs show, as text and as a contact sheet (classify.png).
#[derive(Parser)]
struct Args {
    /// JPEG, PNG, WebP, GIF, BMP or TIFF files
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// squeezenet1_0, squeezenet1_1, googlenet, googlenet_published, resnet18, resnet34, vgg11,
    /// vgg13, vgg16, vgg19
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// A file of weights for the model (.pth or .safetensors) in place of the registered ones
    #[arg(long)]
    weights: Option<PathBuf>,

    /// How many guesses for each image
    #[arg(long, default_value_t = 5)]
    top: usize,

    /// Stretch images to 224x224 instead of resizing the short side to 256 and cropping 224x224
    #[arg(long)]
    stretch: bool,

    /// Folder for the contact sheet
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = device(&args.device)?;
    println!("device:  {chosen}");

    let pretrained = match &args.weights {
        Some(file) => Pretrained::from_file(args.model, file, &chosen.device)?,
        None => Pretrained::load(args.model, &chosen.device)?,
    };
    let training = pretrained.source.map_or("your own", |source| source.training);
    println!("weights: {} ({training})", pretrained.file.display());
    let mut classifier = pretrained.classifier()?;
    if args.stretch {
        let stretch = Resize::Exact { height: 224, width: 224 };
        let preprocessing = classifier.preprocessing().with_resize(stretch);
        classifier = classifier.with_preprocessing(preprocessing);
    }

    let mut cells = Vec::new();
    let mut failed = Vec::new();
    for path in &args.images {
        let start = Instant::now();
        let answer = image::open(path).map_err(ClassifyError::from).and_then(|image| {
            let predictions = classifier.classify(std::slice::from_ref(&image), args.top)?;
            let seen = image::resize(&image, classifier.preprocessing().resize)?;
            Ok((seen, predictions.into_iter().next().unwrap_or_default()))
        });
        let (seen, predictions) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                println!("\nleft out: {error}");
                failed.push(error);
                continue;
            }
        };
        println!("\n{} ({:.2} s)", path.display(), start.elapsed().as_secs_f64());
        for Prediction { label, probability, .. } in &predictions {
            println!("  {:5.1} %  {label}", probability * 100.0);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bars = predictions.into_iter().map(|prediction| {
            let percent = prediction.probability * 100.0;
            (format!("{percent:.1} % {}", prediction.label), prediction.probability)
        });
        cells.push(Cell { bars: bars.collect(), ..Cell::new(seen, name) });
    }

    if !cells.is_empty() {
        std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
        let file = args.out.join("classify.png");
        sheet::draw(&cells, 5).save(&file).with_context(|| file.display().to_string())?;
        println!("\ncontact sheet: {}", file.display());
    }
    if let Some(error) = failed.first() {
        let (failed, all) = (failed.len(), args.images.len());
        bail!("{failed} of {all} images could not be classified, the first: {error}");
    }
    Ok(())
}
