//! Adversarial training: iterations against PyTorch, losses in closed form, resuming, refusals.

use std::ops::ControlFlow;

use foveate::burn::module::Module;
use foveate::burn::tensor::{Device, Int, Tensor, TensorData};
use foveate::data::Images;
use foveate::generate::{
    GanTraining, GenerateError, Generated, Interpolation, Loss, Noise, interpolate, sample,
};
use foveate::models::weights::Precision;
use foveate::models::{
    CganConfig, DcganConfig, Discriminator, GanConfig, Generator, Initialization,
};
use foveate::train::{CheckpointError, Optimizer, Schedule};

use crate::devices;
use crate::networks::{
    difference, golden_folder, hashed, hashed_weights, relative_error, state, tensors, values,
};

/// Random bytes as gray images, as in gan.py.
fn images_of(size: usize, count: usize) -> Images {
    let bytes = hashed(count * size * size, 1000).into_iter();
    let pixels = bytes.map(|value| ((value + 1.0) * 128.0).floor() as u8).collect();
    let labels = (0..count).map(|i| i * 3 % 10).collect();
    Images { height: size, width: size, channels: 1, pixels, labels }
}

fn images(count: usize) -> Images {
    images_of(32, count)
}

fn dcgan_of(size: usize, device: &Device) -> (Generator, Discriminator) {
    let config = DcganConfig::new().with_latent_dim(16).with_ngf(8).with_ndf(8).with_size(size);
    (config.generator(device), config.discriminator(device))
}

fn dcgan(device: &Device) -> (Generator, Discriminator) {
    dcgan_of(32, device)
}

fn cgan(conditional: bool, device: &Device) -> (Generator, Discriminator) {
    let config = CganConfig::new()
        .with_latent_dim(16)
        .with_width(8)
        .with_conditional_discriminator(conditional);
    (config.generator(device), config.discriminator(device))
}

