//! Images of classes.

use foveate::burn::tensor::Tensor;
use foveate::explain::visualize::ClassVisualization;
use foveate::explain::{ExplainError, Model};
use foveate::image::Pixels;
use foveate::models::{Architecture, Pretrained};

use super::image;
use crate::support::close::{difference, values_of};
use crate::support::devices;
use crate::support::real::real_data;

/// Two classes: the sum of the image times the weight, and of the image times its negative.
fn linear(weight: Tensor<4>) -> impl Fn(Tensor<4>) -> Tensor<2> {
    move |x: Tensor<4>| {
        let score = (x * weight.clone()).flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![score.clone(), score.neg()], 1)
    }
}

/// One plain step, in pixels.
fn plain() -> ClassVisualization {
    ClassVisualization {
        iterations: 1,
        learning_rate: 0.1,
        l2_reg: 0.0,
        blur_every: 0,
        max_jitter: 0,
        mean: [0.0; 3],
        std: [1.0; 3],
        ..ClassVisualization::default()
    }
}

fn after(setting: &ClassVisualization, model: &impl Model, start: &Tensor<4>) -> Vec<f32> {
    let snapshots = setting.run(model, &Pixels::new(start.clone()), &[0]).unwrap();
    values_of(snapshots.last().unwrap().pixels.tensor())
}

/// In f64: x + learning_rate * g / ||g||, g = weight * std - 2 * l2_reg * x, in normalized space.
/// Tolerance: f32 sums of 60 values.
#[test]
fn one_step_goes_along_the_weight() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let weight = devices::noise([1, 3, 4, 5], 3, device);
        let start = image([1, 3, 4, 5], device);
        let (mean, std) = ([0.4, 0.5, 0.6], [0.2, 0.25, 0.5]);
        for l2_reg in [0.0, 0.3] {
            let setting = ClassVisualization { l2_reg, mean, std, ..plain() };
            let found = after(&setting, &linear(weight.clone()), &start);
            let (start, weight) = (values_of(&start), values_of(&weight));
            let of = |channel: [f32; 3], i: usize| f64::from(channel[i / 20]);
            let x: Vec<f64> =
                (0..60).map(|i| (f64::from(start[i]) - of(mean, i)) / of(std, i)).collect();
            let step =
                |i: usize| f64::from(weight[i]) * of(std, i) - 2.0 * f64::from(l2_reg) * x[i];
            let norm = (0..60).map(|i| step(i).powi(2)).sum::<f64>().sqrt();
            let expected: Vec<f32> = (0..60)
                .map(|i| ((x[i] + 0.1 * step(i) / norm) * of(std, i) + of(mean, i)) as f32)
                .collect();
            let off = difference(&found, &expected);
            assert!(off < 1e-6, "{chosen}, {l2_reg}: {off}");
        }
    }
}

#[test]
fn from_zero_the_step_has_the_length_of_the_learning_rate() {
    let device = devices::any();
    let weight = devices::noise([1, 3, 4, 5], 3, &device);
    let start = Tensor::full([1, 3, 4, 5], 0.5, &device);
    // x = 0 here, and regularization nothing.
    let setting = ClassVisualization { mean: [0.5; 3], l2_reg: 0.7, ..plain() };
    let found = after(&setting, &linear(weight.clone()), &start);
    let step: Vec<f32> = found.iter().map(|value| value - 0.5).collect();
    let weight = values_of(&weight);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norm = dot(&step, &step).sqrt();
    assert!((norm - 0.1).abs() < 1e-6, "{norm}");
    let cosine = dot(&step, &weight) / norm / dot(&weight, &weight).sqrt();
    assert!(cosine > 1.0 - 1e-6, "{cosine}");
}

#[test]
fn pixels_stay_pixels() {
    let device = devices::any();
    let weight = devices::noise([1, 3, 4, 5], 3, &device);
    let far = ClassVisualization { learning_rate: 1e4, ..plain() };
    let found = after(&far, &linear(weight.clone()), &image([1, 3, 4, 5], &device));
    for (pixel, weight) in found.iter().zip(values_of(&weight)) {
        assert_eq!(*pixel, if weight > 0.0 { 1.0 } else { 0.0 });
    }
    let noise = ClassVisualization::default().noise(2, [32, 32], &device);
    let noise = values_of(noise.tensor());
    assert!(noise.iter().all(|v| (0.0..=1.0).contains(v)));
    // Of a standard normal x, 1.7 % lie below (0 - 0.485) / 0.229 for red.
    let black = noise[..1024].iter().filter(|&&v| v == 0.0).count();
    assert!((5..40).contains(&black), "{black} of 1024 red values are black");
}

