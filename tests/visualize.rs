//! Images that networks make of themselves, and images of maps.

use std::path::Path;

use foveate::burn::tensor::{Device, Tensor, TensorData, s};
use foveate::explain::visualize::{
    ClassVisualization, FeatureVisualization, FourierImage, Objective, Transformations,
};
use foveate::explain::{ExplainError, LayeredModel, Model};
use foveate::image::{AnimationError, Colors, HeatMap, overlay, save_gif};
use foveate::image::{Pixels, RgbImage, open};
use foveate::models::{Architecture, BackwardRule, NoRule, Pretrained, UnknownLayer};
use image::{AnimationDecoder, codecs::gif::GifDecoder};

use crate::devices;

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Values between 0.2 and 0.8 that repeat nowhere.
fn image(shape: [usize; 4], device: &Device) -> Tensor<4> {
    devices::noise(shape, 7, device).mul_scalar(0.05).add_scalar(0.5).clamp(0.2, 0.8)
}

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
    values(snapshots.last().unwrap().pixels.tensor())
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
            let (start, weight) = (values(&start), values(&weight));
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
    let weight = values(&weight);
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
    for (pixel, weight) in found.iter().zip(values(&weight)) {
        assert_eq!(*pixel, if weight > 0.0 { 1.0 } else { 0.0 });
    }
    let noise = ClassVisualization::default().noise(2, [32, 32], &device);
    let noise = values(noise.tensor());
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
        let step =
            values(&(weight.clone() / weight.clone().square().sum().sqrt().into_scalar::<f32>()));
        let start_values = values(&start);
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
            let x = values(&start);
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
    let logits = values(&model.logits(last.pixels.tensor().clone()));
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
        values(last.pixels.tensor())
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

/// A spectrum of sines, for the numbers below.
fn sines([h, w]: [usize; 2], device: &Device) -> Tensor<4> {
    let shape = [1, 1, 2 * h, w / 2 + 1];
    let count: usize = shape.iter().product();
    let sines: Vec<f32> = (0..count).map(|i| (0.7 * i as f64 + 1.0).sin() as f32).collect();
    Tensor::from_data(TensorData::new(sines, shape), device)
}

/// `torch.fft.irfft2((real + i imaginary) * scale, s=(h, w), norm="ortho") / 4` in f64.
#[test]
fn waves_are_pytorchs() {
    let golden: [([usize; 2], [f32; 12]); 2] = [
        (
            [3, 4],
            [
                0.3092222, -0.1874525, -0.1529167, 0.2737098, 1.2621482, -0.7784388, -0.384501,
                0.5618101, 1.1674628, -0.3114763, -0.1589767, 1.31435,
            ],
        ),
        (
            [4, 3],
            [
                0.1740533, -0.0703394, 0.1799532, -0.1062754, -0.8767596, 0.2703874, 0.5243587,
                -0.1928559, 0.3124162, 2.0971243, -0.0228599, 0.6257382,
            ],
        ),
    ];
    for chosen in devices::all() {
        for (size, golden) in golden {
            let image = FourierImage::new(size, 1.0, &chosen.device).unwrap();
            let off = difference(&values(&image.waves(sines(size, &chosen.device))), &golden);
            assert!(off < 1e-6, "{chosen}, {size:?}: {off}");
        }
    }
}

/// Every pixel as the sum of all its waves in f64, each frequency of the right half and its mirror
/// image in the left. Tolerance: f32 sums of 20 * 21 waves of up to 20 * 2 / 4.
#[test]
fn waves_are_the_direct_sum() {
    let device = devices::any();
    for [h, w] in [[20, 21], [21, 20], [1, 1], [1, 6], [5, 1]] {
        let image = FourierImage::new([h, w], 1.0, &device).unwrap();
        let spectrum = sines([h, w], &device);
        let found = values(&image.waves(spectrum.clone()));
        let (s, half) = (values(&spectrum), w / 2 + 1);
        let mut expected = Vec::new();
        for (y, x) in (0..h * w).map(|i| (i / w, i % w)) {
            let mut sum = 0.0;
            for (k, l) in (0..h * half).map(|i| (i / half, i % half)) {
                let signed = if 2 * k > h { k as f64 - h as f64 } else { k as f64 };
                let frequency = (signed / h as f64).hypot(l as f64 / w as f64);
                let scale = 1.0 / frequency.max(1.0 / h.max(w) as f64);
                let turns = (k * y) as f64 / h as f64 + (l * x) as f64 / w as f64;
                let (sin, cos) = (std::f64::consts::TAU * turns).sin_cos();
                let [re, im] = [s[k * half + l], s[(h + k) * half + l]].map(f64::from);
                let mirrored = l > 0 && 2 * l != w;
                let waves = if mirrored { 2.0 } else { 1.0 };
                sum += waves * scale * (re * cos - im * sin);
            }
            expected.push((sum / ((h * w) as f64).sqrt() / 4.0) as f32);
        }
        let off = difference(&found, &expected);
        assert!(off < 1e-5, "{h}x{w}: {off}");
    }
}

