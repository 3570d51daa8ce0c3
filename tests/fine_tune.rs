//! Fine-tuning against PyTorch, and against itself.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;

use foveate::burn::module::{Flag, Module, ModuleMapper, Param};
use foveate::burn::tensor::{Device, TensorData};
use foveate::image::{Preprocessing, Resize, RgbImage};
use foveate::models::{AnyNetwork, Architecture, Network, weights};
use foveate::train::{CheckpointError, CropAndFlip, Optimizer, RandomResizedCrop, Schedule};
use foveate::transfer::{FineTune, FineTuned, Labeled, Trainable, TransferError, new_head};

use crate::devices;
use crate::networks::{golden_folder, relative_error, tensors, values};

fn exact(side: u32) -> Preprocessing {
    Preprocessing::IMAGENET.with_resize(Resize::Exact { height: side, width: side })
}

/// As `batch()` of tests/golden/fine_tune.py.
fn golden_batch() -> (Vec<RgbImage>, Vec<usize>) {
    let gray =
        |i: u32, c: u32, y: u32, x: u32| ((7 * x + 13 * y + x * y + 31 * i + 57 * c) % 256) as u8;
    let image =
        |i| RgbImage::from_fn(64, 64, |x, y| image::Rgb([0, 1, 2].map(|c| gray(i, c, y, x))));
    ((0..8).map(image).collect(), (0..8).map(|i| 3 * i % 10).collect())
}

/// Eight images a class that differ in color, with noise: three classes.
fn colors(side: u32, seed: u64) -> (Vec<RgbImage>, Vec<usize>) {
    let mut state = seed;
    let mut noise = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 58) as u8
    };
    let mut image = |class: usize| {
        RgbImage::from_fn(side, side, |_, _| {
            let mut pixel = [noise(), noise(), noise()];
            pixel[class] += 150;
            image::Rgb(pixel)
        })
    };
    let labels: Vec<usize> = (0..24).map(|i| i % 3).collect();
    (labels.iter().map(|&class| image(class)).collect(), labels)
}

/// Turns the dropouts off, and leaves batch norms alone: there are none where this is used.
struct NoDropout;

impl ModuleMapper for NoDropout {
    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        flag.with_value(false)
    }
}

/// Parameters and running statistics by torchvision's names.
fn state(network: &AnyNetwork) -> BTreeMap<String, TensorData> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network");
    weights::save(&network.valid(), &file).unwrap();
    tensors(&file)
}

fn narrow(architecture: Architecture, device: &Device) -> AnyNetwork {
    let file = format!("networks/{architecture}.pth");
    let network = architecture.init_narrow(8, device).with_classes(10);
    weights::load(network, golden_folder().join(file)).unwrap()
}

/// A small network for three classes with weights from a seed.
fn small(architecture: Architecture, device: &Device) -> AnyNetwork {
    new_head(narrow(architecture, device), 3, 1)
}

