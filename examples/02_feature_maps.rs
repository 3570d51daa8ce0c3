//! What does a layer see? The first channels of its activations for one photograph, as images.
//!
//! ```text
//! cargo run --release --example 02_feature_maps -- cat.jpg --layer features.3
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure, name};
use foveate::image::imageops::{FilterType, resize};
use foveate::image::{self, sheet};
use foveate::prelude::*;

/// Prints a network's layers, and draws a photograph and the feature maps it gives at one of them
/// (feature_maps.png).
#[derive(Parser)]
struct Args {
    /// A JPEG, PNG, WebP, GIF, BMP or TIFF file
    image: PathBuf,

    /// The layer, by torchvision's name
    #[arg(long, default_value = "features.0")]
    layer: String,

    /// The network, squeezenet1_1 or vgg16 for instance (vgg16_features: its convolutions alone)
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let Pretrained { network, preprocessing, .. } = Pretrained::load(args.model, &device)?;
    println!("{}", network.summary(224, 224));

    // As the practical: stretched, nothing cropped.
    let preprocessing = preprocessing.with_resize(Resize::Exact { height: 224, width: 224 });
    let pixels = preprocessing.pixels(&[image::open(&args.image)?], &device)?;
    let maps = network.features(preprocessing.normalize(&pixels).into_tensor(), &args.layer)?;
    let [_, channels, height, width] = maps.dims();
    println!("{}: {channels} channels of {height}x{width}", args.layer);

    let mut cells = vec![sheet::Cell::new(pixels.to_images().remove(0), name(&args.image))];
    let values: Vec<f32> = maps.into_data().iter::<f32>().collect();
    for (i, map) in values.chunks_exact(height * width).take(8).enumerate() {
        let map = image::gray_map(map, height, width);
        let map = resize(&map, 224, 224, FilterType::Nearest);
        cells.push(sheet::Cell::new(map, format!("{} channel {i}", args.layer)));
    }
    args.common.save(&sheet::draw(&cells, 3), "feature_maps.png")?;
    Ok(())
}
