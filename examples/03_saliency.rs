//! Which pixels decide? The saliency of photographs under two networks, side by side.
//!
//! ```text
//! cargo run --release --example 03_saliency -- cat.jpg dog.jpg
//! ```

mod failure;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use foveate::explain::{Attribution, Saliency, Target, channel_max};
use foveate::image::HeatMap;
use foveate::image::sheet::{self, Cell};
use foveate::prelude::*;
use foveate::{device, image};

/// Draws photographs beside `|d score / d pixel|` of the class each network finds (saliency.png).
#[derive(Parser)]
struct Args {
    /// JPEG, PNG, WebP, GIF, BMP or TIFF files
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// The first network
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// The second network
    #[arg(long, default_value = "googlenet")]
    second: Architecture,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for the image
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
    // As the practical: stretched to 224x224, nothing cut off.
    let size = Resize::Exact { height: 224, width: 224 };
    let open = |path| image::resize(&image::open(path)?, size);
    let images: Vec<_> = args.images.iter().map(open).collect::<Result<_, _>>()?;
    let mut classifiers = Vec::new();
    for model in [args.model, args.second] {
        let pretrained = Pretrained::load(model, &chosen.device)?;
        println!("weights: {}", pretrained.file.display());
        classifiers.push((model, pretrained.classifier()?));
    }

    let mut cells = Vec::new();
    for (path, image) in args.images.iter().zip(images) {
        let pixels = Pixels::from_images(std::slice::from_ref(&image), &chosen.device);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        cells.push(Cell::new(image.clone(), name.clone()));
        for (model, classifier) in &classifiers {
            let found = classifier.classify(std::slice::from_ref(&image), 1)?.remove(0).remove(0);
            let target = Target::Class(found.class);
            let map = Saliency.attribute(classifier, pixels.tensor(), &target)?;
            let map = HeatMap::default().draw_batch(&channel_max(&map)).remove(0);
            let percent = found.probability * 100.0;
            println!("{name}, {model}: {} ({percent:.1} %)", found.label);
            cells.push(Cell::new(map, format!("{model}: {}", found.label)));
        }
    }

    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let file = args.out.join("saliency.png");
    sheet::draw(&cells, 3).save(&file).with_context(|| file.display().to_string())?;
    println!("saliency maps: {}", file.display());
    Ok(())
}