/// The columns of lucid's `color_correlation_normalized`, as NumPy prints them.
#[test]
fn colors_are_lucids() {
    let device = devices::any();
    let image = FourierImage::new([1, 1], 1.0, &device).unwrap();
    let lucid = [
        [0.5628285, 0.5844758, 0.5844758],
        [0.1948252, 0.0, -0.1948252],
        [0.0432945, -0.1082362, 0.0649417],
    ];
    for (color, expected) in lucid.into_iter().enumerate() {
        // A constant of 1 in one independent color: 4 is divided by.
        let spectrum = Tensor::<4>::zeros([1, 3, 2, 1], &device);
        let spectrum = spectrum.slice_fill(s![.., color, 0, ..], 4.0);
        let found = values(image.pixels(spectrum).tensor());
        let logits: Vec<f32> = found.iter().map(|p| (p / (1.0 - p)).ln()).collect();
        assert!(difference(&logits, &expected) < 1e-6, "{logits:?}");
    }
}

/// Of an image that is linear in x and y, bilinear sampling is exact: the result is linear, the same
/// at the center, its slope turned and divided by the scale.
#[test]
fn transformations_turn_and_scale_about_the_center() {
    for chosen in devices::all() {
        let (h, w) = (21, 31);
        let ramp: Vec<f32> =
            (0..h * w).map(|i| 0.02 * (i % w) as f32 + 0.01 * (i / w) as f32).collect();
        let ramp = Tensor::<1>::from_floats(ramp.as_slice(), &chosen.device).reshape([1, 1, h, w]);
        let setting = Transformations { scale: 0.1, degrees: 10.0, ..Transformations::NONE };
        let (mut angles, mut scales) = (Vec::new(), Vec::new());
        for step in 0..20 {
            let found = values(&setting.apply(ramp.clone(), 1, step).unwrap());
            let at = |y: usize, x: usize| found[y * w + x];
            assert!((at(10, 15) - 0.4).abs() < 1e-5, "{chosen}: the center moved");
            let (across, down) = (at(10, 16) - at(10, 15), at(11, 15) - at(10, 15));
            let linear = 0.4 + 8.0 * across - 5.0 * down;
            assert!((at(5, 23) - linear).abs() < 1e-4, "{chosen}: not linear");
            scales.push(0.02f32.hypot(0.01) / across.hypot(down));
            angles.push((down.atan2(across) - 0.01f32.atan2(0.02)).to_degrees());
        }
        let within = |values: &[f32], most: f32, middle: f32| {
            let off: Vec<f32> = values.iter().map(|v| v - middle).collect();
            let inside = off.iter().all(|off| off.abs() < most * 1.01);
            inside && off.iter().any(|&o| o > most / 4.0) && off.iter().any(|&o| o < -most / 4.0)
        };
        assert!(within(&scales, 0.1, 1.0), "{chosen}: {scales:?}");
        assert!(within(&angles, 10.0, 0.0), "{chosen}: {angles:?}");
    }
}

#[test]
fn padding_and_jitter_cut_a_window() {
    let device = devices::any();
    let x = image([1, 1, 5, 6], &device);
    let setting = Transformations { pad: 2, first_jitter: 3, ..Transformations::NONE };
    let x_values = values(&x);
    let mut places = Vec::new();
    for step in 0..12 {
        let found = setting.apply(x.clone(), 0, step).unwrap();
        assert_eq!(found.dims(), [1, 1, 6, 7]);
        let window = |top: usize, left: usize| -> Vec<f32> {
            let at = |i: usize| match ((i / 7 + top).checked_sub(2), (i % 7 + left).checked_sub(2))
            {
                (Some(y), Some(x)) if y < 5 && x < 6 => x_values[y * 6 + x],
                _ => 0.5,
            };
            (0..42).map(at).collect()
        };
        let all = (0..16).map(|i| (i / 4, i % 4));
        let found = values(&found);
        let fitting: Vec<_> = all.filter(|&(top, left)| window(top, left) == found).collect();
        assert_eq!(fitting.len(), 1, "{fitting:?}");
        places.push(fitting[0]);
    }
    places.sort_unstable();
    places.dedup();
    assert!(places.len() > 4, "{places:?}");
}

