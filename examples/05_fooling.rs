//! How little must change for a network to see something else? Photographs are changed until a
//! pretrained network finds a class of your choice in them; the eye sees no difference.
//!
//! ```text
//! cargo run --release --example 05_fooling -- cat.jpg dog.jpg --target espresso
//! ```

mod failure;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Parser;
use foveate::explain::attack::{Attack, FoolingImage, Goal};
use foveate::image::sheet::{self, Cell};
use foveate::prelude::*;
use foveate::{device, image};

/// Fools a network with photographs, and draws them beside their changes (fooling.png).
#[derive(Parser)]
struct Args {
    /// JPEG, PNG, WebP, GIF, BMP or TIFF files
    #[arg(required = true)]
    images: Vec<PathBuf>,

    /// What the network shall see: an ImageNet class from 0 to 999, or its name, or a part of one
    #[arg(long, default_value = "goldfish")]
    target: String,

    /// squeezenet1_0, squeezenet1_1, googlenet, googlenet_published, resnet18, resnet34, vgg11,
    /// vgg13, vgg16, vgg19
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// Another network, to which the changed images are shown
    #[arg(long)]
    transfer_to: Option<Architecture>,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// The most steps
    #[arg(long, default_value_t = 100)]
    steps: usize,

    /// Length of a step, in the network's normalized input
    #[arg(long, default_value_t = 1.0)]
    step_size: f32,

    /// Folder for the sheet
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
    let images: Vec<RgbImage> = args.images.iter().map(image::open).collect::<Result<_, _>>()?;
    let load = |model| -> anyhow::Result<Classifier> {
        let pretrained = Pretrained::load(model, &chosen.device)?;
        println!("weights: {}", pretrained.file.display());
        Ok(pretrained.classifier()?)
    };
    let classifier = load(args.model)?;
    let victim = args.transfer_to.map(load).transpose()?;
    let target = class(&args.target, classifier.labels())?;
    println!("target:  {target} {}", classifier.labels()[target]);

    let pixels = classifier.preprocessing().pixels(&images, &chosen.device)?;
    let fooling = FoolingImage {
        step_size: args.step_size,
        steps: args.steps,
        std: classifier.preprocessing().std,
    };
    let start = Instant::now();
    let attacked = fooling.attack(&classifier, &pixels, &Goal::Targeted(vec![target]))?;
    println!("attack:  {:.2} s", start.elapsed().as_secs_f64());
    for warning in &attacked.warnings {
        println!("warning: {warning}");
    }

    let before = answers(&classifier, &attacked.original)?;
    let after = answers(&classifier, &attacked.adversarial)?;
    let shown = match &victim {
        Some(victim) => {
            Some((answers(victim, &attacked.original)?, answers(victim, &attacked.adversarial)?))
        }
        None => None,
    };
    let change = [attacked.difference(1.0), attacked.difference(10.0)];
    let [once, tenfold] = change.map(|change| change.to_images());
    let (original, fooled) = (attacked.original.to_images(), attacked.adversarial.to_images());
    let mut cells = Vec::new();
    for (i, path) in args.images.iter().enumerate() {
        println!("\n{}", path.display());
        println!("  before:  {}", before[i]);
        println!(
            "  after:   {}{}",
            after[i],
            match (attacked.before[i], attacked.success[i]) {
                (true, _) => " (so from the start)",
                (false, true) => "",
                (false, false) => " (not fooled)",
            }
        );
        let (steps, l2, l_inf) = (attacked.steps[i], attacked.l2[i], attacked.l_inf[i]);
        println!("  change:  {steps} steps, length {l2:.3}, at most {:.1} of 255", l_inf * 255.0);
        if let (Some(model), Some((before, after))) = (args.transfer_to, &shown) {
            println!("  {model}: {} before, {} after", before[i], after[i]);
        }
        cells.extend([
            Cell::new(original[i].clone(), &before[i]),
            Cell::new(fooled[i].clone(), &after[i]),
            Cell::new(once[i].clone(), format!("change, length {l2:.2}")),
            Cell::new(tenfold[i].clone(), "change, ten-fold"),
        ]);
    }

    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let file = args.out.join("fooling.png");
    sheet::draw(&cells, 4).save(&file).with_context(|| file.display().to_string())?;
    println!("\nsheet:   {}", file.display());
    Ok(())
}

/// The class of an index, a name, or the only name with this part.
fn class(wanted: &str, labels: &[String]) -> anyhow::Result<usize> {
    if let Ok(index) = wanted.parse::<usize>() {
        if index >= labels.len() {
            bail!("--target {index}: there are {} classes, from 0", labels.len());
        }
        return Ok(index);
    }
    let (wanted, lower) = (wanted.to_lowercase(), |label: &String| label.to_lowercase());
    if let Some(index) = labels.iter().position(|label| lower(label) == wanted) {
        return Ok(index);
    }
    let part = |index: &usize| lower(&labels[*index]).contains(&wanted);
    let found: Vec<usize> = (0..labels.len()).filter(part).collect();
    match found[..] {
        [index] => Ok(index),
        [] => bail!("--target {wanted}: no class has this in its name"),
        _ => {
            let names: Vec<String> =
                found.iter().map(|&index| format!("{index} {}", labels[index])).collect();
            bail!("--target {wanted} may be: {}", names.join(", "))
        }
    }
}

/// The most probable class of each image, and how probable it is.
fn answers(classifier: &Classifier, pixels: &Pixels) -> anyhow::Result<Vec<String>> {
    let line = |found: Vec<Prediction>| {
        let Prediction { probability, label, .. } = &found[0];
        format!("{:.1} % {label}", probability * 100.0)
    };
    Ok(classifier.classify_pixels(pixels, 1)?.into_iter().map(line).collect())
}
