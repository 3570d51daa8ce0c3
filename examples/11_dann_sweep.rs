//! How strong and how fast the gradient is to be reversed: target accuracy over lambda, and over gamma.
//!
//! ```text
//! cargo run --release --example 11_dann_sweep -- --data digits
//! cargo run --release --example 11_dann_sweep -- --limit 12800 --epochs 8 --lambdas 0 0.1 0.3 1 3 10
//! ```

mod adapt;
mod common;

use std::fs;

use adapt::{Data, domains, mean_and_deviation};
use clap::Parser;
use common::{Common, Failure};
use foveate::adapt::{AdaptError, DannTraining, Lambda};
use foveate::data::{Images, TwoDomains};
use foveate::image::chart::{Curves, Series};
use foveate::models::{DannConfig, initialized};
use foveate::prelude::*;

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

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let data = args.data.load(args.limit)?;
    let mut sweep = Sweep { args, device, data, table: Vec::new() };
    let (lambdas, gammas) = (sweep.args.lambdas.clone(), sweep.args.gammas.clone());
    let by_lambda = lambdas.iter().map(|&highest| Ok((highest, sweep.train(highest, 10.0)?)));
    let by_lambda = by_lambda.collect::<anyhow::Result<Vec<_>>>()?;
    let by_gamma = gammas.iter().map(|&gamma| Ok((gamma, sweep.train(1.0, gamma)?)));
    let by_gamma = by_gamma.collect::<anyhow::Result<Vec<_>>>()?;

    let (common, lines) = (&sweep.args.common, sweep.table.concat());
    let header = "lambda,gamma,seed,source,target,domain,least_target\n";
    fs::write(common.out.join("sweep.csv"), format!("{header}{lines}"))?;
    common.save(&chart("lambda", &by_lambda), "sweep_lambda.png")?;
    common.save(&chart("gamma", &by_gamma), "sweep_gamma.png")?;
    Ok(())
}

struct Sweep {
    args: Args,
    device: Device,
    data: TwoDomains,
    /// A line a training.
    table: Vec<String>,
}

impl Sweep {
    /// Percentages of source, target and domain in the last epoch, for each seed.
    fn train(&mut self, highest: f64, gamma: f64) -> anyhow::Result<Vec<[f64; 3]>> {
        let preprocessing = Images::preprocessing(&[&self.data.source, &self.data.target]);
        let [source, target] = domains(&self.data);
        let mut found = Vec::new();
        for seed in 0..self.args.seeds {
            let run = format!("lambda {highest}, gamma {gamma}, seed {seed}");
            let settings = DannTraining {
                epochs: self.args.epochs,
                lambda: Some(Lambda::Annealed { highest, gamma }),
                seed,
                ..Default::default()
            };
            let network = initialized(DannConfig::new().init(&self.device), seed);
            let epochs = match settings.run(network, &preprocessing, source, target) {
                Ok(adapted) => adapted.history.epochs,
                Err(error @ AdaptError::Diverged { .. }) => {
                    println!("{run}: {error}");
                    vec![]
                }
                Err(error) => return Err(error.into()),
            };
            // A training that diverged has no numbers: a gap in the chart, nothing in the table.
            let [source, target, domain] = epochs.last().map_or([f64::NAN; 3], |last| {
                let domain = last.domain_accuracy.unwrap_or(f64::NAN);
                [last.source_accuracy, last.target_accuracy, domain].map(|share| 100.0 * share)
            });
            let least = epochs.iter().skip(1).map(|epoch| 100.0 * epoch.target_accuracy);
            let least = least.fold(target, f64::min);
            if !epochs.is_empty() {
                println!(
                    "{run}: source {source:.2} %, target {target:.2} % (least after the first \
                     epoch {least:.2}), domain {domain:.2} %"
                );
            }
            let fields = [source, target, domain, least].map(|value| match value.is_nan() {
                true => String::new(),
                false => value.to_string(),
            });
            self.table.push(format!("{highest},{gamma},{seed},{}\n", fields.join(",")));
            found.push([source, target, domain]);
        }
        Ok(found)
    }
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
