//! Steps against PyTorch, and what a training comes to.

use foveate::burn::tensor::TensorData;
use foveate::image::RgbImage;
use foveate::models::{Architecture, Network};
use foveate::train::{CropAndFlip, Optimizer, Schedule};
use foveate::transfer::{FineTune, Labeled, Trainable, new_head};

use super::{colors, exact, small, ten_classes};
use crate::support::close::{relative_error, values};
use crate::support::devices;
use crate::support::golden::{golden_tensors, state, without_dropout};

/// As `batch()` of tests/golden/fine_tune.py.
fn golden_batch() -> (Vec<RgbImage>, Vec<usize>) {
    let gray =
        |i: u32, c: u32, y: u32, x: u32| ((7 * x + 13 * y + x * y + 31 * i + 57 * c) % 256) as u8;
    let image =
        |i| RgbImage::from_fn(64, 64, |x, y| image::Rgb([0, 1, 2].map(|c| gray(i, c, y, x))));
    ((0..8).map(image).collect(), (0..8).map(|i| 3 * i % 10).collect())
}

/// PyTorch in f64, on one device (a software rasterizer takes minutes): losses within 1e-4; changes of the weights within 2e-4 of a tensor's largest, since
/// weights of up to 1 are rounded to f32 and change by 1e-3 and more.
#[test]
fn steps_equal_pytorch() {
    let golden = golden_tensors("fine_tune.safetensors");
    let (images, labels) = golden_batch();
    let data = Labeled::new(&images, &labels);
    let base = FineTune {
        epochs: 3,
        batch: 8,
        augmentation: CropAndFlip::NONE,
        schedule: Schedule::Constant,
        ..Default::default()
    };
    let cases = [
        (
            "sgd",
            Architecture::SqueezeNet1_1,
            FineTune {
                optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01, nesterov: false },
                learning_rate: 0.02,
                label_smoothing: 0.1,
                ..base.clone()
            },
        ),
        (
            "adam",
            Architecture::SqueezeNet1_1,
            FineTune {
                trainable: Trainable::From("features.9".into()),
                optimizer: Optimizer::Adam {
                    betas: [0.9, 0.999],
                    epsilon: 1e-8,
                    weight_decay: 0.01,
                },
                learning_rate: 1e-3,
                schedule: Schedule::Step { every: 1, factor: 0.5 },
                ..base.clone()
            },
        ),
        (
            "nesterov",
            Architecture::ResNet18,
            FineTune {
                optimizer: Optimizer::Sgd { momentum: 0.8, weight_decay: 0.001, nesterov: true },
                learning_rate: 0.02,
                schedule: Schedule::Cosine,
                ..base.clone()
            },
        ),
        (
            "head",
            Architecture::ResNet18,
            FineTune {
                trainable: Trainable::Head,
                optimizer: Optimizer::Adam { betas: [0.8, 0.99], epsilon: 1e-6, weight_decay: 0.0 },
                learning_rate: 0.01,
                ..base.clone()
            },
        ),
        (
            "adamw",
            Architecture::SqueezeNet1_1,
            FineTune {
                optimizer: Optimizer::AdamW {
                    betas: [0.9, 0.999],
                    epsilon: 1e-8,
                    weight_decay: 0.1,
                },
                learning_rate: 1e-3,
                class_weights: Some((1..=10).map(|class| class as f32 / 4.0).collect()),
                label_smoothing: 0.1,
                ..base.clone()
            },
        ),
    ];
    let device = devices::any();
    for (case, architecture, settings) in &cases {
        let mut network = ten_classes(*architecture, &device);
        if *architecture == Architecture::SqueezeNet1_1 {
            network = without_dropout(network);
        }
        let before = state(&network);
        let tuned = settings.run(network, &exact(64), data, None).unwrap();
        let losses: Vec<f32> =
            tuned.history.epochs.iter().map(|epoch| epoch.training.loss as f32).collect();
        let expected = values(golden[&format!("{case}/losses")].clone());
        for (found, expected) in losses.iter().zip(&expected) {
            let error = (found / expected - 1.0).abs();
            assert!(error < 1e-4, "{case}: {losses:?} for {expected:?}");
        }
        let after = state(&tuned.network);
        let mut compared = 0;
        for (name, expected) in &golden {
            let Some(name) = name.strip_prefix(&format!("{case}/")) else { continue };
            if name == "losses" {
                continue;
            }
            let start = values(before[name].clone());
            let change = |after: &TensorData| -> Vec<f32> {
                values(after.clone()).iter().zip(&start).map(|(a, b)| a - b).collect()
            };
            let (found, expected) = (change(&after[name]), change(expected));
            compared += 1;
            if expected.iter().all(|&change| change == 0.0) {
                assert_eq!(found, expected, "{case} {name}: it is frozen");
                continue;
            }
            let error = relative_error(&found, &expected);
            assert!(error < 2e-4, "{case} {name}: {error:e}");
        }
        assert!(compared >= 3);
    }
}