/// Two iterations against PyTorch's in f64: losses, probabilities, parameters and running statistics.
/// Adam divides by the size of the gradient: where it is nearly 0, or an activation so near to a ReLU's
/// edge that f32 decides on which side it lies, steps of 2e-4 differ. The seed is one where none is.
#[test]
fn iterations_equal_pytorchs() {
    let golden = tensors(&golden_folder().join("gan.safetensors"));
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

/// The fully connected pair, maxout and all: images, logits and the logits' gradients by the noise, against
/// PyTorch's in f64. Sums of 1,200 products in f32 are 1e-6 off.
#[test]
fn the_dense_pair_equals_pytorchs() {
    let golden = tensors(&golden_folder().join("gan.safetensors"));
    let config = CganConfig::new().with_latent_dim(16).with_dense(true);
    for chosen in devices::all() {
        let device = &chosen.device;
        let generator =
            hashed_weights(config.generator(device), &["noise", "label", "main"], 0).valid();
        let discriminator =
            hashed_weights(config.discriminator(device), &["image", "label", "main"], 100);
        let noise: Vec<f32> = hashed(8 * 16, 2000).into_iter().map(|x| x as f32).collect();
        let noise = Tensor::<2>::from_data(TensorData::new(noise, [8, 16]), device);
        let noise = noise.autodiff().require_grad();
        let labels: Vec<i64> = (0..8).map(|i| i * 3 % 10).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::from(labels.as_slice()), device);
        let made = generator.forward(noise.clone(), Some(labels.clone()));
        let logits = discriminator.valid().forward(made.clone(), Some(labels));
        let gradients = noise.grad(&logits.clone().sum().backward()).unwrap();
        for (name, found) in [
            ("pictures", made.into_data()),
            ("logits", logits.into_data()),
            ("noise", gradients.into_data()),
        ] {
            let error =
                relative_error(&values(found), &values(golden[&format!("dense/{name}")].clone()));
            assert!(error < 1e-5, "{chosen}, {name}: {error}");
        }
    }
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

/// Values and gradients of every loss by the formulas of the papers, in f64; f32 gives 1e-6.
#[test]
fn losses_are_the_papers() {
    let (d_real, d_fake) = ([-1.5, 0.25, 2.0, 0.5], [-2.0, 0.75, 1.25]);
    let real = 0.9;
    let s = |d: f64| 1.0 / (1.0 + (-d).exp());
    let relu = |d: f64| d.max(0.0);
    type Of = Box<dyn Fn(f64) -> f64>;
    let of = |f: fn(f64) -> f64| -> Of { Box::new(f) };
    // Of a real, of a generated image; the generator's.
    let expected: Vec<(Loss, [Of; 3])> = vec![
        (
            Loss::NonSaturating,
            [
                Box::new(move |d| -real * s(d).ln() - (1.0 - real) * (1.0 - s(d)).ln()),
                Box::new(move |d| -(1.0 - s(d)).ln()),
                Box::new(move |d| -s(d).ln()),
            ],
        ),
        (
            Loss::Saturating,
            [
                Box::new(move |d| -real * s(d).ln() - (1.0 - real) * (1.0 - s(d)).ln()),
                Box::new(move |d| -(1.0 - s(d)).ln()),
                Box::new(move |d| (1.0 - s(d)).ln()),
            ],
        ),
        (
            Loss::LeastSquares,
            [
                Box::new(move |d| 0.5 * (d - real).powi(2)),
                of(|d| 0.5 * d * d),
                of(|d| 0.5 * (d - 1.0).powi(2)),
            ],
        ),
        (
            Loss::Hinge,
            [Box::new(move |d| relu(1.0 - d)), Box::new(move |d| relu(1.0 + d)), of(|d| -d)],
        ),
        (Loss::Wasserstein { clip: 0.01 }, [of(|d| -d), of(|d| d), of(|d| -d)]),
    ];
    let device = devices::any();
    let logits = |values: &[f64]| {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        Tensor::<1>::from_floats(values.as_slice(), &device).autodiff().require_grad()
    };
    let check = |what: &str, loss: Tensor<1>, of: &Tensor<1>, at: &[f64], f: &Of| {
        let n = at.len() as f64;
        let mean = at.iter().map(|&d| f(d)).sum::<f64>() / n;
        let found = f64::from(loss.clone().into_scalar::<f32>());
        assert!((found - mean).abs() < 1e-6, "{what}: {found}, not {mean}");
        let gradients = of.grad(&loss.backward()).unwrap().into_data();
        for (gradient, &d) in gradients.iter::<f64>().zip(at) {
            let slope = (f(d + 1e-6) - f(d - 1e-6)) / 2e-6 / n;
            assert!((gradient - slope).abs() < 1e-6, "{what} at {d}: {gradient}, not {slope}");
        }
    };
    for (loss, [of_real, of_fake, of_generator]) in &expected {
        let both = [logits(&d_real), logits(&d_fake)];
        let [first, second] = loss.discriminator(both.clone(), real);
        check(&format!("{loss:?}, real"), first, &both[0], &d_real, of_real);
        check(&format!("{loss:?}, fake"), second, &both[1], &d_fake, of_fake);
        let fake = logits(&d_fake);
        let what = format!("{loss:?}, generator");
        check(&what, loss.generator(fake.clone()), &fake, &d_fake, of_generator);
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

fn bits(network: &impl Module) -> Vec<(String, Vec<u32>)> {
    let bits = |data| values(data).iter().map(|value| value.to_bits()).collect();
    state(network).into_iter().map(|(name, data)| (name, bits(data))).collect()
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

/// The file holds the iterations before the one whose step was too far, and the training goes on from it
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

#[test]
fn samples_follow_their_noise_and_labels() {
    let device = devices::any();
    let (generator, _) = cgan(true, &device);
    let rows = Noise::Normal.rows(300, 16, 3);
    assert_eq!(rows[..160], Noise::Normal.rows(10, 16, 3), "a row does not depend on the count");
    let labels: Vec<usize> = (0..300).map(|i| i % 10).collect();
    let all = sample(&generator, &rows, &labels);
    assert_eq!((all.len(), all.channels, all.height, &all.labels), (300, 1, 32, &labels));
    // In batches, as one by one.
    let last = sample(&generator, &rows[299 * 16..], &labels[299..]);
    assert_eq!(last.bytes(0), all.bytes(299));
    assert_ne!(sample(&generator, &rows[299 * 16..], &[0]).bytes(0), all.bytes(299));

    let mean = rows.iter().map(|&x| f64::from(x)).sum::<f64>() / 4800.0;
    let square = rows.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 4800.0;
    // Five standard errors.
    assert!(mean.abs() < 5.0 / 4800_f64.sqrt(), "{mean}");
    assert!((square - 1.0).abs() < 5.0 * (2.0 / 4800_f64).sqrt(), "{square}");
    assert!(Noise::Uniform.rows(300, 16, 3).iter().all(|x| (-1.0..1.0).contains(x)));
}

#[test]
fn ways_between_noises() {
    let (from, to) = (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]);
    let line = interpolate(&from, &to, 3, Interpolation::Linear);
    assert_eq!(line, [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0, 0.0]);
    let circle = interpolate(&from, &to, 3, Interpolation::Spherical);
    let half = 0.5_f32.sqrt();
    for (found, expected) in circle.iter().zip([1.0, 0.0, 0.0, half, half, 0.0, 0.0, 1.0, 0.0]) {
        assert!((found - expected).abs() < 1e-6, "{circle:?}");
    }
    // The same twice: no circle.
    assert_eq!(
        interpolate(&from, &from, 2, Interpolation::Spherical),
        [from.clone(), from].concat()
    );
}

#[test]
fn generators_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("generator.safetensors");
    let device = devices::any();
    let config = CganConfig::new().with_latent_dim(16).with_width(8);
    let config = GanConfig::Cgan(config);
    let generator = Initialization::Dcgan.of(config.generator(&device), 1);
    config.save(&generator, &file, Precision::Single).unwrap();
    let (_, read) = GanConfig::load(&file, &device).unwrap();
    assert_eq!(bits(&read), bits(&generator));

    // Sizes that no generator has, or not this one; of a DCGAN in the end.
    let refused = |old: &str, new: &str, expected: &str| {
        let [old, new] = [old, new].map(|text| text.replace('"', "\\\""));
        let bytes = std::fs::read(&file).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let text = std::str::from_utf8(&bytes[8..8 + header]).unwrap();
        assert!(text.contains(&old), "{text}");
        let text = text.replace(&old, &new);
        let other = folder.path().join("other.safetensors");
        let length = (text.len() as u64).to_le_bytes();
        let whole = [&length, text.as_bytes(), &bytes[8 + header..]].concat();
        std::fs::write(&other, whole).unwrap();
        let error = GanConfig::load(&other, &device).unwrap_err().to_string();
        assert!(error.contains(expected), "{new}: {error}");
    };
    let (none, other) = ("found no generator's sizes", "are not this network's");
    refused(r#""width":8"#, r#""width":7"#, none);
    refused(r#""width":8"#, r#""width":0"#, none);
    refused(r#""latent_dim":16"#, r#""latent_dim":99999999999999"#, none);
    refused(r#""classes":10"#, r#""classes":257"#, none);
    refused(r#""channels":1"#, r#""channels":2"#, none);
    refused("foveate.generator", "someone.generator", none);
    refused(r#""width":8"#, r#""width":4"#, other);
    refused(r#""width":8"#, r#""width":16384"#, other);
    let config = GanConfig::Dcgan(DcganConfig::new().with_ngf(2).with_size(16));
    config.save(&config.generator(&device), &file, Precision::Single).unwrap();
    refused(r#""size":16"#, r#""size":12"#, none);
    refused(r#""size":16"#, r#""size":4"#, none);
    refused(r#""ngf":2"#, r#""ngf":32769"#, none);
    refused(r#""ngf":2"#, r#""ngf":18446744073709551615"#, none);
    refused(r#""size":16"#, r#""size":32"#, other);
}

/// Bytes to -1 ... 1 and back; side by side, row by row.
#[test]
fn images_from_generators() {
    let device = devices::any();
    let set = images(3);
    let signed = set.signed(&[2, 0], &device);
    let expected = |at: usize| set.bytes(at).iter().map(|&byte| f32::from(byte) / 127.5 - 1.0);
    let expected: Vec<f32> = expected(2).chain(expected(0)).collect();
    assert!(difference(&values(signed.clone().into_data()), &expected) < 1e-6);
    let back = Images::from_signed(signed);
    assert_eq!([back.bytes(0), back.bytes(1)], [set.bytes(2), set.bytes(0)]);
    assert_eq!((back.height, back.width, back.channels), (32, 32, 1));
    // Beyond the range they are cut off.
    let beyond = Tensor::<4>::from_data([[[[-3.0, 3.0]]]], &device);
    assert_eq!(Images::from_signed(beyond).pixels, [0, 255]);

    let grid = set.grid(2);
    assert_eq!(grid.dimensions(), (64, 64));
    for (at, [x, y]) in [[0, 0], [32, 0], [0, 32]].into_iter().enumerate() {
        let tile = |i: u32| grid.get_pixel(x + i % 32, y + i / 32)[0];
        assert!((0..1024).map(tile).eq(set.bytes(at).iter().copied()));
    }
    assert!((32..64).all(|i| grid.get_pixel(i, i)[0] == 0), "no image is the last");
}
