//! The practical's question 9: the image of a class by several learning rates, L2 weights and numbers of iterations.
//!
//! ```text
//! cargo run --release --example 06_class_sweep -- gorilla
//! ```

mod common;

use clap::Parser;
use common::{Common, Failure, class_named};
use foveate::explain::visualize::ClassVisualization;
use foveate::image::sheet::{Cell, draw};
use foveate::prelude::*;

/// Draws a row for each learning rate, and in it for each L2 weight the image after a quarter, a half and all of the
/// iterations (class_sweep.png).
#[derive(Parser)]
struct Args {
    /// The ImageNet class
    class: String,

    /// The network
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// Steps
    #[arg(long, default_value_t = 100)]
    iterations: usize,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let classifier = Pretrained::load(args.model, &device)?.classifier()?;
    let class = class_named(classifier.labels(), &args.class)?;
    let iterations = args.iterations;
    let quarter = iterations.div_ceil(4);
    let mut cells = Vec::new();
    let rates = [5.0, 25.0, 100.0];
    for (learning_rate, l2_reg) in
        rates.iter().flat_map(|&rate| [0.0, 1e-3, 1e-2].map(|l2| (rate, l2)))
    {
        let visualization = ClassVisualization {
            iterations,
            learning_rate,
            l2_reg,
            snapshot_every: quarter,
            ..Default::default()
        };
        let start = visualization.noise(1, [224, 224], &device);
        for snapshot in visualization.run(&classifier, &start, &[class])? {
            let (done, probability) = (snapshot.iteration, snapshot.probabilities[0]);
            if [quarter, 2 * quarter, iterations].contains(&done) {
                let caption = format!("rate {learning_rate}, l2 {l2_reg}, {done}");
                let (percent, score) = (100.0 * probability, snapshot.scores[0]);
                let bar = (format!("{percent:.1} %, logit {score:.1}"), probability);
                println!("{caption}: {}", bar.0);
                let image = snapshot.pixels.to_images().remove(0);
                cells.push(Cell { bars: vec![bar], ..Cell::new(image, caption) });
            }
        }
    }
    args.common.save(&draw(&cells, cells.len() / rates.len()), "class_sweep.png")?;
    Ok(())
}
