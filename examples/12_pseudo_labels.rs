//! What a network's own answers on the target add, in two forms, over a training on the source alone and
//! over a domain-adversarial one.
//!
//! ```text
//! cargo run --release --example 12_pseudo_labels -- --data digits
//! cargo run --release --example 12_pseudo_labels -- --limit 12800
//! ```

mod adapt;
mod failure;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;
use foveate::adapt::{DannTraining, History, Lambda, PseudoLabelSteps, PseudoLabels};
use foveate::data::Images;
use foveate::models::{DannConfig, initialized};
use foveate::train::Schedule;

use adapt::{Data, choices, domains, print, print_round};

/// Trains on the source alone and domain-adversarially; then each goes on in three ways, for as many
/// epochs: as it was, with its sure answers as labels in rounds, and with steps on the target by its
/// answers of the moment. Writes a table of epochs for each, pseudo_BASE_WAY.csv.
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

    /// Rounds of sure answers
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Passes in each round
    #[arg(long, default_value_t = 2)]
    round_epochs: usize,

    /// The least probability of an answer that is sure
    #[arg(long, default_value_t = 0.95)]
    threshold: f32,

    /// The surest portion of each class's answers, of which sure ones are taken (default: all)
    #[arg(long)]
    share: Option<f64>,

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

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// A folder for checkpoints, to go on from after an interruption
    #[arg(long)]
    checkpoints: Option<PathBuf>,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    ensure!(args.lambda >= 0.0, "--lambda {}: expected a number of 0 or larger", args.lambda);
    let chosen = foveate::device(&args.device)?;
    println!("device: {chosen}");
    let data = args.data.load(args.limit)?;
    let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
    let [source, target] = domains(&data);
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let mut table = Vec::new();
    let lambda = Lambda::Annealed { highest: args.lambda, gamma: 10.0 };
    for (name, lambda) in [("source alone", None), ("adversarial", Some(lambda))] {
        println!("\n{name}");
        let file = |step: &str| {
            let folder = args.checkpoints.as_ref()?;
            Some(folder.join(format!("{}_{step}", name.replace(' ', "_"))))
        };
        let first = DannTraining {
            epochs: args.epochs,
            lambda,
            seed: args.seed,
            checkpoint: file("first"),
            ..Default::default()
        };
        let network = initialized(DannConfig::new().init(&chosen.device), args.seed);
        let start = first.run_with(network, &preprocessing, source, target, print)?;

        // On from where the learning rate and lambda have come to.
        let (last_rate, last_lambda) = (
            first.schedule.at(first.learning_rate, 1.0, 1),
            lambda.map(|lambda| Lambda::Constant { lambda: lambda.at(1.0) }),
        );
        let more = DannTraining {
            epochs: args.rounds * args.round_epochs,
            learning_rate: last_rate,
            schedule: Schedule::Constant,
            lambda: last_lambda,
            checkpoint: file("longer"),
            ..first.clone()
        };
        println!("{name}, longer");
        let longer = more.run_with(start.network.clone(), &preprocessing, source, target, print)?;
        println!("{name}, with sure answers");
        let rounds = PseudoLabels {
            rounds: args.rounds,
            threshold: args.threshold,
            share: args.share,
            training: DannTraining {
                epochs: args.round_epochs,
                checkpoint: file("sure"),
                ..more.clone()
            },
        };
        let sure =
            rounds.run_with(start.network.clone(), &preprocessing, source, target, print_round)?;
        println!("{name}, alternating");
        let between =
            PseudoLabelSteps { every: args.every, weight: args.weight, ..Default::default() };
        let settings = DannTraining {
            pseudo_label_steps: Some(between),
            checkpoint: file("alternating"),
            ..more
        };
        let alternating =
            settings.run_with(start.network, &preprocessing, source, target, print)?;
        let runs = [
            ("first", start.history),
            ("longer", longer.history),
            ("sure answers", sure.history),
            ("alternating", alternating.history),
        ];
        for (what, history) in &runs {
            let file = format!("pseudo_{}_{}.csv", name.replace(' ', "_"), what.replace(' ', "_"));
            fs::write(args.out.join(file), history.csv())?;
            print!("{name}, {what}:");
            for (choice, epoch, accuracy) in choices(history) {
                print!("  {choice} {:.2} % ({})", 100.0 * accuracy, epoch + 1);
            }
            println!();
        }
        let last = |history: &History| {
            history.epochs.last().map_or(f64::NAN, |epoch| 100.0 * epoch.target_accuracy)
        };
        table.push((name, runs.map(|(_, history)| last(&history))));
    }
    println!("\ntarget, %         first  longer  sure answers  alternating");
    for (name, [first, longer, sure, alternating]) in table {
        println!("{name:16} {first:6.2}  {longer:6.2}        {sure:6.2}       {alternating:6.2}");
    }
    Ok(())
}
