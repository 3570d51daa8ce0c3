//! Initial weights against the distributions they are drawn from.

use foveate::models::{CganConfig, DannConfig, DcganConfig, Initialization, initialized};

use crate::support::close::values;
use crate::support::devices;
use crate::support::golden::state;

/// Uniform between -1 / sqrt(n) and 1 / sqrt(n): its variance is 1 / 3n, known to 2.5 % from 4,000 numbers and
/// more (five deviations of 0.9 / sqrt(4,000) each).
#[test]
fn weights_are_drawn_as_pytorch_s() {
    let draw = |seed| initialized(DannConfig::new().init(&devices::any()), seed);
    let (one, again, other) = (state(&draw(1)), state(&draw(1)), state(&draw(2)));
    let inputs = |name: &str| match name {
        "features.0.weight" => Some(75.0),
        "features.3.weight" => Some(800.0),
        "classifier.0.weight" | "domain.0.weight" => Some(2352.0),
        "classifier.2.weight" => Some(100.0),
        _ => None,
    };
    let mut looked = 0;
    for (name, data) in &one {
        let numbers = values(data.clone());
        assert_eq!(numbers, values(again[name].clone()));
        assert_ne!(numbers, values(other[name].clone()), "{name}");
        let Some(n) = inputs(name) else { continue };
        let largest = numbers.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        assert!(largest <= 1.0 / f32::sqrt(n) && largest > 0.99 / f32::sqrt(n), "{name}");
        let square: f32 = numbers.iter().map(|v| v * v).sum::<f32>() / numbers.len() as f32;
        let (off, room) = (square * 3.0 * n - 1.0, 4.5 / (numbers.len() as f32).sqrt());
        assert!(off.abs() < room, "{name}: {off}");
        let bias = values(one[&name.replace("weight", "bias")].clone());
        assert!(bias.iter().all(|b| b.abs() <= 1.0 / f32::sqrt(n)), "{name}");
        looked += 1;
    }
    assert_eq!(looked, 5);
}

/// Mean, spread and fourth moment of the weights: normal, and uniform between the bounds; batch norms
/// and biases. Within five standard errors.
#[test]
fn initial_weights_are_distributed_as_said() {
    let device = devices::any();
    // A layer of each kind: convolutions, transposed ones, batch norms, fully connected layers.
    let dcgan = DcganConfig::new().with_ngf(64);
    let dense = CganConfig::new().with_dense(true);
    let networks = |rule: Initialization| {
        [
            ("generator", state(&rule.of(dcgan.generator(&device), 1))),
            ("discriminator", state(&rule.of(dcgan.discriminator(&device), 2))),
            ("dense", state(&rule.of(dense.generator(&device), 3))),
        ]
    };
    let check = |what: &str, found: &[f32], mean: f64, spread: f64, kurtosis: f64| {
        let n = found.len() as f64;
        let moment = |power: i32| {
            let powers = found.iter().map(|&x| ((f64::from(x) - mean) / spread).powi(power));
            powers.sum::<f64>() / n
        };
        let (first, second, fourth) = (moment(1), moment(2), moment(4));
        assert!(first.abs() < 5.0 / n.sqrt(), "{what}: mean {first} deviations off");
        let error = ((kurtosis - 1.0) / n).sqrt();
        assert!((second - 1.0).abs() < 5.0 * error, "{what}: variance {second} times as said");
        // The eighth moment is 105 if normal, 9 if uniform.
        let eighth = if kurtosis > 2.0 { 105.0 } else { 9.0 };
        let error = ((eighth - kurtosis * kurtosis) / n).sqrt();
        assert!((fourth - kurtosis).abs() < 5.0 * error, "{what}: fourth moment {fourth}");
    };
    let mut seen = [0; 4];
    for (network, tensors) in networks(Initialization::Dcgan) {
        for (name, data) in tensors {
            let what = format!("{network}.{name}");
            let (norm, found) = (data.shape().len() == 1, values(data));
            match name.rsplit('.').next().unwrap() {
                "weight" if norm => {
                    seen[0] += 1;
                    check(&what, &found, 1.0, 0.02, 3.0);
                }
                "weight" => {
                    seen[1] += 1;
                    check(&what, &found, 0.0, 0.02, 3.0);
                }
                "bias" | "running_mean" => assert!(found.iter().all(|&x| x == 0.0), "{what}"),
                _ => assert!(found.iter().all(|&x| x == 1.0), "{what}"),
            }
        }
    }
    for (network, tensors) in networks(Initialization::PyTorch) {
        for (name, data) in &tensors {
            let what = format!("{network}.{name}");
            if name.contains("running") {
                continue;
            }
            let shape = tensors[&name.replace("bias", "weight")].shape().to_vec();
            let found = values(data.clone());
            if shape.len() == 1 {
                let expected = if name.ends_with("weight") { 1.0 } else { 0.0 };
                assert!(found.iter().all(|&x| x == expected), "{what}");
                continue;
            }
            // PyTorch's fan-in: a weight's dimensions but the first.
            let bound = 1.0 / (shape[1..].iter().product::<usize>() as f64).sqrt();
            assert!(found.iter().all(|&x| f64::from(x.abs()) <= bound), "{what}: beyond {bound}");
            seen[if name.ends_with("weight") { 2 } else { 3 }] += 1;
            check(&what, &found, 0.0, bound / 3_f64.sqrt(), 1.8);
        }
    }
    assert_eq!(seen, [5, 12, 12, 4]);
}
