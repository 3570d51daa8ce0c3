//! Domain adaptation: steps against PyTorch, resuming, refusals.

mod dann_training;
mod domain_distance;
mod pseudo_label_steps;
mod pseudo_labels;
mod schedule;
mod tsne;
mod validator;

use std::ops::ControlFlow;

use foveate::adapt::{AdaptError, Adapted, DannTraining, Domain, PseudoLabels};
use foveate::data::Images;
use foveate::image::{Preprocessing, Resize};
use foveate::models::{Dann, DannConfig, initialized};
use foveate::train::ShiftAndContrast;

use crate::support::devices;
use crate::support::golden::hashed;

/// Random bytes as images of 28x28; [3, 28, 28] in dann.py.
fn noise(count: usize, seed: u32, labels: impl Fn(usize) -> usize) -> Images {
    let planar = hashed(count * 3 * 784, seed);
    let byte = |i: usize, pixel: usize, channel: usize| {
        ((planar[(i * 3 + channel) * 784 + pixel] + 1.0) * 128.0).floor() as u8
    };
    let mut pixels = Vec::new();
    for i in 0..count {
        pixels.extend((0..784 * 3).map(|at| byte(i, at / 3, at % 3)));
    }
    let labels = (0..count).map(labels).collect();
    Images { height: 28, width: 28, channels: 3, pixels, labels }
}

const SIZE: Resize = Resize::Exact { height: 28, width: 28 };
pub const PREPROCESSING: Preprocessing =
    Preprocessing { resize: SIZE, mean: [0.3; 3], std: [0.35; 3] };

/// Settings that end soon, with everything random in them.
fn quick() -> DannTraining {
    DannTraining {
        epochs: 4,
        batch: 10,
        source_augmentation: ShiftAndContrast { shift: 2, contrast: true },
        target_augmentation: ShiftAndContrast { shift: 1, contrast: false },
        seed: 5,
        ..Default::default()
    }
}

fn domains(labels: impl Fn(usize) -> usize + Copy) -> [Images; 4] {
    [noise(40, 1, |i| i % 10), noise(20, 2, |i| i % 10), noise(33, 3, labels), noise(20, 4, labels)]
}

fn run(
    settings: &DannTraining,
    [source, source_validation, target, target_validation]: &[Images; 4],
    mut stop_after: usize,
) -> Result<Adapted<Dann>, AdaptError> {
    let network = initialized(DannConfig::new().with_normalized(true).init(&devices::any()), 3);
    let source = Domain { training: source, validation: source_validation };
    let target = Domain { training: target, validation: target_validation };
    settings.run_with(network, &PREPROCESSING, source, target, |_| {
        stop_after -= 1;
        if stop_after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

fn rounds() -> PseudoLabels {
    let training = DannTraining { epochs: 2, ..quick() };
    PseudoLabels { rounds: 2, threshold: 0.0, portion: Some(0.7), training }
}

/// Stops after so many epochs of all rounds.
fn in_rounds(
    rounds: &PseudoLabels,
    [source, source_validation, target, target_validation]: &[Images; 4],
    mut stop_after: usize,
) -> Result<Adapted<Dann>, AdaptError> {
    let network = initialized(DannConfig::new().with_normalized(true).init(&devices::any()), 3);
    let source = Domain { training: source, validation: source_validation };
    let target = Domain { training: target, validation: target_validation };
    rounds.run_with(network, &PREPROCESSING, source, target, |_, epoch| {
        stop_after -= usize::from(epoch.is_some());
        if stop_after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

fn refused(settings: DannTraining, data: &[Images; 4], words: &[&str]) {
    let text = run(&settings, data, 9).unwrap_err().to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}
