//! How little must change for a network to see something else? Photographs are changed until a
//! pretrained network finds a class of your choice in them; the eye sees no difference.
//!
//! ```text
//! cargo run --release --example 05_fooling -- cat.jpg dog.jpg --target espresso
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure, class_named, name};
use foveate::explain::attack::{Attack, FoolingImage, Goal};
use foveate::image::{self, sheet};
use foveate::prelude::*;

/// Fools a network with photographs, and draws them beside their changes (fooling.png).
#[derive(Parser)]
struct Args {
    /// JPEG, PNG, WebP, GIF, BMP or TIFF files
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// The ImageNet class that the network is to find
    #[arg(long, default_value = "goldfish")]
    target: String,

    /// Other networks, to which the changed images are shown
    #[arg(long, num_args = 1..)]
    transfer_to: Vec<Architecture>,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let images = args.images.iter().map(image::open).collect::<Result<Vec<_>, _>>()?;
    let network = Architecture::SqueezeNet1_1;
    let classifier = Pretrained::load(network, &device)?.classifier()?;
    let pixels = classifier.preprocessing().pixels(&images, &device)?;
    let goal = Goal::Targeted(vec![class_named(classifier.labels(), &args.target)?]);
    let fooled = FoolingImage::default().attack(&classifier, &pixels, &goal)?;

    let mut shown = vec![(network, classifier)];
    for other in args.transfer_to {
        shown.push((other, Pretrained::load(other, &device)?.classifier()?));
    }
    let best = |found: &Vec<Prediction>| {
        format!("{:.1} % {}", 100.0 * found[0].probability, found[0].label)
    };
    for (network, classifier) in &shown {
        let before = classifier.classify_pixels(&fooled.original, 1)?;
        let after = classifier.classify_pixels(&fooled.adversarial, 1)?;
        for (path, (before, after)) in args.images.iter().zip(before.iter().zip(&after)) {
            let (before, after) = (best(before), best(after));
            println!("{}, {network}: {before} before, {after} after", name(path));
        }
    }
    let (change, tenfold) = (fooled.difference(1.0), fooled.difference(10.0));
    let columns = [&fooled.original, &fooled.adversarial, &change, &tenfold].map(|p| p.to_images());
    let mut cells = Vec::new();
    for (i, path) in args.images.iter().enumerate() {
        let (steps, l2, l_inf) = (fooled.steps[i], fooled.l2[i], 255.0 * fooled.l_inf[i]);
        println!("{}: {steps} steps, length {l2:.3}, at most {l_inf:.1} of 255", name(path));
        for (images, caption) in columns.iter().zip(["before", "after", "change", "ten-fold"]) {
            cells.push(sheet::Cell::new(images[i].clone(), caption));
        }
    }
    args.common.save(&sheet::draw(&cells, 4), "fooling.png")?;
    Ok(())
}
