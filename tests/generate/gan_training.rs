//! Adversarial training: iterations against PyTorch, resuming, refusals.

use std::ops::ControlFlow;

use foveate::burn::module::Module;
use foveate::burn::tensor::Device;
use foveate::generate::{GanTraining, GenerateError, Generated, Loss, Noise};
use foveate::models::{CganConfig, DcganConfig, Discriminator, Generator, Initialization};
use foveate::train::{CheckpointError, Optimizer, Schedule};

use super::{cgan, images, images_of};
use crate::support::close::{difference, values};
use crate::support::devices;
use crate::support::golden::{bits, golden_tensors, hashed_weights, state};

fn dcgan_of(size: usize, device: &Device) -> (Generator, Discriminator) {
    let config = DcganConfig::new().with_latent_dim(16).with_ngf(8).with_ndf(8).with_size(size);
    (config.generator(device), config.discriminator(device))
}

fn dcgan(device: &Device) -> (Generator, Discriminator) {
    dcgan_of(32, device)
}

/// Two iterations against PyTorch's in f64: losses, probabilities, parameters and running statistics.
/// Adam divides by the size of the gradient: where it is nearly 0, or an activation so near to a ReLU's
/// edge that f32 decides on which side it lies, steps of 2e-4 differ. The seed is one where none is.
#[test]
fn iterations_equal_pytorchs() {
    let golden = golden_tensors("gan.safetensors");
    let plain = GanTraining {
        iterations: 2,
        batch: 8,
        noise: Noise::Uniform,
        generator_learning_rate: 1e-4,
        seed: 1,
        ..Default::default()
    };
    for chosen in devices::all() {
        let device = &chosen.device;
        let smoothed = GanTraining { real_label: 0.9, ..plain.clone() };
        let cases = [
            ("dcgan", 32, dcgan(device), smoothed.clone()),
            ("dcgan64", 64, dcgan_of(64, device), smoothed),
            ("cgan", 32, cgan(true, device), plain.clone()),
            (
                "unconditional",
                32,
                cgan(false, device),
                GanTraining {
                    loss: Loss::Hinge,
                    discriminator_steps: 2,
                    // The first share is less, the second this.
                    ema_decay: Some(0.2),
                    ..plain.clone()
                },
            ),
        ];
        for (case, size, (generator, discriminator), settings) in cases {
            if devices::is_slow(chosen) && case != "cgan" {
                continue;
            }
            let generator = hashed_weights(generator, &["noise", "label", "main"], 0);
            let discriminator = hashed_weights(discriminator, &["image", "label", "main"], 100);
            let made = settings.run(generator, discriminator, &images_of(size, 8)).unwrap();
            let numbers: Vec<f32> = made
                .history
                .steps
                .iter()
                .flat_map(|step| {
                    let losses = [step.discriminator_loss, step.generator_loss];
                    [losses.as_slice(), &[step.real, step.fake, step.fake_after]].concat()
                })
                .map(|number| number as f32)
                .collect();
            let error = difference(&numbers, &values(golden[&format!("{case}/numbers")].clone()));
            assert!(error < 1e-4, "{chosen}, {case}: numbers differ by {error}");
            let networks = [
                ("generator", state(&made.generator)),
                ("discriminator", state(&made.discriminator)),
            ];
            let mut worst = 0.0_f32;
            for (part, after) in networks {
                for (name, found) in after {
                    // The reference calls this branch so.
                    let key = name.replace("image.", "picture.");
                    let expected = golden[&format!("{case}/{part}.{key}")].clone();
                    let every = if size == 64 { 61 } else { 13 };
                    let found: Vec<f32> = values(found).into_iter().step_by(every).collect();
                    let error = difference(&found, &values(expected));
                    assert!(error < 1e-4, "{chosen}, {case}, {part}.{name}: {error}");
                    worst = worst.max(error);
                }
            }
            println!("{chosen}, {case}: numbers within {error:.1e}, tensors within {worst:.1e}");
        }
    }
}

