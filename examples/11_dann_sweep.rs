//! How strong and how fast the gradient is to be reversed: target accuracy over lambda, and over gamma.
//!
//! ```text
//! cargo run --release --example 11_dann_sweep -- --data digits
//! cargo run --release --example 11_dann_sweep -- --limit 12800 --epochs 8 --lambdas 0 0.1 0.3 1 3 10
//! ```

mod adapt;
mod failure;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use foveate::adapt::{AdaptError, DannTraining, Lambda};
use foveate::data::Images;
use foveate::image::chart::{Curves, Series};
use foveate::models::{DannConfig, initialized};
use foveate::prelude::*;

use adapt::{Data, domains, mean_and_deviation};

/// Trains the practical's network with several factors, and with several speeds at which the factor
/// grows. Writes sweep.csv, sweep_lambda.png and sweep_gamma.png.
#[derive(Parser)]
struct Args {
    /// The two domains
    #[arg(long, default_value = "mnist")]
    data: Data,

    /// Largest factors, with the paper's gamma of 10
    #[arg(long, num_args = 0.., default_values_t = [0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])]
    lambdas: Vec<f64>,

    /// Speeds, with the paper's factor of 1
    #[arg(long, num_args = 0.., default_values_t = [1.0, 3.0, 10.0, 30.0, 100.0])]
    gammas: Vec<f64>,

    /// Trainings for each
    #[arg(long, default_value_t = 1)]
    seeds: u64,

    /// Passes over the source's training images
    #[arg(long, default_value_t = 8)]
    epochs: usize,

    /// Images to train on, of each domain
    #[arg(long)]
    limit: Option<usize>,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    println!("device: {chosen}");
    let data = args.data.load(args.limit)?;
    let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
    let [source, target] = domains(&data);
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;

    let mut table = String::from("lambda,gamma,seed,source,target,domain,least_target\n");
    // Percentages in the last epoch, for each seed.
    let mut train = |highest: f64, gamma: f64| -> anyhow::Result<Vec<[f64; 3]>> {
        let mut found = Vec::new();
        for seed in 0..args.seeds {
            let network = initialized(DannConfig::new().init(&chosen.device), seed);
            let lambda = Some(Lambda::Annealed { highest, gamma });
            let settings = DannTraining { epochs: args.epochs, lambda, seed, ..Default::default() };
            let run = settings
                .run_with(network, &preprocessing, source, target, |_| ControlFlow::Continue(()));
            let epochs = match run {
                Ok(adapted) => adapted.history.epochs,
                Err(error @ AdaptError::Diverged { .. }) => {
                    println!("lambda {highest}, gamma {gamma}, seed {seed}: {error}");
                    vec![]
                }
                Err(error) => return Err(error.into()),
            };
            // A training that diverged has no numbers: a gap in the chart, nothing in the table.
            let shares = epochs.last().map_or([f64::NAN; 3], |last| {
                let domain = last.domain_accuracy.unwrap_or(f64::NAN);
                [last.source_accuracy, last.target_accuracy, domain].map(|share| 100.0 * share)
            });
            let [source, target, domain] = shares;
            let least = epochs.iter().skip(1).map(|epoch| 100.0 * epoch.target_accuracy);
            let least = least.fold(target, f64::min);
            if !epochs.is_empty() {
                println!(
                    "lambda {highest}, gamma {gamma}, seed {seed}: source {source:.2} %, target \
                     {target:.2} % (least after the first epoch {least:.2}), domain {domain:.2} %"
                );
            }
            let fields = [source, target, domain, least].map(|value| match value.is_nan() {
                true => String::new(),
                false => value.to_string(),
            });
            table += &format!("{highest},{gamma},{seed},{}\n", fields.join(","));
            found.push([source, target, domain]);
        }
        Ok(found)
    };
    let over = |train: &mut dyn FnMut(f64) -> anyhow::Result<Vec<[f64; 3]>>, values: &[f64]| {
        let points = values.iter().map(|&value| Ok((value, train(value)?)));
        points.collect::<anyhow::Result<Vec<_>>>()
    };
    let by_lambda = over(&mut |highest| train(highest, 10.0), &args.lambdas)?;
    let by_gamma = over(&mut |gamma| train(1.0, gamma), &args.gammas)?;
    fs::write(args.out.join("sweep.csv"), &table)?;
    chart("lambda", &by_lambda).save(args.out.join("sweep_lambda.png"))?;
    chart("gamma", &by_gamma).save(args.out.join("sweep_gamma.png"))?;
    println!("{}: sweep.csv, sweep_lambda.png, sweep_gamma.png", args.out.display());
    Ok(())
}

fn chart(name: &str, found: &[(f64, Vec<[f64; 3]>)]) -> RgbImage {
    let series = |title: &str, which: usize| {
        // A logarithmic axis has no 0: it stands a step before the first.
        let least = found.iter().map(|(x, _)| *x).filter(|x| *x > 0.0).fold(f64::MAX, f64::min);
        let statistics = found.iter().map(|(x, runs)| {
            let values: Vec<f64> = runs.iter().map(|run| run[which]).collect();
            (if *x > 0.0 { *x } else { least / 3.0 }, mean_and_deviation(&values))
        });
        let statistics: Vec<_> = statistics.collect();
        Series {
            name: title.into(),
            points: statistics.iter().map(|&(x, (mean, _))| (x, mean)).collect(),
            errors: statistics.iter().map(|&(_, (_, deviation))| deviation).collect(),
            right: false,
        }
    };
    let chart = Curves {
        title: format!("domain-adversarial training over {name}"),
        x_label: if found.iter().any(|(x, _)| *x == 0.0) {
            format!("{name} (first: 0)")
        } else {
            name.into()
        },
        y_label: "accuracy, %".into(),
        log_x: true,
        series: vec![series("source", 0), series("target", 1), series("domain", 2)],
        ..Default::default()
    };
    chart.draw()
}
