//! What does a class look like to a network? An image that it takes for that class, grown from
//! noise or from a photograph.
//!
//! ```text
//! cargo run --release --example 06_class_visualization -- gorilla --from cat.jpg
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure, class_named};
use foveate::explain::visualize::ClassVisualization;
use foveate::image::{self, save_gif, sheet};
use foveate::prelude::*;

/// Draws the image of a class as it grows: class.gif, and its snapshots with their scores (class.png).
#[derive(Parser)]
struct Args {
    /// The ImageNet class
    class: String,

    /// The network
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// A photograph to start from in place of noise
    #[arg(long)]
    from: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let classifier = Pretrained::load(args.model, &device)?.classifier()?;
    let class = class_named(classifier.labels(), &args.class)?;

    let visualization = ClassVisualization { snapshot_every: 5, ..Default::default() };
    let start = match &args.from {
        Some(path) => classifier.preprocessing().pixels(&[image::open(path)?], &device)?,
        None => visualization.noise(1, [224, 224], &device),
    };
    let mut images = start.to_images();
    let mut cells = vec![sheet::Cell::new(images[0].clone(), "start")];
    for snapshot in visualization.run(&classifier, &start, &[class])? {
        let image = snapshot.pixels.to_images().remove(0);
        images.push(image.clone());
        if snapshot.iteration % 25 == 0 {
            let (score, probability) = (snapshot.scores[0], 100.0 * snapshot.probabilities[0]);
            let caption = format!("{}: {score:.1}, {probability:.1} %", snapshot.iteration);
            println!("iteration, logit and probability {caption}");
            cells.push(sheet::Cell::new(image, caption));
        }
    }
    args.common.save(&sheet::draw(&cells, 5), "class.png")?;
    save_gif(args.common.out.join("class.gif"), &images, 200)?;
    Ok(())
}