/// The transformations are affine: `T(x) = A x + T(0)`. Then `y · A x` is `x · gradient of y · T(x)`,
/// for any x and y. Tolerance: f32 sums of 400 products.
#[test]
fn transformations_have_a_gradient() {
    for chosen in devices::all() {
        let setting = Transformations { pad: 3, ..Transformations::default() };
        let device = &chosen.device;
        let x = devices::noise([2, 3, 18, 22], 1, device);
        let y = devices::noise([2, 3, 12, 16], 2, device);
        let apply = |x: Tensor<4>| setting.apply(x, 3, 1).unwrap();
        let tracked = x.clone().autodiff().require_grad();
        let dot = (apply(tracked.clone()) * y.clone()).sum();
        let gradient = tracked.grad(&dot.backward()).unwrap();
        let one: f32 = (gradient * x.clone()).sum().into_scalar();
        let other: f32 = ((apply(x.clone()) - apply(x.zeros_like())) * y).sum().into_scalar();
        assert!(one.abs() > 1.0 && (one - other).abs() < 1e-3, "{chosen}: {one}, {other}");
    }
}

/// A network of one layer, `input`, that gives its input.
struct Identity;

impl Model for Identity {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        input.flatten(1, 3)
    }
}

impl LayeredModel for Identity {
    fn normalized(&self, input: Tensor<4>) -> Tensor<4> {
        input
    }

    fn features(&self, normalized: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer> {
        match layer {
            "input" => Ok(normalized),
            name => Err(UnknownLayer { name: name.into(), known: vec!["input".into()] }),
        }
    }

    fn head(&self, activations: Tensor<4>, _: &str) -> Result<Tensor<2>, UnknownLayer> {
        Ok(activations.flatten(1, 3))
    }

    fn logits_by(&self, normalized: Tensor<4>, _: BackwardRule) -> Result<Tensor<2>, NoRule> {
        Ok(normalized.flatten(1, 3))
    }
}

/// Adam's first step is `learning_rate * g / (|g| + epsilon)`, whatever the gradient's length.
#[test]
fn the_first_step_is_adams() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let (size, seed) = ([6, 8], 5);
        let setting = FeatureVisualization {
            steps: 1,
            standard_deviation: 0.1,
            transformations: Transformations::NONE,
            seed,
            ..FeatureVisualization::default()
        };
        let objectives = [Objective::Neuron(1), Objective::Channel(2)];
        let found = setting.run(&Identity, "input", &objectives, size, device).unwrap();
        assert_eq!(found.len(), 1);

        let image = FourierImage::new(size, 1.0, device).unwrap();
        let spectrum = image.spectrum(2, 0.1, seed).unwrap();
        let tracked = spectrum.clone().autodiff().require_grad();
        let pixels = image.pixels(tracked.clone()).tensor().clone();
        let objective =
            pixels.clone().slice(s![0, 1, 3, 4]).sum() + pixels.slice(s![1, 2, .., ..]).mean();
        let gradient = tracked.grad(&objective.backward()).unwrap();
        let step = gradient.clone() / gradient.abs().add_scalar(1e-8);
        let expected = image.pixels(spectrum + step.mul_scalar(0.05)).tensor().clone();
        let off = difference(&values(found[0].pixels.tensor()), &values(&expected));
        assert!(off < 1e-5, "{chosen}: {off}");
        let answers = [
            values(&expected.clone().slice(s![0, 1, 3, 4]))[0],
            values(&expected.slice(s![1, 2, .., ..]).mean())[0],
        ];
        assert!(difference(&found[0].activations, &answers) < 1e-5, "{chosen}");
    }
}

#[test]
fn features_grow_the_same_way_every_time() {
    let device = devices::any();
    let run = |seed| {
        let setting = FeatureVisualization { steps: 100, seed, ..FeatureVisualization::default() };
        let objectives = [Objective::Channel(0)];
        setting.run(&Identity, "input", &objectives, [24, 20], &device).unwrap()
    };
    let (first, again, other) = (run(1), run(1), run(2));
    let last = |snapshots: &[_]| -> Vec<f32> {
        let snapshots: &[foveate::explain::visualize::FeatureSnapshot] = snapshots;
        values(snapshots.last().unwrap().pixels.tensor())
    };
    assert_eq!(last(&first), last(&again));
    assert_ne!(last(&first), last(&other));
    let [start, end] = [&first[0], &first[1]].map(|snapshot| snapshot.activations[0]);
    assert!(start < 0.6 && end > 0.8, "red grew from {start} to {end}");
}