/// What is frozen keeps every bit, running statistics included; what is not changes.
#[test]
fn frozen_layers_stay_as_they_are() {
    let device = devices::any();
    let (images, labels) = colors(64, 1);
    let data = Labeled::new(&images, &labels);
    for (architecture, part, trained) in [
        (Architecture::ResNet18, Trainable::From("layer4".into()), &["layer4.", "fc."][..]),
        (Architecture::ResNet18, Trainable::Head, &["fc."]),
        (Architecture::SqueezeNet1_1, Trainable::Head, &["classifier.1."]),
        (
            Architecture::SqueezeNet1_1,
            Trainable::From("features.12".into()),
            &["features.12.", "classifier"],
        ),
        (
            Architecture::Vgg13,
            Trainable::From("classifier.3".into()),
            &["classifier.3", "classifier.6"],
        ),
        (Architecture::GoogLeNet, Trainable::From("inception5b".into()), &["inception5b.", "fc."]),
    ] {
        let network = match architecture {
            Architecture::Vgg13 => {
                new_head(architecture.init_with_width_divisor(32, &device), 3, 1)
            }
            architecture => small(architecture, &device),
        };
        let before = state(&network);
        let settings =
            FineTune { trainable: part.clone(), epochs: 1, batch: 8, ..Default::default() };
        let caller = network.clone();
        let tuned = settings.run(network, &exact(64), data, None).unwrap();
        let after = state(&tuned.network);
        assert_eq!(state(&caller), before, "{architecture}: the caller's copy is not touched");
        for (name, tensor) in &before {
            let changes = trained.iter().any(|prefix| name.starts_with(prefix));
            assert_eq!(&after[name] != tensor, changes, "{architecture} {part:?}: {name}");
        }
    }
}

#[test]
fn colors_are_learned_and_the_best_epoch_is_kept() {
    let device = devices::any();
    let (images, labels) = colors(64, 4);
    let (others, other_labels) = colors(64, 5);
    let data = Labeled::new(&images, &labels);
    let validation = Labeled::new(&others, &other_labels);
    // From other seeds, a class of this random SqueezeNet may stay behind its last ReLU.
    for (architecture, optimizer, learning_rate, seed) in [
        (Architecture::SqueezeNet1_1, Optimizer::ADAM, 3e-3, 5),
        (Architecture::ResNet18, Optimizer::SGD, 0.01, 1),
    ] {
        let settings = FineTune {
            epochs: 25,
            batch: 8,
            optimizer,
            learning_rate,
            seed,
            patience: Some(12),
            ..Default::default()
        };
        let network = new_head(ten_classes(architecture, &device), 3, seed);
        let tuned = settings.run(network, &exact(64), data, Some(validation)).unwrap();
        let epochs = &tuned.history.epochs;
        println!("{architecture}\n{}", tuned.history.csv());
        let best = tuned.history.best().unwrap();
        assert!(epochs[best].training.loss < 0.7 * epochs[0].training.loss, "{architecture}");
        let score = epochs[best].validation.unwrap();
        assert_eq!(score.accuracy, 1.0, "{architecture}");
        assert!(epochs.iter().all(|epoch| epoch.validation.unwrap().accuracy <= score.accuracy));

        // The network is that epoch's: the same logits, hence the same loss.
        let input = exact(64).pixels(&others, &device).unwrap();
        let logits =
            values(tuned.network.forward(exact(64).normalize(&input).into_tensor()).into_data());
        let loss: f64 = logits
            .chunks_exact(3)
            .zip(&other_labels)
            .map(|(row, &label)| {
                let sum: f64 = row.iter().map(|&logit| f64::from(logit).exp()).sum();
                sum.ln() - f64::from(row[label])
            })
            .sum::<f64>()
            / 24.0;
        assert!((loss - score.loss).abs() < 1e-4, "{architecture}: {loss} for {}", score.loss);
    }
}

