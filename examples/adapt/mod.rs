//! What the examples of domain adaptation share: their data, and how a training is reported.

// Not every example uses all of it.
#![allow(dead_code)]

use std::ops::ControlFlow;
use std::path::Path;

use clap::ValueEnum;
use foveate::adapt::{Domain, Epoch, History, PseudoLabelRound, Validator};
use foveate::data::{Binarization, DataError, TwoDomains};
use foveate::image::chart::{Cloud, Curves, Series};
use foveate::models::weights::WeightsError;
use foveate::models::{Dann, DannConfig};
use foveate::prelude::*;

/// The two domains.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Data {
    /// Drawn digits, and drawn digits on colored textures: nothing to download.
    Digits,
    /// Drawn digits, and MNIST.
    DigitsMnist,
    /// MNIST, and MNIST-M blended from it and photographs of BSDS500.
    Mnist,
}

impl Data {
    /// At most `limit` training images of each domain.
    pub fn load(self, limit: Option<usize>) -> Result<TwoDomains, DataError> {
        let all = match self {
            Self::Digits => TwoDomains::synthetic(limit.unwrap_or(12_800), 2000, 0),
            Self::DigitsMnist => TwoDomains::synthetic_to_mnist(limit.unwrap_or(60_000), 2000, 0)?,
            Self::Mnist => TwoDomains::mnist(Binarization::Binary, 0)?,
        };
        Ok(all.limited(limit.unwrap_or(usize::MAX), usize::MAX))
    }
}

/// Source and target, as a training takes them.
pub fn domains(data: &TwoDomains) -> [Domain<'_>; 2] {
    [
        Domain { training: &data.source, validation: &data.source_validation },
        Domain { training: &data.target, validation: &data.target_validation },
    ]
}

/// A line an epoch.
pub fn print(epoch: &Epoch) -> ControlFlow<()> {
    let percent = |share: f64| 100.0 * share;
    let [source, target] = [epoch.source_accuracy, epoch.target_accuracy].map(percent);
    print!("source {source:6.2} %, target {target:6.2} %");
    if let (Some(domain), Some(loss)) = (epoch.domain_accuracy, epoch.domain_loss) {
        print!(", domain {:6.2} %;  losses {:.4}, {loss:.4}", percent(domain), epoch.class_loss);
    } else {
        print!(";  loss {:.4}", epoch.class_loss);
    }
    println!(
        ";  lambda {:.2}, learning rate {:.1e}, {:.0} s",
        epoch.lambda, epoch.learning_rate, epoch.seconds
    );
    ControlFlow::Continue(())
}

/// A line for the pseudo-labels that a round begins with, and one an epoch.
pub fn print_round(round: &PseudoLabelRound, epoch: Option<&Epoch>) -> ControlFlow<()> {
    if let Some(epoch) = epoch {
        return print(epoch);
    }
    let right = round.accuracy.map_or("-".into(), |share| format!("{:.2}", 100.0 * share));
    println!(
        "round {}: {} pseudo-labels, {right} % of them right",
        round.round + 1,
        round.selected
    );
    ControlFlow::Continue(())
}

/// The epochs that the last, an oracle and each validator would take, and their target accuracies.
pub fn choices(history: &History) -> Vec<(&'static str, usize, f64)> {
    let last = history.epochs.len().checked_sub(1);
    let mut choices = vec![("last", last), ("oracle", history.oracle())];
    choices.extend(Validator::ALL.map(|one| (one.name(), history.best_by(one))));
    let found = |(name, epoch): (&'static str, Option<usize>)| {
        Some((name, epoch?, history.epochs[epoch?].target_accuracy))
    };
    choices.into_iter().filter_map(found).collect()
}

/// Mean and standard deviation (of a sample).
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// A classifier that 10_dann wrote: of the practical's network, or of the normalized one.
pub fn load(path: &Path, device: &Device) -> Result<Classifier<Dann>, WeightsError> {
    let empty = |normalized| DannConfig::new().with_normalized(normalized).init(device);
    match Classifier::load(empty(false), path) {
        Err(WeightsError::Mismatch { .. }) => Classifier::load(empty(true), path),
        other => other,
    }
}

/// Points of an embedding by their names.
pub fn clouds(points: &[[f32; 2]], names: &[String], of: &dyn Fn(usize) -> String) -> Vec<Cloud> {
    let cloud = |name: &String| Cloud {
        name: name.clone(),
        points: (0..points.len())
            .filter(|&i| of(i) == *name)
            .map(|i| (points[i][0].into(), points[i][1].into()))
            .collect(),
    };
    names.iter().map(cloud).collect()
}

/// Accuracies over the epochs.
pub fn curves(title: &str, history: &History) -> RgbImage {
    let series = |name: &str, value: &dyn Fn(&Epoch) -> Option<f64>| Series {
        name: name.into(),
        points: (1..)
            .zip(&history.epochs)
            .filter_map(|(i, epoch)| Some((f64::from(i), 100.0 * value(epoch)?)))
            .collect(),
        ..Default::default()
    };
    let chart = Curves {
        title: title.into(),
        x_label: "epoch".into(),
        y_label: "accuracy, %".into(),
        series: vec![
            series("source", &|epoch| Some(epoch.source_accuracy)),
            series("target", &|epoch| Some(epoch.target_accuracy)),
            series("domain", &|epoch| epoch.domain_accuracy),
        ],
        ..Default::default()
    };
    chart.draw()
}
