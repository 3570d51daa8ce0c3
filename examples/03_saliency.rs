//! Which pixels decide? The saliency of photographs under two networks, side by side.
//!
//! ```text
//! cargo run --release --example 03_saliency -- cat.jpg dog.jpg
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure, name};
use foveate::explain::{Attribution, Saliency, Target, channel_max};
use foveate::image::{self, HeatMap, sheet};
use foveate::prelude::*;

/// Draws photographs beside `|d score / d pixel|` of the class each network finds (saliency.png).
#[derive(Parser)]
struct Args {
    /// JPEG, PNG, WebP, GIF, BMP or TIFF files
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// The networks
    #[arg(long, num_args = 1.., default_values = ["squeezenet1_1", "googlenet"])]
    models: Vec<Architecture>,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    // As the practical: stretched, nothing cropped.
    let size = Resize::Exact { height: 224, width: 224 };
    let open = |path| image::resize(&image::open(path)?, size);
    let images = args.images.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let mut classifiers = Vec::new();
    for &model in &args.models {
        classifiers.push((model, Pretrained::load(model, &device)?.classifier()?));
    }
    let mut cells = Vec::new();
    for (path, image) in args.images.iter().zip(images) {
        let pixels = Pixels::from_images(std::slice::from_ref(&image), &device);
        cells.push(sheet::Cell::new(image, name(path)));
        for (model, classifier) in &classifiers {
            let found = classifier.classify_pixels(&pixels, 1)?.remove(0).remove(0);
            let map = Saliency.attribute(classifier, &pixels, &Target::Class(found.class))?;
            let map = HeatMap::default().draw_batch(&channel_max(&map)).remove(0);
            println!("{}, {model}: {:.1} % {}", name(path), found.probability * 100.0, found.label);
            cells.push(sheet::Cell::new(map, format!("{model}: {}", found.label)));
        }
    }
    args.common.save(&sheet::draw(&cells, 1 + classifiers.len()), "saliency.png")?;
    Ok(())
}