#[test]
fn bad_questions_to_a_layer_are_errors() {
    let device = devices::any();
    let plain = FeatureVisualization::default();
    let error = |setting: &FeatureVisualization, layer, channel, size| {
        let objectives = [Objective::Channel(channel)];
        setting.run(&Identity, layer, &objectives, size, &device).unwrap_err()
    };
    let unknown = error(&plain, "nothing", 0, [32, 32]);
    assert!(matches!(unknown, ExplainError::Layer(_)) && unknown.to_string().contains("input"));
    let named = |error: ExplainError| match error {
        ExplainError::Setting(setting) => setting.name,
        error => panic!("{error}"),
    };
    assert_eq!(named(error(&plain, "input", 3, [32, 32])), "channel");
    assert!(matches!(error(&plain, "input", 0, [0, 32]), ExplainError::Empty { .. }));
    let none = plain.run(&Identity, "input", &[], [32, 32], &device).unwrap_err();
    assert!(matches!(none, ExplainError::Empty { .. }));
    let settings = [
        ("steps", FeatureVisualization { steps: 0, ..plain.clone() }),
        ("learning_rate", FeatureVisualization { learning_rate: -0.1, ..plain.clone() }),
        ("standard_deviation", FeatureVisualization { standard_deviation: -1.0, ..plain.clone() }),
        ("decay_power", FeatureVisualization { decay_power: f32::NAN, ..plain.clone() }),
    ];
    for (name, setting) in settings {
        assert_eq!(named(error(&setting, "input", 0, [32, 32])), name);
    }
    let none = Transformations::NONE;
    let transformations = [
        ("scale", Transformations { scale: 1.0, ..none }),
        ("degrees", Transformations { degrees: f32::NAN, ..none }),
        ("first_jitter + last_jitter", Transformations { last_jitter: 31, ..none }),
    ];
    for (name, transformations) in transformations {
        let setting = FeatureVisualization { transformations, ..plain.clone() };
        assert_eq!(named(error(&setting, "input", 0, [32, 32])), name);
    }
}

fn near(found: [u8; 3], expected: [u8; 3], most: u8) -> bool {
    found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= most)
}

/// matplotlib 3.11's colors at 0, 1/4, 1/2, 3/4 and 1. Between the ends, steps of 1/256 fall a step
/// apart, and red and blue differ from a spline through ColorBrewer's by a few shades.
#[test]
fn colors_are_matplotlibs() {
    let ramp = [0.0, 0.25, 0.5, 0.75, 1.0];
    let signed = [-1.0, -0.5, 0.0, 0.5, 1.0];
    let golden = [
        (
            Colors::Viridis,
            ramp,
            [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]],
            3,
        ),
        (
            Colors::Inferno,
            ramp,
            [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]],
            3,
        ),
        (
            Colors::Signed,
            signed,
            [[5, 48, 97], [107, 172, 209], [247, 246, 246], [228, 128, 102], [103, 0, 31]],
            10,
        ),
    ];
    for (colors, map, expected, most) in golden {
        let drawn = HeatMap { colors, outliers: 0.0 }.draw(&map, 1, 5);
        for (i, (pixel, expected)) in drawn.pixels().zip(expected).enumerate() {
            let most = if i % 4 == 0 { most.min(1) } else { most };
            assert!(near(pixel.0, expected, most), "{colors:?}: {pixel:?}, {expected:?}");
        }
    }
}

/// captum 0.9's `_cumulative_sum_threshold` on these values is 0.6793814 for 2 %, 0.6484536 for 10 %
/// (absolute values).
#[test]
fn outliers_are_captums() {
    let map: Vec<f32> = (0..60).map(|i| (i * 7919 % 97) as f32 / 97.0 - 0.3).collect();
    let top = map.iter().position(|&v| (v - 0.679_381_4).abs() < 1e-6).unwrap();
    let next = map.iter().position(|&v| (v - 0.648_453_6).abs() < 1e-6).unwrap();
    let color = |outliers, at: usize| {
        let heat = HeatMap { colors: Colors::Signed, outliers };
        let image = heat.draw(&map, 6, 10);
        image.get_pixel(at as u32 % 10, at as u32 / 10).0
    };
    let last = color(0.0, top);
    assert_ne!(color(2.0, next), last);
    assert_eq!(color(10.0, next), last);
    let below = map.iter().position(|&v| (0.6..0.648).contains(&v)).unwrap();
    assert_ne!(color(10.0, below), last);
}