/// PyTorch in f64, on one device (a software rasterizer takes minutes): losses within 1e-4; changes of the weights within 2e-4 of a tensor's largest, since
/// weights of up to 1 are rounded to f32 and change by 1e-3 and more.
#[test]
fn steps_equal_pytorch() {
    let golden = tensors(&golden_folder().join("fine_tune.safetensors"));
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
        let mut network = narrow(*architecture, &device);
        if *architecture == Architecture::SqueezeNet1_1 {
            network = network.map(&mut NoDropout);
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
            Architecture::Vgg13 => new_head(architecture.init_narrow(32, &device), 3, 1),
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

/// Four epochs in one go and twice two, through a file; and the file's refusals.
#[test]
fn resumed_trainings_equal_uninterrupted_ones() {
    let device = devices::any();
    let (images, labels) = colors(72, 2);
    let (training, validation) =
        (Labeled::new(&images[..18], &labels[..18]), Labeled::new(&images[18..], &labels[18..]));
    let folder = tempfile::tempdir().unwrap();
    for (architecture, optimizer, schedule) in [
        (Architecture::ResNet18, Optimizer::SGD, Schedule::Cosine),
        (Architecture::ResNet18, Optimizer::ADAM, Schedule::Constant),
        (Architecture::SqueezeNet1_1, Optimizer::ADAM, Schedule::Cosine),
        (Architecture::GoogLeNet, Optimizer::SGD, Schedule::Step { every: 3, factor: 0.1 }),
    ] {
        let file = folder.path().join(format!("{architecture}-{optimizer:?}"));
        let settings = FineTune {
            epochs: 4,
            batch: 5,
            optimizer,
            schedule,
            augmentation: CropAndFlip { flip: true, crop: Some(RandomResizedCrop::default()) },
            seed: 3,
            ..Default::default()
        };
        let run = |settings: &FineTune, stop_after: usize| {
            let mut seen = 0;
            let watch = |_: &_| {
                seen += 1;
                if seen == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            // As another process would: a network of its own, from the same file and seed.
            let network = small(architecture, &device);
            settings.run_with(network, &exact(64), training, Some(validation), watch)
        };
        let timeless = |tuned: &FineTuned<AnyNetwork>| {
            let mut epochs = tuned.history.epochs.clone();
            epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
            epochs
        };
        let whole = run(&settings, 0).unwrap();
        let kept = FineTune { checkpoint: Some(file.clone()), ..settings.clone() };
        assert_eq!(run(&kept, 2).unwrap().history.epochs.len(), 2);
        let resumed = run(&kept, 0).unwrap();
        assert_eq!(timeless(&resumed), timeless(&whole), "{architecture}");
        assert_eq!(state(&resumed.network), state(&whole.network), "{architecture}");
        // Finished: nothing is trained again.
        assert_eq!(run(&kept, 0).unwrap().history, resumed.history);

        let other = FineTune { seed: 4, ..settings.clone() };
        assert!(timeless(&run(&other, 0).unwrap()) != timeless(&whole), "the seed matters");
        let other = FineTune { seed: 4, ..kept.clone() };
        let error = run(&other, 0).unwrap_err().to_string();
        assert!(error.contains("other settings") && error.contains("seed: 3"), "{error}");
        let more = run(&FineTune { epochs: 5, ..kept.clone() }, 0);
        assert_eq!(more.is_err(), schedule == Schedule::Cosine, "{architecture}");
    }
}

#[test]
fn checkpoints_of_something_else_are_refused() {
    let device = devices::any();
    let (images, labels) = colors(64, 3);
    let data = Labeled::new(&images, &labels);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/checkpoint");
    let settings = FineTune {
        trainable: Trainable::Head,
        epochs: 1,
        checkpoint: Some(file.clone()),
        ..Default::default()
    };
    let network = || small(Architecture::ResNet18, &device);
    settings.run(network(), &exact(64), data, None).unwrap();
    assert_eq!(
        fs::read_dir(file.parent().unwrap()).unwrap().count(),
        1,
        "no temporary file is left"
    );

    let refused = |network, data, what: &str| {
        let error = settings.run(network, &exact(64), data, None).unwrap_err();
        assert!(
            matches!(error, TransferError::Checkpoint(CheckpointError::Unusable { .. })),
            "{error}"
        );
        assert!(error.to_string().contains(what), "{error}");
    };
    refused(new_head(network(), 3, 2), data, "other network");
    refused(small(Architecture::SqueezeNet1_1, &device), data, "other network");
    let other = Labeled::new(&images[1..], &labels[1..]);
    refused(network(), other, "other training images");
    let bytes = fs::read(&file).unwrap();
    for length in [0, 4, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..length]).unwrap();
        refused(network(), data, "damaged");
    }
    let mut flipped = bytes.clone();
    let last = flipped.len() - 9;
    flipped[last] ^= 1;
    fs::write(&file, &flipped).unwrap();
    refused(network(), data, "damaged");
    fs::write(&file, "not a checkpoint").unwrap();
    refused(network(), data, "damaged");
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
        let network = new_head(narrow(architecture, &device), 3, seed);
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

#[test]
fn new_heads_come_from_the_seed() {
    let device = devices::any();
    for architecture in [Architecture::SqueezeNet1_1, Architecture::ResNet18] {
        let old = state(&narrow(architecture, &device));
        let [a, b, c] =
            [1, 1, 2].map(|seed| state(&new_head(narrow(architecture, &device), 7, seed)));
        assert_eq!(a, b);
        let new: Vec<&String> = a.keys().filter(|&name| a[name] != old[name]).collect();
        let (head, bias) = match architecture {
            Architecture::ResNet18 => ("fc", 0f32),
            _ => ("classifier.1", 1.0),
        };
        assert_eq!(new, [&format!("{head}.bias"), &format!("{head}.weight")]);
        assert_eq!(a[new[0]], TensorData::from([bias; 7]));
        assert!(a[new[1]] != c[new[1]]);
        // 448 normal numbers: their deviation is known to a thirtieth.
        let weights = values(a[new[1]].clone());
        let square: f32 = weights.iter().map(|weight| weight * weight).sum();
        let deviation = (square / weights.len() as f32).sqrt();
        assert!((0.0085..0.0115).contains(&deviation), "{deviation}");
    }
}

#[test]
fn what_cannot_be_trained_is_told() {
    let device = devices::any();
    let (images, labels) = colors(64, 6);
    let data = Labeled::new(&images, &labels);
    let ok = FineTune { epochs: 1, trainable: Trainable::Head, ..Default::default() };
    let run = |settings: &FineTune, data, validation| {
        let network = small(Architecture::SqueezeNet1_1, &device);
        settings.run(network, &exact(64), data, validation).unwrap_err().to_string()
    };
    let told = |settings: FineTune, words: &str| {
        let error = run(&settings, data, None);
        assert!(error.contains(words), "{error}");
    };
    told(FineTune { batch: 0, ..ok.clone() }, "batch is 0");
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        told(FineTune { learning_rate: rate, ..ok.clone() }, "learning_rate is");
    }
    told(FineTune { patience: Some(1), ..ok.clone() }, "validation");
    told(FineTune { label_smoothing: 1.0, ..ok.clone() }, "label_smoothing is 1");
    told(
        FineTune { schedule: Schedule::Step { every: 0, factor: 0.1 }, ..ok.clone() },
        "every is 0",
    );
    told(
        FineTune { schedule: Schedule::Step { every: 1, factor: 2.0 }, ..ok.clone() },
        "factor is 2",
    );
    let momentum = Optimizer::Sgd { momentum: 1.0, weight_decay: 0.0, nesterov: false };
    told(FineTune { optimizer: momentum, ..ok.clone() }, "momentum is 1");
    let decay = Optimizer::Sgd { momentum: 0.0, weight_decay: -1.0, nesterov: false };
    told(FineTune { optimizer: decay, ..ok.clone() }, "weight_decay is -1");
    let crop = RandomResizedCrop { scale: [0.5, 1.5], ..Default::default() };
    let augmentation = CropAndFlip { flip: false, crop: Some(crop) };
    told(FineTune { augmentation, ..ok.clone() }, "scale is 0.5 to 1.5");
    told(
        FineTune { trainable: Trainable::From("features.13".into()), ..ok.clone() },
        "features.12",
    );
    told(
        FineTune { trainable: Trainable::From("classifier.2".into()), ..ok.clone() },
        "trainable is classifier.2",
    );
    // Steps that lead out of the numbers.
    let settings = FineTune {
        learning_rate: 1e30,
        epochs: 3,
        batch: 4,
        trainable: Trainable::All,
        ..ok.clone()
    };
    told(settings, "not finite");

    let few = Labeled::new(&images[..2], &labels);
    assert!(run(&ok, few, None).contains("2 rows"));
    assert!(run(&ok, Labeled::new(&[], &[]), None).contains("no images"));
    let empty = Labeled::new(&[], &[]);
    assert!(run(&ok, data, Some(empty)).contains("no images"));
    let wrong: Vec<usize> = labels.iter().map(|label| label + 1).collect();
    assert!(run(&ok, Labeled::new(&images, &wrong), None).contains("label 3"));
    let tiny = [RgbImage::new(4, 4)];
    let error = run(&ok, Labeled::new(&tiny, &[0]), None);
    assert!(error.contains("4x4"), "{error}");

    for (size, words) in [
        (Resize::Exact { height: 16, width: 16 }, "16x16"),
        (Resize::ShortSideCrop { short_side: 64, crop: 65 }, "crop: 65"),
        (Resize::Exact { height: 0, width: 64 }, "height: 0"),
    ] {
        let network = small(Architecture::SqueezeNet1_1, &device);
        let preprocessing = exact(64).with_resize(size);
        let error = ok.run(network, &preprocessing, data, None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    let headless = Architecture::ResNet18Layer3.init_narrow(8, &device);
    let error = ok.run(headless, &exact(64), data, None).unwrap_err().to_string();
    assert!(error.contains("score for each class"), "{error}");
}

/// PyTorch's StepLR(every 3, 0.5), and half a cosine: 1 at first, 1/2 in the middle, 0 at the end.
#[test]
fn learning_rates_follow_their_schedule() {
    let step = Schedule::Step { every: 3, factor: 0.5 };
    let rates: Vec<f64> = (0..7).map(|epoch| step.at(0.8, epoch as f64 + 0.9, 7)).collect();
    assert_eq!(rates, [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]);
    assert_eq!(Schedule::Cosine.at(0.8, 0.0, 6), 0.8);
    assert!((Schedule::Cosine.at(0.8, 3.0, 6) - 0.4).abs() < 1e-15);
    assert!((Schedule::Cosine.at(0.8, 1.5, 6) - 0.4 * (1.0 + 0.5f64.sqrt())).abs() < 1e-15);
    assert!(Schedule::Cosine.at(0.8, 5.999, 6) < 1e-6);
}
