//! The integration tests, linked into one binary.

mod adapt;
mod attacks;
mod attribution_metrics;
mod charts;
mod devices;
mod digits;
mod domain_distance;
mod embedding;
mod evaluation;
mod explained;
mod explanations;
mod features;
mod fine_tune;
mod folders;
mod generate;
mod gradient_reversal;
mod images;
mod jpeg;
mod labeled;
mod linear_models;
mod logged;
mod metrics;
mod networks;
mod operations;
mod overlays;
mod own_models;
mod own_networks;
mod pca;
mod perturbation;
mod real;
mod relevance;
mod scatter;
mod threads;
mod transfer_model;
mod validators;
mod visualize;
mod weights;

use std::io::Write;

/// Tells, past the test harness, which shows only what failing tests print.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
