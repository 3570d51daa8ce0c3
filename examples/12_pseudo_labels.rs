//! What pseudo-labels, a network's own predictions on the target, add, in two forms, over a training on the source alone and
//! over a domain-adversarial one.
//!
//! ```text
//! cargo run --release --example 12_pseudo_labels -- --data digits
//! cargo run --release --example 12_pseudo_labels -- --limit 12800
//! ```

mod adapt;
mod common;

use std::fs;
use std::path::PathBuf;

use adapt::{Data, choices, domains, print, print_round};
use anyhow::anyhow;
use clap::Parser;
use common::{Common, Failure};
use foveate::adapt::{DannTraining, History, Lambda, PseudoLabelSteps, PseudoLabels};
use foveate::data::{Images, TwoDomains};
use foveate::models::{DannConfig, initialized};
use foveate::prelude::*;
use foveate::train::Schedule;

/// Trains on the source alone and domain-adversarially; then each goes on in three ways, for as many
/// epochs: as it was, with its confident predictions as labels in rounds, and with steps on the target by
/// its predictions of the moment. Writes a table of epochs for each, pseudo_BASE_WAY.csv.
#[derive(Parser)]
struct Args {
    /// The two domains
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Passes over the source's training images at first
    #[arg(long, default_value_t = 8)]
    epochs: usize,

    /// The largest factor of the reversed gradient; at the paper's 1, MNIST's training falls on one class
    #[arg(long, default_value_t = 0.3)]
    lambda: f64,

    /// Rounds of pseudo-labels
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Passes in each round
    #[arg(long, default_value_t = 2)]
    round_epochs: usize,

    /// The least probability of a confident prediction
    #[arg(long, default_value_t = 0.95)]
    threshold: f32,

    /// The most confident portion of each class's predictions, of which confident ones are taken (default: all)
    #[arg(long)]
    portion: Option<f64>,

    /// Source batches to one target batch, where they alternate
    #[arg(long, default_value_t = 50)]
    every: usize,

    /// The target's last weight there
    #[arg(long, default_value_t = 3.0)]
    weight: f64,

    /// Images to train on, of each domain
    #[arg(long)]
    limit: Option<usize>,

    /// Same seed, same training
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// A folder for checkpoints, to resume from after an interruption
    #[arg(long)]
    checkpoints: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if args.lambda.is_nan() || args.lambda < 0.0 {
        Err(anyhow!("--lambda {}: expected a number of 0 or larger", args.lambda))?;
    }
    let device = args.common.open()?;
    let data = args.data.load(args.limit)?;
    let lambda = Lambda::Annealed { highest: args.lambda, gamma: 10.0 };
    let mut table = Vec::new();
    for (base, lambda) in [("source alone", None), ("adversarial", Some(lambda))] {
        println!("\n{base}");
        let runs = train(&args, base, lambda, &data, &device)?;
        for (way, history) in &runs {
            let file = format!("pseudo_{base}_{way}.csv").replace(' ', "_");
            fs::write(args.common.out.join(file), history.csv())?;
            print!("{base}, {way}:");
            for (choice, epoch, accuracy) in choices(history) {
                print!("  {choice} {:.2} % ({})", 100.0 * accuracy, epoch + 1);
            }
            println!();
        }
        let last = |history: &History| {
            history.epochs.last().map_or(f64::NAN, |epoch| 100.0 * epoch.target_accuracy)
        };
        table.push((base, runs.map(|(_, history)| last(&history))));
    }
    println!("\ntarget, %         first  longer  rounds  alternating");
    for (name, [first, longer, rounds, alternating]) in table {
        println!("{name:16} {first:6.2}  {longer:6.2}  {rounds:6.2}       {alternating:6.2}");
    }
    Ok(())
}

/// The first training of a base, and the three that continue it.
fn train(
    args: &Args,
    base: &str,
    lambda: Option<Lambda>,
    data: &TwoDomains,
    device: &Device,
) -> anyhow::Result<[(&'static str, History); 4]> {
    let preprocessing = &Images::preprocessing(&[&data.source, &data.target]);
    let [source, target] = domains(data);
    let file = |step: &str| {
        let folder = args.checkpoints.as_ref()?;
        Some(folder.join(format!("{}_{step}", base.replace(' ', "_"))))
    };
    let first = DannTraining {
        epochs: args.epochs,
        lambda,
        seed: args.seed,
        checkpoint: file("first"),
        ..Default::default()
    };
    let network = initialized(DannConfig::new().init(device), args.seed);
    let start = first.run_with(network, preprocessing, source, target, print)?;

    // On from where the learning rate and lambda have come to.
    let more = DannTraining {
        epochs: args.rounds * args.round_epochs,
        learning_rate: first.schedule.at(first.learning_rate, 1.0, 1),
        schedule: Schedule::Constant,
        lambda: lambda.map(|lambda| Lambda::Constant { lambda: lambda.at(1.0) }),
        checkpoint: file("longer"),
        ..first
    };
    println!("{base}, longer");
    let longer = more.run_with(start.network.clone(), preprocessing, source, target, print)?;
    println!("{base}, in rounds of pseudo-labels");
    let rounds = PseudoLabels {
        rounds: args.rounds,
        threshold: args.threshold,
        portion: args.portion,
        training: DannTraining {
            epochs: args.round_epochs,
            checkpoint: file("rounds"),
            ..more.clone()
        },
    };
    let network = start.network.clone();
    let rounds = rounds.run_with(network, preprocessing, source, target, print_round)?;
    println!("{base}, alternating");
    let steps = PseudoLabelSteps { every: args.every, weight: args.weight, ..Default::default() };
    let alternating =
        DannTraining { pseudo_label_steps: Some(steps), checkpoint: file("alternating"), ..more };
    let alternating = alternating.run_with(start.network, preprocessing, source, target, print)?;
    Ok([
        ("first", start.history),
        ("longer", longer.history),
        ("rounds", rounds.history),
        ("alternating", alternating.history),
    ])
}
