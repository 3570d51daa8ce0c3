//! What does a class look like to a network? An image that it takes for that class, grown from
//! noise or from a photograph.
//!
//! ```text
//! cargo run --release --example 06_class_visualization -- tarantula
//! cargo run --release --example 06_class_visualization -- gorilla --from cat.jpg --iterations 200
//! cargo run --release --example 06_class_visualization -- tarantula --sweep
//! ```

mod failure;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use foveate::explain::visualize::ClassVisualization;
use foveate::image::save_gif;
use foveate::image::sheet::{self, Cell};
use foveate::prelude::*;
use foveate::{device, image};

/// Draws the image of a class: class.png, class.gif as it grows, class_sheet.png with its snapshots.
#[derive(Parser)]
struct Args {
    /// The class: its index, or a part of its label
    class: String,

    /// squeezenet1_0, squeezenet1_1, googlenet, googlenet_published, resnet18, resnet34, vgg11,
    /// vgg13, vgg16, vgg19
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// A photograph to start from in place of noise
    #[arg(long)]
    from: Option<PathBuf>,

    /// Steps
    #[arg(long, default_value_t = 100)]
    iterations: usize,

    /// Length of a step, in normalized pixels
    #[arg(long, default_value_t = 25.0)]
    learning_rate: f32,

    /// Weight of the image's squared length
    #[arg(long, default_value_t = 1e-3)]
    l2_reg: f32,

    /// Iterations from one blur to the next; 0 never blurs
    #[arg(long, default_value_t = 10)]
    blur_every: usize,

    /// Standard deviation of the blur in pixels
    #[arg(long, default_value_t = 0.5)]
    blur_sigma: f32,

    /// Most pixels the image is rolled by before a step
    #[arg(long, default_value_t = 16)]
    max_jitter: u32,

    /// Iterations from one image of the sheet to the next
    #[arg(long, default_value_t = 25)]
    show_every: usize,

    /// Height and width in pixels, when starting from noise
    #[arg(long, default_value_t = 224)]
    size: usize,

    /// Of the noise and the jitter
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Compare learning rates, regularizations and numbers of iterations on one sheet
    /// (class_sweep.png) instead
    #[arg(long)]
    sweep: bool,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for the images
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
    let pretrained = Pretrained::load(args.model, &chosen.device)?;
    println!("weights: {}", pretrained.file.display());
    let classifier = pretrained.classifier()?;
    let class = find(&args.class, classifier.labels())?;
    let label = &classifier.labels()[class];
    println!("class:   {class}, {label}");

    let &Preprocessing { mean, std, .. } = classifier.preprocessing();
    let visualization = ClassVisualization {
        iterations: args.iterations,
        learning_rate: args.learning_rate,
        l2_reg: args.l2_reg,
        blur_every: args.blur_every,
        blur_sigma: args.blur_sigma,
        max_jitter: args.max_jitter,
        snapshot_every: args.show_every,
        mean,
        std,
        seed: args.seed,
    };
    let start = match &args.from {
        Some(path) => classifier.preprocessing().pixels(&[image::open(path)?], &chosen.device)?,
        None => visualization.noise(1, [args.size; 2], &chosen.device),
    };
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    if args.sweep {
        return sweep(&visualization, &classifier, &start, class, &args.out);
    }

    let clock = Instant::now();
    // A film of some thirty images, and those of the sheet.
    let film_every = (args.iterations / 30).max(1);
    let every = ClassVisualization { snapshot_every: 1, ..visualization };
    let snapshots = every.run(&classifier, &start, &[class])?;
    println!("{} iterations in {:.1} s", args.iterations, clock.elapsed().as_secs_f64());

    let mut film = start.to_images();
    let mut cells = vec![Cell::new(film[0].clone(), "start")];
    for snapshot in &snapshots {
        let done = snapshot.iteration;
        let image = snapshot.pixels.to_images().remove(0);
        let last = done == args.iterations;
        if done == 1 || last || (args.show_every > 0 && done % args.show_every == 0) {
            let [score, probability] = [snapshot.scores[0], snapshot.probabilities[0]];
            println!("  {done:5}: logit {score:6.2}, probability {:5.1} %", probability * 100.0);
            let bar = (format!("{:.1} % {label}", probability * 100.0), probability);
            let caption = format!("iteration {done}, logit {score:.1}");
            cells.push(Cell { bars: vec![bar], ..Cell::new(image.clone(), caption) });
        }
        if last || done % film_every == 0 {
            film.push(image);
        }
    }

    let file = args.out.join("class.png");
    film.last().expect("the start").save(&file).with_context(|| file.display().to_string())?;
    println!("image: {}", file.display());
    save_sheet(&cells, 3, &args.out.join("class_sheet.png"))?;
    let file = args.out.join("class.gif");
    save_gif(&file, &film, 100)?;
    println!("film:    {}", file.display());
    Ok(())
}

/// The class of an index, of one of its names, or of a text that is in one label alone.
fn find(text: &str, labels: &[String]) -> anyhow::Result<usize> {
    if let Ok(class) = text.parse::<usize>() {
        let most = labels.len() - 1;
        ensure!(class <= most, "class {class} is asked for: expected 0 to {most}");
        return Ok(class);
    }
    let text = text.to_lowercase();
    let all = |test: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..labels.len()).filter(|&class| test(&labels[class].to_lowercase())).collect()
    };
    let named = all(&|label| label.split(", ").any(|name| name == text));
    let found = all(&|label| label.contains(&text));
    match (&named[..], &found[..]) {
        (&[class], _) | (_, &[class]) => Ok(class),
        (_, []) => bail!("no class has `{text}` in its label"),
        _ => {
            let list: Vec<String> =
                found.iter().map(|&class| format!("{class} {}", labels[class])).collect();
            bail!("`{text}` is in several labels; give one of these indices: {}", list.join("; "))
        }
    }
}

/// One row for each learning rate and regularization, one column for each number of iterations.
fn sweep(
    visualization: &ClassVisualization,
    classifier: &Classifier,
    start: &Pixels,
    class: usize,
    out: &Path,
) -> anyhow::Result<()> {
    let mut cells = Vec::new();
    let most = visualization.iterations;
    let quarter = (most / 4).max(1);
    for learning_rate in [5.0, 25.0, 100.0] {
        for l2_reg in [0.0, 1e-3, 1e-2] {
            let setting = ClassVisualization {
                learning_rate,
                l2_reg,
                snapshot_every: quarter,
                ..visualization.clone()
            };
            for snapshot in setting.run(classifier, start, &[class])? {
                // A quarter, a half, all.
                let done = snapshot.iteration;
                if ![quarter, 2 * quarter, most].contains(&done) {
                    continue;
                }
                let probability = snapshot.probabilities[0];
                let bar = (
                    format!("{:.1} %, logit {:.1}", probability * 100.0, snapshot.scores[0]),
                    probability,
                );
                let caption = format!("rate {learning_rate}, l2 {l2_reg}, {done}");
                println!("  {caption}: {}", bar.0);
                let image = snapshot.pixels.to_images().remove(0);
                cells.push(Cell { bars: vec![bar], ..Cell::new(image, caption) });
            }
        }
    }
    let columns = if most >= 4 { 9 } else { 3 };
    save_sheet(&cells, columns, &out.join("class_sweep.png"))
}

fn save_sheet(cells: &[Cell], columns: usize, file: &Path) -> anyhow::Result<()> {
    sheet::draw(cells, columns).save(file).with_context(|| file.display().to_string())?;
    println!("sheet:   {}", file.display());
    Ok(())
}