/// The score is computed from the rolled image, so that the step, rolled back, is the weight rolled
/// the other way, and the image itself stays where it was.
#[test]
fn jitter_is_undone() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let weight = devices::noise([1, 3, 7, 9], 3, device);
        let start = image([1, 3, 7, 9], device);
        let step = values_of(
            &(weight.clone() / weight.clone().square().sum().sqrt().into_scalar::<f32>()),
        );
        let start_values = values_of(&start);
        let mut shifts = Vec::new();
        for seed in 0..6 {
            let setting = ClassVisualization { max_jitter: 4, seed, ..plain() };
            let found = after(&setting, &linear(weight.clone()), &start);
            let expected = |down: usize, right: usize| -> Vec<f32> {
                let at = |i: usize| {
                    let (c, y, x) = (i / 63, i / 9 % 7, i % 9);
                    start_values[i] + 0.1 * step[c * 63 + (y + down) % 7 * 9 + (x + right) % 9]
                };
                (0..189).map(at).collect()
            };
            let all = (0..25).map(|i| (i / 5, i % 5));
            let fitting: Vec<_> =
                all.filter(|&(d, r)| difference(&found, &expected(d, r)) < 1e-6).collect();
            assert_eq!(fitting.len(), 1, "{chosen}, seed {seed}: {fitting:?}");
            shifts.push(fitting[0]);
        }
        assert!(shifts.iter().any(|shift| *shift != shifts[0]), "{shifts:?}");
    }
}

/// A model that tells nothing, so that only the blur is left.
fn silent(x: Tensor<4>) -> Tensor<2> {
    x.mul_scalar(0.0).flatten::<2>(1, 3).sum_dim(1)
}

/// Directly in f64, the image mirrored with its edge pixels; SciPy's own numbers besides.
#[test]
fn blur_is_a_gaussian() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let (h, w) = (6, 9);
        let start = image([1, 3, h, w], device);
        for (sigma, radius) in [(0.5f32, 2), (1.3, 5)] {
            let setting = ClassVisualization { blur_every: 1, blur_sigma: sigma, ..plain() };
            let found = after(&setting, &silent, &start);
            let x = values_of(&start);
            let mirror = |i: i32, n: usize| {
                (if i < 0 {
                    -i - 1
                } else if i >= n as i32 {
                    2 * n as i32 - 1 - i
                } else {
                    i
                }) as usize
            };
            let g = |d: i32| (-0.5 * (f64::from(d) / f64::from(sigma)).powi(2)).exp();
            let sum = (-radius..=radius).map(g).sum::<f64>().powi(2);
            let mut expected = Vec::new();
            for i in 0..3 * h * w {
                let (c, row, column) = (i / (h * w), (i / w % h) as i32, (i % w) as i32);
                let mut value = 0.0;
                for down in -radius..=radius {
                    for right in -radius..=radius {
                        let at = mirror(row + down, h) * w + mirror(column + right, w);
                        value += g(down) * g(right) / sum * f64::from(x[c * h * w + at]);
                    }
                }
                expected.push(value as f32);
            }
            let off = difference(&found, &expected);
            assert!(off < 1e-6, "{chosen}, sigma {sigma}: {off}");
        }
    }
    let device = devices::any();
    let setting = ClassVisualization { blur_every: 1, ..plain() };
    let rows: [(&[f32], &[f32]); 2] = [
        (
            &[0.0, 0.0, 1.0, 0.0, 0.0, 0.5],
            &[0.0002638, 0.1064507, 0.7865707, 0.1065827, 0.0536211, 0.4465107],
        ),
        (&[1.0, 0.25], &[0.9197661, 0.3302338]),
    ];
    for (row, scipy) in rows {
        let start = Tensor::<1>::from_floats(row, &device).reshape([1, 1, 1, row.len()]);
        let found = after(&setting, &silent, &start.repeat_dim(1, 3));
        assert!(difference(&found[..row.len()], scipy) < 1e-6, "{found:?}");
    }
}

#[test]
fn snapshots_come_when_asked_for() {
    let device = devices::any();
    let start = Pixels::new(image([1, 3, 4, 5], &device));
    let model = linear(devices::noise([1, 3, 4, 5], 3, &device));
    let at = |iterations, snapshot_every| -> Vec<usize> {
        let setting = ClassVisualization { iterations, snapshot_every, ..plain() };
        let snapshots = setting.run(&model, &start, &[0]).unwrap();
        snapshots.iter().map(|snapshot| snapshot.iteration).collect()
    };
    assert_eq!(at(7, 3), [1, 3, 6, 7]);
    assert_eq!(at(6, 3), [1, 3, 6]);
    assert_eq!(at(7, 0), [1, 7]);
    assert_eq!(at(1, 1), [1]);
    // What a snapshot says is what the model says of its pixels.
    let setting = ClassVisualization { iterations: 3, ..plain() };
    let last = setting.run(&model, &start, &[1]).unwrap().pop().unwrap();
    let logits = values_of(&model.logits(last.pixels.tensor().clone()));
    assert!((last.scores[0] - logits[1]).abs() < 1e-5);
    let probability = 1.0 / (1.0 + (logits[0] - logits[1]).exp());
    assert!((last.probabilities[0] - probability).abs() < 1e-5);
}

