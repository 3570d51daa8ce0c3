//! What does a layer see? The first channels of its activations for one photograph, as images.
//!
//! ```text
//! cargo run --release --example 02_feature_maps -- cat.jpg --layer features.0 --channels 8
//! ```

mod failure;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;
use foveate::image::imageops::{FilterType, resize};
use foveate::image::sheet::{self, Cell};
use foveate::prelude::*;
use foveate::{device, image};

/// Draws a photograph and the feature maps it gives at a layer (feature_maps.png).
#[derive(Parser)]
struct Args {
    /// A JPEG, PNG, WebP, GIF, BMP or TIFF file
    image: PathBuf,

    /// The layer, by torchvision's name; --layers lists them
    #[arg(long, default_value = "features.0")]
    layer: String,

    /// How many channels, from the first on
    #[arg(long, default_value_t = 8)]
    channels: usize,

    /// The network, squeezenet1_1 or vgg16 for instance (vgg16_features: its convolutions alone)
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// Print the layers with their shapes, parameters and multiply-adds, too
    #[arg(long)]
    layers: bool,

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
    ensure!(args.channels > 0, "--channels 0: expected one or more");
    // As the practical: stretched to 224x224, nothing cut off.
    let size = Resize::Exact { height: 224, width: 224 };
    let image = image::resize(&image::open(&args.image)?, size)?;
    let pretrained = Pretrained::load(args.model, &chosen.device)?;
    println!("weights: {}", pretrained.file.display());
    if args.layers {
        println!("{}", pretrained.network.summary(224, 224));
    }

    let pixels = Pixels::from_images(std::slice::from_ref(&image), &chosen.device);
    let input = pretrained.preprocessing.normalize(&pixels).into_tensor();
    let maps = pretrained.network.features(input, &args.layer)?;
    let [_, channels, height, width] = maps.dims();
    println!("{}: {channels} channels of {height}x{width}", args.layer);

    let name = args.image.file_name().unwrap_or_default().to_string_lossy();
    let mut cells = vec![Cell::new(image, name)];
    let values: Vec<f32> = maps.into_data().iter::<f32>().collect();
    for (i, map) in values.chunks_exact(height * width).take(args.channels).enumerate() {
        let map = image::gray_map(map, height, width);
        let map = resize(&map, 224, 224, FilterType::Nearest);
        cells.push(Cell::new(map, format!("{} channel {i}", args.layer)));
    }

    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let file = args.out.join("feature_maps.png");
    sheet::draw(&cells, 3).save(&file).with_context(|| file.display().to_string())?;
    println!("feature maps: {}", file.display());
    Ok(())
}
