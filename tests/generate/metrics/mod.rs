//! The metrics of generated images against torch-fidelity, prdc and closed forms, and on real digits.

mod every_metric;
mod frechet_distance;
mod inception_score;
mod kernel_distance;
mod mode_coverage;
mod nearest;
mod prdc;
mod scorer;

use std::collections::BTreeMap;

use foveate::burn::tensor::TensorData;
use foveate::generate::metrics::Features;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::support::golden::golden_tensors;

const CASES: [&str; 3] = ["digits", "relu", "copies"];

/// Matrices by name, row by row, with their columns.
struct Golden(BTreeMap<String, (Vec<f64>, usize)>);

impl Golden {
    fn read() -> Self {
        let file = golden_tensors("metrics.safetensors");
        let matrix = |data: TensorData| {
            let columns = *data.shape().last().unwrap();
            (data.iter::<f64>().collect(), columns)
        };
        Self(file.into_iter().map(|(name, data)| (name, matrix(data))).collect())
    }

    fn features(&self, name: &str) -> Features {
        let (values, columns) = &self.0[name];
        Features::new(values.iter().map(|&value| value as f32).collect(), *columns)
    }

    fn pair(&self, case: &str) -> [Features; 2] {
        ["a", "b"].map(|set| self.features(&format!("{case}.{set}")))
    }

    fn number(&self, name: &str) -> f64 {
        self.0[name].0[0]
    }

    /// That a number is the published code's, within a share of it.
    fn assert(&self, name: &str, found: f64, tolerance: f64) {
        let expected = self.number(name);
        let error = (found - expected).abs() / expected.abs().max(1e-300);
        println!("{name}: {found} for {expected}, {error:.1e}");
        assert!(error <= tolerance, "{name}: {found} for {expected}: {error:e}");
    }
}

fn normal(seed: u64, rows: usize, columns: usize) -> Features {
    let generator = ChaCha8Rng::seed_from_u64(seed);
    let values = StandardNormal.sample_iter(generator).take(rows * columns).collect();
    Features::new(values, columns)
}

/// Rows with their numbers changed, each by its place.
fn changed(features: &Features, change: impl Fn(usize, f32) -> f32) -> Features {
    let values = features.values().iter().enumerate().map(|(at, &value)| change(at, value));
    Features::new(values.collect(), features.columns())
}

fn first(features: &Features, rows: usize) -> Features {
    features.select(&(0..rows).collect::<Vec<_>>())
}