/// 33 images of 32x32 in batches of 32: of the one that is left, ResNet18's last batch norms would see one
/// value of each channel. It goes with the batch before; the network that has learned them knows them.
#[test]
fn a_rest_of_one_image_joins_the_batch_before() {
    let device = devices::any();
    let (mut images, mut labels) = colors(32, 7);
    let (more, more_labels) = colors(32, 8);
    images.extend(more);
    labels.extend(more_labels);
    let data = Labeled::new(&images[..33], &labels[..33]);
    let settings = FineTune {
        epochs: 20,
        batch: 32,
        learning_rate: 3e-3,
        augmentation: CropAndFlip::NONE,
        ..Default::default()
    };
    let run = |settings: &FineTune, data| {
        let network = small(Architecture::ResNet18, &device);
        settings.run(network, &exact(32), data, Some(data))
    };
    let tuned = run(&settings, data).unwrap();
    println!("{}", tuned.history.csv());
    let last = tuned.history.epochs.last().unwrap();
    let right = last.validation.unwrap().accuracy * 33.0;
    assert!(last.training.loss < 0.1 && right > 29.5, "{right} of 33 are right: {last:?}");

    // The same steps as in batches of 33.
    let whole = run(&FineTune { batch: 33, ..settings.clone() }, data).unwrap();
    assert_eq!(state(&tuned.network), state(&whole.network));

    // A step is never of one image, and where it must be, that is said.
    let one = Labeled::new(&images[..1], &labels[..1]);
    for (settings, data) in [
        (FineTune { batch: 1, ..settings.clone() }, data),
        (FineTune { epochs: 1, ..settings.clone() }, one),
    ] {
        let error = run(&settings, data).expect_err("a step of one image").to_string();
        assert!(error.contains("batch is") && error.contains("two images or more"), "{error}");
    }
    // The head alone has no batch norm.
    let head = FineTune { batch: 1, epochs: 1, trainable: Trainable::Head, ..settings };
    assert!(run(&head, one).is_ok());
}

/// One validation image with a wrong label: the better the training goes, the worse it is named.
#[test]
fn training_ends_when_it_gets_worse() {
    let device = devices::any();
    let (images, labels) = colors(64, 4);
    let data = Labeled::new(&images, &labels);
    let wrong = Labeled::new(&images[..1], &[2]);
    let settings = FineTune {
        epochs: 30,
        batch: 8,
        optimizer: Optimizer::SGD,
        learning_rate: 0.01,
        patience: Some(3),
        ..Default::default()
    };
    let network = small(Architecture::ResNet18, &device);
    let tuned = settings.run(network, &exact(64), data, Some(wrong)).unwrap();
    let (epochs, best) = (tuned.history.epochs.len(), tuned.history.best().unwrap());
    assert!(epochs < 30 && epochs == best + 4, "{epochs} epochs, the best is {best}");
    // The kept network is that of the best epoch: training for so many epochs alone gives its bits.
    // (A constant learning rate: the cosine depends on the number of epochs.)
    let settings = FineTune { schedule: Schedule::Constant, ..settings };
    let network = || small(Architecture::ResNet18, &device);
    let stopped = settings.run(network(), &exact(64), data, Some(wrong)).unwrap();
    let short =
        FineTune { epochs: stopped.history.best().unwrap() + 1, patience: None, ..settings };
    let short = short.run(network(), &exact(64), data, None).unwrap();
    assert_eq!(state(&short.network), state(&stopped.network));
}