#[test]
fn odd_maps_are_drawn() {
    let heat = HeatMap::default();
    let dark = [68, 1, 84];
    assert!(heat.draw(&[0.0; 4], 2, 2).pixels().all(|pixel| pixel.0 == dark));
    assert!(heat.draw(&[-1.0; 4], 2, 2).pixels().all(|pixel| pixel.0 == dark));
    let odd = heat.draw(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0], 1, 4);
    let odd: Vec<[u8; 3]> = odd.pixels().map(|pixel| pixel.0).collect();
    assert_eq!([odd[0], odd[2]], [dark; 2]);
    assert_eq!(odd[1], odd[3]);
    assert!(near(odd[3], [253, 231, 37], 1));
    assert_eq!(heat.draw(&[], 0, 0).dimensions(), (0, 0));

    let maps = Tensor::<4>::from_floats([[[[0.0, 1.0]]], [[[100.0, 0.0]]]], &devices::any());
    let drawn = heat.draw_batch(&maps);
    assert_eq!(drawn[0].get_pixel(1, 0), drawn[1].get_pixel(0, 0));
}

#[test]
fn overlays_mix() {
    let below = RgbImage::from_pixel(2, 1, image::Rgb([0, 100, 200]));
    let above = RgbImage::from_pixel(2, 1, image::Rgb([100, 0, 200]));
    assert_eq!(overlay(&below, &above, 0.0), below);
    assert_eq!(overlay(&below, &above, 1.0), above);
    assert_eq!(overlay(&below, &above, 0.25).get_pixel(1, 0).0, [25, 75, 200]);
}

#[test]
fn films_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.gif");
    let images: Vec<RgbImage> =
        [10, 120, 250].map(|v| RgbImage::from_pixel(6, 4, image::Rgb([v, 255 - v, 40]))).into();
    // Twice: the second replaces the first.
    save_gif(&file, &images[..1], 50).unwrap();
    save_gif(&file, &images, 120).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let reader = std::io::BufReader::new(std::fs::File::open(&file).unwrap());
    let frames = GifDecoder::new(reader).unwrap().into_frames().collect_frames().unwrap();
    assert_eq!(frames.len(), 3);
    for (frame, image) in frames.iter().zip(&images) {
        assert_eq!(frame.delay().numer_denom_ms(), (120, 1));
        let [r, g, b, a] = frame.buffer().get_pixel(5, 3).0;
        assert!(near([r, g, b], image.get_pixel(0, 0).0, 2) && a == 255, "{r} {g} {b} {a}");
    }
    assert_eq!(open(&file).unwrap().dimensions(), (6, 4));
}

#[test]
fn films_that_cannot_be_written_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nowhere/film.gif");
    let image = RgbImage::new(6, 4);
    let error = save_gif(&file, std::slice::from_ref(&image), 100).unwrap_err();
    assert!(matches!(error, AnimationError::Io { .. }));
    assert!(error.to_string().contains("nowhere/film.gif"), "{error}");
    let file = folder.path().join("film.gif");
    let odd = |images: &[RgbImage]| match save_gif(&file, images, 100).unwrap_err() {
        AnimationError::Images { index, found, .. } => (index, found),
        error => panic!("{error}"),
    };
    assert_eq!(odd(&[]), (0, (0, 0)));
    assert_eq!(odd(&[image.clone(), RgbImage::new(5, 4)]), (1, (5, 4)));
    assert_eq!(odd(&[RgbImage::new(0, 4)]), (0, (0, 4)));
    // A folder stands in the way: the new film is not left behind half done.
    let taken: &Path = &folder.path().join("taken");
    std::fs::create_dir_all(taken.join("inside")).unwrap();
    assert!(matches!(save_gif(taken, &[image], 100), Err(AnimationError::Io { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// The practical's two classes by its settings. PyTorch, from its own noise, comes to logits of 223
/// and 205.
#[test]
fn squeezenet_sees_a_tarantula_and_a_gorilla() {
    if std::env::var_os("FOVEATE_DATA").is_none() {
        return crate::tell("SKIPPED: FOVEATE_DATA names no folder with weights");
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
        let logits = values(&classifier.logits(&kept));
        let first = (0..1000).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        assert_eq!(first, class);
        let (score, probability) = (last.scores[0], last.probabilities[0]);
        assert!(probability > 0.9 && score > 100.0, "{score}, {probability}");
    }
}