/// A score that is not linear, and a batch of two.
#[test]
fn the_seed_decides_and_the_batch_does_not() {
    let device = devices::any();
    let weight = devices::noise([1, 3, 12, 10], 3, &device);
    let model = move |x: Tensor<4>| {
        let score = (x.square() * weight.clone()).flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![score.clone(), score.neg()], 1)
    };
    let setting = |seed| ClassVisualization {
        iterations: 12,
        learning_rate: 0.5,
        seed,
        ..ClassVisualization::default()
    };
    let run = |seed, images, classes: &[usize]| {
        let start = setting(seed).noise(images, [12, 10], &device);
        let last = setting(seed).run(&model, &start, classes).unwrap().pop().unwrap();
        values_of(last.pixels.tensor())
    };
    let both = run(1, 2, &[0, 1]);
    assert_eq!(both, run(1, 2, &[0, 1]));
    assert!(difference(&both, &run(2, 2, &[0, 1])) > 0.1);
    let alone = run(1, 1, &[0]);
    assert!(difference(&both[..alone.len()], &alone) < 1e-5);
    assert!(difference(&both[alone.len()..], &alone) > 0.1);
}

#[test]
fn bad_questions_to_a_class_are_errors() {
    let device = devices::any();
    let start = Pixels::new(image([1, 3, 4, 5], &device));
    let model = linear(devices::noise([1, 3, 4, 5], 3, &device));
    let error = |setting: ClassVisualization, start: &Pixels, classes: &[usize]| {
        setting.run(&model, start, classes).unwrap_err()
    };
    assert_eq!(error(plain(), &start, &[2]), ExplainError::Class { class: 2, classes: 2 });
    assert_eq!(error(plain(), &start, &[0, 1]), ExplainError::Targets { images: 1, found: 2 });
    assert_eq!(error(plain(), &start, &[]), ExplainError::Targets { images: 1, found: 0 });
    let bright = Pixels::new(start.tensor().clone().mul_scalar(10.0));
    assert!(matches!(error(plain(), &bright, &[0]), ExplainError::NotPixels { index: 0, .. }));
    let settings = [
        ("iterations", ClassVisualization { iterations: 0, ..plain() }),
        ("learning_rate", ClassVisualization { learning_rate: 0.0, ..plain() }),
        ("learning_rate", ClassVisualization { learning_rate: f32::NAN, ..plain() }),
        ("l2_reg", ClassVisualization { l2_reg: -1.0, ..plain() }),
        ("blur_sigma", ClassVisualization { blur_sigma: f32::INFINITY, ..plain() }),
        ("mean", ClassVisualization { mean: [f32::NAN; 3], ..plain() }),
        ("std", ClassVisualization { std: [1.0, 0.0, 1.0], ..plain() }),
    ];
    for (name, setting) in settings {
        let error = error(setting, &start, &[0]);
        assert!(
            matches!(&error, ExplainError::Setting(setting) if setting.name == name),
            "{error}"
        );
    }
}

/// The practical's two classes by its settings. PyTorch, from its own noise, comes to logits of 223
/// and 205.
#[test]
fn squeezenet_sees_a_tarantula_and_a_gorilla() {
    if !real_data("squeezenet_sees_a_tarantula_and_a_gorilla") {
        return;
    }
    let device = devices::any();
    let pretrained = Pretrained::load(Architecture::SqueezeNet1_1, &device).unwrap();
    let classifier = pretrained.classifier().unwrap();
    let setting = ClassVisualization::default();
    for class in [76, 366] {
        let start = setting.noise(1, [224, 224], &device);
        let last = setting.run(&classifier, &start, &[class]).unwrap().pop().unwrap();
        // As 8 bits a channel, what a file holds; not resized.
        let kept = Pixels::from_images(&last.pixels.to_images(), &device);
        let logits = values_of(&classifier.logits(&kept));
        let first = (0..1000).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        assert_eq!(first, class);
        let (score, probability) = (last.scores[0], last.probabilities[0]);
        assert!(probability > 0.9 && score > 100.0, "{score}, {probability}");
    }
}