/// Settings with everything random in them.
fn quick() -> GanTraining {
    GanTraining {
        iterations: 6,
        batch: 6,
        discriminator_steps: 2,
        ema_decay: Some(0.5),
        seed: 5,
        checkpoint_every: 1,
        ..Default::default()
    }
}

fn run(
    settings: &GanTraining,
    dense: bool,
    mut stop_after: usize,
) -> Result<Generated, GenerateError> {
    let device = devices::any();
    let (generator, discriminator) = if dense {
        let config = CganConfig::new().with_dense(true);
        (config.generator(&device), config.discriminator(&device))
    } else {
        dcgan(&device)
    };
    let generator = Initialization::Dcgan.of(generator, 1);
    let discriminator = Initialization::PyTorch.of(discriminator, 2);
    settings.run_with(generator, discriminator, &images(20), |_, _| {
        stop_after -= 1;
        if stop_after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// Without and with labels, dropout, and maxout.
#[test]
fn a_resumed_training_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    for dense in [false, true] {
        let whole = run(&quick(), dense, 99).unwrap();
        let checkpoint = Some(folder.path().join(format!("{dense}.checkpoint")));
        let settings = GanTraining { checkpoint, ..quick() };
        let part = run(&settings, dense, 2).unwrap();
        assert_eq!(part.history.steps.len(), 2);
        let resumed = run(&settings, dense, 99).unwrap();
        let numbers = |made: &Generated| {
            let steps = made.history.steps.iter();
            steps.map(|s| (s.iteration, s.generator_loss, s.real, s.fake_after)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&resumed), numbers(&whole));
        assert_eq!(bits(&resumed.generator), bits(&whole.generator));
        assert_eq!(bits(&resumed.discriminator), bits(&whole.discriminator));

        let fewer = GanTraining { iterations: 5, ..settings.clone() };
        let error = run(&fewer, dense, 99).unwrap_err().to_string();
        assert!(error.contains("iterations is 5: expected 6 or more"), "{error}");
        let other = GanTraining { batch: 8, ..settings };
        let error = run(&other, dense, 99).unwrap_err();
        assert!(
            matches!(error, GenerateError::Checkpoint(CheckpointError::Unusable { .. })),
            "{error}"
        );
    }
}

/// The largest parameter, and the largest change of one.
fn largest(network: &impl Module, before: &impl Module) -> [f32; 2] {
    let before = state(before);
    let parameters = state(network).into_iter().filter(|(name, _)| !name.contains("running"));
    parameters.fold([0.0, 0.0], |[size, change], (name, after)| {
        let (after, before) = (values(after), values(before[&name].clone()));
        let zeros = vec![0.0; after.len()];
        [size.max(difference(&after, &zeros)), change.max(difference(&after, &before))]
    })
}

/// A rate of nearly 0 moves nothing: the other network's step leaves a network's parameters alone. (Its
/// batch norms see every batch.)
#[test]
fn each_network_is_moved_by_its_own_step_alone() {
    let sgd = Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0, nesterov: false };
    let start = run(&GanTraining { iterations: 0, ..quick() }, false, 99).unwrap();
    for still in [[true, false], [false, true]] {
        let rate = |still| if still { 1e-30 } else { 1e-2 };
        let settings = GanTraining {
            discriminator_optimizer: sgd,
            generator_optimizer: sgd,
            discriminator_learning_rate: rate(still[0]),
            generator_learning_rate: rate(still[1]),
            ema_decay: None,
            ..quick()
        };
        let after = run(&settings, false, 99).unwrap();
        let [_, discriminator] = largest(&after.discriminator, &start.discriminator);
        let [_, generator] = largest(&after.generator, &start.generator);
        assert_eq!([discriminator, generator].map(|change| change < 1e-20), still);
    }
}

#[test]
fn wasserstein_clips_the_discriminator_alone() {
    let loss = Loss::Wasserstein { clip: 0.01 };
    let made = run(&GanTraining { loss, ..quick() }, false, 99).unwrap();
    assert_eq!(largest(&made.discriminator, &made.discriminator)[0], 0.01);
    assert!(largest(&made.generator, &made.generator)[0] > 0.5);
}

#[test]
fn bad_input_is_refused() {
    let settings = |settings: GanTraining| run(&settings, false, 99).unwrap_err();
    let cases = [
        (GanTraining { batch: 1, ..quick() }, "batch is 1: expected 2 or more"),
        (GanTraining { batch: 21, ..quick() }, "20 images: expected 21"),
        (
            GanTraining { real_label: 0.0, ..quick() },
            "real_label is 0: expected a number in (0, 1]",
        ),
        (
            GanTraining { real_label: 0.9, loss: Loss::Hinge, ..quick() },
            "real_label is 0.9: expected 1 with this loss",
        ),
        (GanTraining { ema_decay: Some(1.0), ..quick() }, "ema_decay is 1: expected"),
        (
            GanTraining { generator_learning_rate: f64::NAN, ..quick() },
            "generator_learning_rate is NaN",
        ),
        (GanTraining { discriminator_steps: 0, ..quick() }, "discriminator_steps is 0"),
        (GanTraining { loss: Loss::Wasserstein { clip: 0.0 }, ..quick() }, "loss.clip is 0"),
    ];
    for (case, expected) in cases {
        let found = settings(case).to_string();
        assert!(found.contains(expected), "{found}");
    }

    let device = devices::any();
    let small = images(20).resized(28, 28);
    let (generator, discriminator) = dcgan(&device);
    let error = quick().run(generator, discriminator, &small).unwrap_err().to_string();
    assert!(error.contains("28x28 pixels: expected 1 and 32x32"), "{error}");
    let config = CganConfig::new().with_width(8).with_classes(9);
    let (generator, discriminator) = (config.generator(&device), config.discriminator(&device));
    let error = quick().run(generator, discriminator, &images(20)).unwrap_err().to_string();
    assert!(error.contains("image 3 has the label 9"), "{error}");
}

/// The file holds the iterations before the one whose step was too far, and the training resumes from it
/// at another rate, as if nothing had been.
#[test]
fn a_training_that_diverges_keeps_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Some(folder.path().join("checkpoint"));
    let settings = GanTraining { checkpoint: checkpoint.clone(), ..quick() };
    run(&settings, false, 2).unwrap();
    let far = GanTraining { generator_learning_rate: f64::MAX, ..settings.clone() };
    match run(&far, false, 99).unwrap_err() {
        GenerateError::Diverged { iteration, checkpoint: found, .. } => {
            assert_eq!((iteration, found), (3, checkpoint));
        }
        other => panic!("{other}"),
    }
    let (resumed, whole) = (run(&settings, false, 99).unwrap(), run(&quick(), false, 99).unwrap());
    assert_eq!(bits(&resumed.generator), bits(&whole.generator));
}

/// By SGD, the second of two iterations moves half of what it does at a constant rate.
#[test]
fn rates_fall_to_nothing() {
    let sgd = Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0, nesterov: false };
    let settings = |schedule, iterations| GanTraining {
        generator_optimizer: sgd,
        discriminator_optimizer: sgd,
        schedule,
        iterations,
        ema_decay: None,
        ..quick()
    };
    let [linear, constant] = [Schedule::Linear, Schedule::Constant]
        .map(|schedule| run(&settings(schedule, 2), false, 99).unwrap().generator);
    let one = run(&settings(Schedule::Constant, 1), false, 99).unwrap().generator;
    let [_, half] = largest(&linear, &one);
    let [_, whole] = largest(&constant, &one);
    // The discriminators differ by half of their second steps, of 2e-4.
    assert!((half / whole - 0.5).abs() < 0.01, "{half} of {whole}");
}
