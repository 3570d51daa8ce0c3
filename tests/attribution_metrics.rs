//! The measures of attributions against captum, torch-cam and scipy, and against closed forms.

use crate::explained::{close, far, golden, linear, noise, target, val_2};
use foveate::burn::module::{Module, ModuleMapper, Param};
use foveate::burn::tensor::activation::softmax;
use foveate::burn::tensor::{Device, Tensor, TensorData, s};
use foveate::explain::metrics::{
    AverageDrop, BoundingBox, Deletion, Infidelity, Insertion, Localizer, SensitivityMax,
    cascading_randomization, completeness_delta, infidelity, pointing_game, sensitivity_max,
    spearman,
};
use foveate::explain::{
    Attribution, Baseline, ExplainError, InputXGradient, LayeredModel, Model, Occlusion, Rise,
    Saliency, SmoothGrad, Target,
};
use foveate::image::Preprocessing;
use foveate::models::{
    AnyNetwork, Architecture, BackwardRule, Classifier, Network, UnknownLayer, initialized,
};

const MEAN: [f32; 3] = [0.485, 0.456, 0.406];

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

fn map<const N: usize>(values: [f32; N], shape: [usize; 4]) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &crate::explained::device())
}

/// The score of class 1 of [`linear`] as it is.
fn second() -> Target {
    Target::score(|logits| logits.slice(s![.., 1..2]).squeeze_dim(1))
}

/// The signed gradient, which captum's `Saliency(abs=False)` gives.
fn gradient(classifier: &Classifier, input: &Tensor<4>) -> Tensor<4> {
    let tracked = input.clone().inner().autodiff().require_grad();
    let Target::Classes(classes) = target() else { unreachable!() };
    let logits = classifier.logits(&foveate::image::Pixels::new(tracked.clone()));
    let one = |i: usize| logits.clone().slice([i..i + 1, classes[i]..classes[i] + 1]).sum();
    tracked.grad(&(one(0) + one(1)).backward()).unwrap()
}

/// Perturbation `k` of tests/golden/perturbation.py.
fn perturbation(k: usize, shape: [usize; 4]) -> Tensor<4> {
    let wave = |p: usize| (0.02 * (p as f64 * (0.37 + 0.11 * k as f64)).sin()) as f32;
    let values: Vec<f32> = (0..shape.iter().product()).map(wave).collect();
    Tensor::from_data(TensorData::new(values, shape), &crate::explained::device())
}

/// Without equal pixels: which of several equal values a max pooling's gradient goes to is left to
/// rounding, and the two images have flat backgrounds.
fn uneven(input: Tensor<4>) -> Tensor<4> {
    let noise = perturbation(5, input.dims());
    input + noise
}

/// captum 0.9: differences of logits in f32, and gradients of them: 1e-3 as elsewhere. A ReLU or a
/// maximum near a tie may fall on the other side.
#[test]
fn infidelity_and_sensitivity_as_captum() {
    let Some((classifier, input)) = val_2() else { return };
    let input = uneven(input);
    let map = gradient(&classifier, &input);
    let noise = || (0..4).map(|k| perturbation(k, input.dims()));
    for (name, normalize) in [("infidelity", false), ("infidelity_normalised", true)] {
        let found = infidelity(&classifier, &map, &input, &target(), noise(), normalize).unwrap();
        let off = far(&found, &golden(name));
        assert!(off < 1e-3, "{name}: {off:e} from captum");
        println!("{name}: {off:e} from captum");
    }
    let perturbed = noise().map(|noise| input.clone() + noise);
    let found = sensitivity_max(&Saliency, &classifier, &input, &target(), perturbed).unwrap();
    let off = far(&found, &golden("sensitivity_max"));
    assert!(off < 1e-3, "{found:?}: {off:e} from captum");
    println!("sensitivity: {off:e} from captum");
}

/// torch-cam's own curves (0.5), for a map without ties: probabilities from f32 logits.
#[test]
fn curves_as_torch_cam() {
    let Some((classifier, input)) = val_2() else { return };
    let input = uneven(input);
    let importance: Vec<f32> = (0..224 * 224).map(|p| (p * 7919 % (224 * 224)) as f32).collect();
    let map = TensorData::new(importance, [1, 1, 224, 224]);
    let map = Tensor::<4>::from_data(map, &crate::explained::device()).repeat_dim(0, 2);
    let deletion = Deletion { steps: 32, ..Deletion::default() };
    let mean = Baseline::Channels(MEAN.to_vec());
    let insertion = Insertion { steps: 32, baseline: mean, batch: 5 };
    let deletion = deletion.curve(&classifier, &map, &input, &target()).unwrap();
    let insertion = insertion.curve(&classifier, &map, &input, &target()).unwrap();
    for (name, curve) in [("deletion", deletion), ("insertion", insertion)] {
        let off = far(&curve.scores.concat(), &golden(name));
        assert!(off < 1e-3, "{name}: {off:e} from torch-cam");
        close(&curve.areas, &golden(&format!("{name}_area")), 1e-4);
        println!("{name}: {off:e} from torch-cam, areas {:?}", curve.areas);
    }
}

/// torch-cam's formula, of the positive part of the occlusion map.
#[test]
fn average_drop_as_torch_cam() {
    let Some((classifier, input)) = val_2() else { return };
    let occlusion = Occlusion::new([60, 50], [35, 30]);
    let map = occlusion.attribute(&classifier, &input, &target()).unwrap().clamp_min(0.0);
    let measure = AverageDrop { baseline: Baseline::Channels(MEAN.to_vec()), batch: 2 };
    let found = measure.confidences(&classifier, &map, &input, &target()).unwrap();
    close(&found.whole, &golden("confidence_whole"), 1e-4);
    close(&found.shown, &golden("confidence_shown"), 1e-4);
    close(&found.drops(), &golden("drop"), 1e-3);
    println!("{found:?}");
}

#[test]
fn completeness_of_a_linear_score() {
    let (model, _) = linear([3, 4, 5]);
    let input = noise([2, 3, 4, 5], 1);
    let product = InputXGradient.attribute(&model, &input, &Target::Class(1)).unwrap();
    let zero = Baseline::Constant(0.0);
    let delta = |map: &Tensor<4>, baseline: &Baseline| {
        completeness_delta(&model, map, &input, baseline, &Target::Class(1)).unwrap()
    };
    // Gradient times input is complete to 0; 1e-5: f32 sums of 60 values of size 1.
    close(&delta(&product, &zero), &[0.0; 2], 1e-5);
    close(&delta(&(product.clone() + 0.5), &zero), &[30.0; 2], 1e-4);
    // To another baseline it lacks what the baseline scores.
    let other = noise([1, 3, 4, 5], 2);
    let expected = values(&model(other.clone()))[1];
    close(&delta(&product, &Baseline::Images(other)), &[expected; 2], 1e-5);
}

/// The score after k pixels of a linear model is a sum that is known. 1e-4: f32 sums.
#[test]
fn curves_of_a_linear_score() {
    let (model, weights) = linear([1, 3, 4]);
    let input = noise([2, 1, 3, 4], 1);
    let map = noise([2, 1, 3, 4], 9);
    let deletion = Deletion { steps: 12, baseline: Baseline::Constant(0.0), batch: 5 };
    let insertion = Insertion { steps: 5, baseline: Baseline::Constant(0.25), batch: 2 };
    let deletion = deletion.curve(&model, &map, &input, &second()).unwrap();
    let insertion = insertion.curve(&model, &map, &input, &second()).unwrap();
    for n in 0..2 {
        let map = &values(&map)[n * 12..][..12];
        let input = &values(&input)[n * 12..][..12];
        let mut order: Vec<usize> = (0..12).collect();
        order.sort_by(|&a, &b| map[b].partial_cmp(&map[a]).unwrap());
        let left = |k: usize| order[k..].iter().map(|&i| weights[i] * input[i]).sum::<f32>();
        let expected: Vec<f32> = (0..=12).map(left).collect();
        close(&deletion.scores[n], &expected, 1e-4);
        let area = (expected[0] + expected[12]) / 24.0 + expected[1..12].iter().sum::<f32>() / 12.0;
        close(&deletion.areas[n..][..1], &[area], 1e-4);

        // 12 pixels in 5 steps: 0, 2, 5, 7, 10, 12.
        let counts = [0, 2, 5, 7, 10, 12];
        let base: f32 = weights.iter().map(|w| w * 0.25).sum();
        let put = |k: usize| {
            base + order[..k].iter().map(|&i| weights[i] * (input[i] - 0.25)).sum::<f32>()
        };
        let expected: Vec<f32> = counts.iter().map(|&k| put(k)).collect();
        close(&insertion.scores[n], &expected, 1e-4);
        let area: f32 = (0..5)
            .map(|i| (counts[i + 1] - counts[i]) as f32 * (expected[i] + expected[i + 1]) / 24.0)
            .sum();
        close(&insertion.areas[n..][..1], &[area], 1e-4);
    }
    close(&insertion.shares, &[0.0, 2.0 / 12.0, 5.0 / 12.0, 7.0 / 12.0, 10.0 / 12.0, 1.0], 1e-6);
}

/// The score of a class is its probability, and channels are added: red minus green here.
#[test]
fn curves_take_probabilities_and_the_sum_over_channels() {
    let (model, _) = linear([2, 1, 2]);
    let input = noise([1, 2, 1, 2], 1);
    let order = map([5.0, 1.0, -6.0, 0.0], [1, 2, 1, 2]);
    let deletion = Deletion { steps: 2, baseline: Baseline::Constant(0.0), batch: 8 };
    let curve = deletion.curve(&model, &order, &input, &Target::Class(1)).unwrap();
    // Sums -1 and 1: the second pixel goes first.
    let kept = input.clone() * map([1.0, 0.0, 1.0, 0.0], [1, 2, 1, 2]);
    let expected = [values(&softmax(model(input), 1))[1], values(&softmax(model(kept), 1))[1], 0.5];
    close(&curve.scores[0], &expected, 1e-6);
}

/// The kernel's weights by hand, in the middle and at the border; an image of one value stays.
#[test]
fn blurred_baselines() {
    let (model, _) = linear([1, 1, 5]);
    let blurred = |input: &Tensor<4>| {
        let baseline = Baseline::Blurred { radius: 1, sigma: 1.0 };
        let first = Target::score(|logits| logits.slice(s![.., 1..2]).squeeze_dim(1));
        let insertion = Insertion { steps: 1, baseline, batch: 1 };
        insertion.curve(&model, input, input, &first).unwrap().scores[0][0]
    };
    let k = (-0.5f32).exp();
    let spike = map([0.0, 0.0, 1.0, 0.0, 0.0], [1, 1, 1, 5]);
    let expected = map(
        [0.0, k / (1.0 + 2.0 * k), 1.0 / (1.0 + 2.0 * k), k / (1.0 + 2.0 * k), 0.0],
        [1, 1, 1, 5],
    );
    close(&[blurred(&spike)], &[values(&model(expected))[1]], 1e-6);
    let corner = map([1.0, 0.0, 0.0, 0.0, 0.0], [1, 1, 1, 5]);
    let expected = map([1.0 / (1.0 + k), k / (1.0 + 2.0 * k), 0.0, 0.0, 0.0], [1, 1, 1, 5]);
    close(&[blurred(&corner)], &[values(&model(expected))[1]], 1e-6);
    let even = map([0.7; 5], [1, 1, 1, 5]);
    close(&[blurred(&even)], &[values(&model(even.clone()))[1]], 1e-6);
}

/// Insertion starts from what RISE's authors' code does: `conv2d` with `gkern(11, 5)`, which scipy 1.17.1
/// gives, and zeros around the normalized image.
#[test]
fn insertion_starts_from_the_authors_blur() {
    // numpy.sqrt(numpy.diag(gkern(11, 5))).
    let side: [f32; 6] =
        [0.093_982_06, 0.093_489_39, 0.092_191_12, 0.090_474_2, 0.088_896_12, 0.087_958_15];
    assert!((side[5] / side[0] - 0.936).abs() < 1e-4, "nearly a box");
    let model = |x: Tensor<4>| x.flatten::<2>(1, 3);
    let blurred = |input: &Tensor<4>, pixel: usize| {
        let score =
            Target::score(move |logits| logits.slice(s![.., pixel..pixel + 1]).squeeze_dim(1));
        let insertion = Insertion { steps: 1, ..Insertion::default() };
        insertion.curve(&model, input, input, &score).unwrap().scores[0][0]
    };
    let mut spike = [0.0; 13 * 17];
    spike[6 * 17 + 8] = 100.0;
    let spike = map(spike, [1, 1, 13, 17]);
    for (y, x) in [(6, 8), (6, 3), (1, 8), (4, 11), (11, 13)] {
        let expected = 100.0 * side[6_usize.abs_diff(y)] * side[8_usize.abs_diff(x)];
        close(&[blurred(&spike, y * 17 + x)], &[expected], 1e-5);
    }
    close(&[blurred(&spike, 0), blurred(&spike, 6 * 17 + 14)], &[0.0; 2], 1e-7);
    // In the corner of an image of ones, a quarter of the kernel and two halves of its cross.
    let ones = Tensor::<4>::ones([1, 1, 13, 17], &crate::explained::device());
    let half: f32 = side.iter().sum();
    close(&[blurred(&ones, 0), blurred(&ones, 6 * 17 + 8)], &[half * half, 1.0], 1e-5);
}

/// A classifier's pixels are blurred and hidden as its normalized input is by the authors' code.
#[test]
fn baselines_of_a_classifier_are_those_of_its_normalized_input() {
    let device = crate::explained::device();
    let network = Architecture::ResNet18.init_narrow(8, &device).with_classes(10);
    let labels = (0..10).map(|i| i.to_string()).collect();
    let classifier = Classifier::new(initialized(network, 0), Preprocessing::IMAGENET, labels);
    let pixels = noise([1, 3, 48, 40], 3) * 0.5 + 0.5;
    let normalized = |x: &Tensor<4>| {
        let pixels = foveate::image::Pixels::new(x.clone());
        classifier.preprocessing().normalize(&pixels).into_tensor()
    };
    let network = |x: Tensor<4>| classifier.network().forward(x);
    let target = Target::Class(4);
    let rise = Rise { masks: 20, ..Rise::default() };
    let found = values(&rise.attribute(&classifier, &pixels, &target).unwrap());
    let expected = values(&rise.attribute(&network, &normalized(&pixels), &target).unwrap());
    close(&found, &expected, 1e-5);
    let black = Rise { baseline: Baseline::Constant(0.0), ..rise };
    let black = values(&black.attribute(&classifier, &pixels, &target).unwrap());
    assert!(far(&black, &found) > 1e-3, "black is another baseline");

    let insertion = Insertion { steps: 4, ..Insertion::default() };
    let found = insertion.curve(&classifier, &pixels, &pixels, &target).unwrap();
    let expected = insertion.curve(&network, &pixels, &normalized(&pixels), &target).unwrap();
    close(&found.scores[0], &expected.scores[0], 1e-5);
}

/// What SmoothGrad and the measures add to an input, with one seed, are other numbers.
#[test]
fn no_two_methods_draw_the_same_noise() {
    let seen = std::sync::Mutex::new(Vec::new());
    let model = |x: Tensor<4>| {
        seen.lock().unwrap().push(values(&x.clone().inner()));
        x.flatten::<2>(1, 3)
    };
    let input = Tensor::<4>::zeros([1, 1, 4, 5], &crate::explained::device());
    let target = Target::Class(0);
    let drawn = |run: &dyn Fn()| {
        seen.lock().unwrap().clear();
        run();
        let all = std::mem::take(&mut *seen.lock().unwrap());
        let noise = all.into_iter().find(|x| x.iter().any(|&v| v != 0.0)).expect("noise");
        let largest = noise.iter().fold(0_f32, |most, v| most.max(v.abs()));
        noise.into_iter().map(|v| v / largest).collect::<Vec<f32>>()
    };
    let one = SmoothGrad { samples: 1, batch: 1, ..SmoothGrad::new(Saliency) };
    let smooth = drawn(&|| drop(one.attribute(&model, &input, &target).unwrap()));
    let measure = Infidelity { samples: 1, ..Infidelity::default() };
    let infidelity = drawn(&|| drop(measure.measure(&model, &input, &input, &target).unwrap()));
    let still = SensitivityMax { samples: 1, ..SensitivityMax::default() };
    let sensitivity = drawn(&|| drop(still.measure(&Saliency, &model, &input, &target).unwrap()));
    for (a, b) in [(&smooth, &infidelity), (&smooth, &sensitivity), (&infidelity, &sensitivity)] {
        let product: f32 = a.iter().zip(b.iter()).map(|(a, b)| a * b).sum();
        let norm = |a: &[f32]| a.iter().map(|a| a * a).sum::<f32>().sqrt();
        let cosine = (product / norm(a) / norm(b)).abs();
        assert!(cosine < 0.8, "a cosine of {cosine}: {a:?} and {b:?}");
    }
}

#[test]
fn drops_and_increases() {
    let model = |x: Tensor<4>| {
        let sum = x.flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![sum.clone(), sum * -1.0], 1)
    };
    let input = map([1.0, 3.0, 1.0, -2.0], [2, 1, 1, 2]);
    let score = Target::score(|logits| logits.slice(s![.., 0..1]).squeeze_dim(1) + 2.0);
    let map = map([10.0, 5.0, 3.0, 1.0], [2, 1, 1, 2]);
    let found = AverageDrop::default().confidences(&model, &map, &input, &score).unwrap();
    // Shown: 1 of (1, 3); 1 of (1, -2).
    close(&found.whole, &[6.0, 1.0], 1e-6);
    close(&found.shown, &[3.0, 3.0], 1e-6);
    close(&found.drops(), &[0.5, 0.0], 1e-6);
    assert_eq!(found.increases(), [false, true]);
    let flat = Tensor::<4>::full([2, 1, 1, 2], 4.0, &crate::explained::device());
    let found = AverageDrop::default().confidences(&model, &flat, &input, &score).unwrap();
    close(&found.shown, &[2.0, 2.0], 1e-6);
}

/// The gradient of a linear score is faithful and does not change; half of it is as good when
/// scaled, and otherwise misses by a quarter of the mean square.
#[test]
fn infidelity_and_sensitivity_of_a_linear_score() {
    let (model, weights) = linear([3, 4, 4]);
    let input = noise([2, 3, 4, 4], 1);
    let target = Target::Class(1);
    let weights = TensorData::new(weights, [1, 3, 4, 4]);
    let weights = Tensor::<4>::from_data(weights, &crate::explained::device()).repeat_dim(0, 2);
    let measure = Infidelity { sigma: 0.5, samples: 30, ..Infidelity::default() };
    let found = measure.measure(&model, &weights, &input, &target).unwrap();
    close(&found, &[0.0; 2], 1e-9);
    let half = weights.clone() * 0.5;
    let found = measure.measure(&model, &half, &input, &target).unwrap();
    assert_eq!(found, measure.measure(&model, &half, &input, &target).unwrap());
    // E[(I w / 2)^2] = sigma^2 |w|^2 / 4, whose estimate from 30 squares is off by 26 %; 4 times that.
    let square: f32 = values(&weights)[..48].iter().map(|w| w * w).sum();
    let expected = 0.25 * 0.25 * square;
    assert!(
        found.iter().all(|found| (found / expected - 1.0).abs() < 1.04),
        "{found:?} {expected}"
    );
    assert!(found[0] != found[1], "the images have noise of their own");
    let fitted = Infidelity { normalize: true, ..measure };
    close(&fitted.measure(&model, &half, &input, &target).unwrap(), &[0.0; 2], 1e-5);
    let nothing = fitted.measure(&model, &weights.zeros_like(), &input, &target).unwrap();
    assert!(nothing.iter().all(|&value| value > 0.0), "{nothing:?}");

    let still = SensitivityMax::default();
    close(&still.measure(&Saliency, &model, &input, &target).unwrap(), &[0.0; 2], 1e-7);
    // x * w moves by at most radius * w.
    let moved = still.measure(&InputXGradient, &model, &input, &target).unwrap();
    let product = values(&(weights * input.clone()));
    for (moved, product) in moved.iter().zip(product.chunks_exact(48)) {
        let norm = product.iter().map(|v| v * v).sum::<f32>().sqrt();
        let most = 0.02 * square.sqrt() / norm;
        // Uniform noise has 0.58 of the largest norm.
        assert!(*moved < most && *moved > 0.4 * most, "{moved} of {most}");
    }
}

/// scipy.stats.spearmanr of scipy 1.17.
#[test]
fn spearman_as_scipy() {
    let a = [0.3, -1.0, 2.5, 2.5, 0.0, 7.0, -3.0, 2.5];
    let b = [1.0, -2.0, 2.0, 3.0, 1.0, 1.5, -4.0, 0.0];
    close(&[spearman(&a, &b)], &[0.7485931], 1e-6);
    let square: Vec<f32> = a.iter().map(|a| a * a).collect();
    close(&[spearman(&a, &square)], &[0.4], 1e-6);
    assert_eq!(spearman(&a, &a), 1.0);
    let back: Vec<f32> = a.iter().map(|a| -a.powi(3)).collect();
    assert_eq!(spearman(&a, &back), -1.0);
    assert!(spearman(&a, &[2.0; 8]).is_nan());
    // 0 and -0 are equal.
    assert_eq!(spearman(&[0.0, -0.0, 1.0], &[-0.0, 0.0, 1.0]), 1.0);
}

#[test]
fn pointing() {
    let peaks = map([0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0, 3.0, 0.0, 0.0], [2, 1, 2, 3]);
    let corner = vec![false, false, false, false, false, true];
    let first = vec![false, true, false, false, false, false];
    let game = |masks: [&Vec<bool>; 2], tolerance| {
        pointing_game(&peaks, &masks.map(Clone::clone), tolerance).unwrap()
    };
    // The second map's largest values are equal: the first of them counts.
    assert_eq!(game([&first, &first], 0), [true, true]);
    assert_eq!(game([&corner, &corner], 0), [false, false]);
    // (0, 1) is the square root of 2 from (1, 2).
    assert_eq!(game([&corner, &corner], 1), [false, false]);
    assert_eq!(game([&corner, &corner], 2), [true, true]);
    assert!(!pointing_game(&peaks, &[vec![false; 6], vec![true; 6]], 99).unwrap()[0]);
    for masks in [vec![first.clone()], vec![first, vec![true; 5]]] {
        let error = pointing_game(&peaks, &masks, 0).unwrap_err().to_string();
        assert!(error.contains("expected 2") || error.contains("is 5: expected 6"), "{error}");
    }
}

#[test]
fn objects() {
    #[rustfmt::skip]
    let image = map([
        0.0, 9.0, 0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 5.0, 0.0, 10.0, 0.0,
        0.0, 0.0, 5.0, 0.0, 10.0, 1.9,
        0.0, 0.0, 0.0, 0.0, 0.0, 2.0,
    ], [1, 1, 4, 6]);
    let find = |fraction| {
        let found = Localizer { sigma: 0.0, fraction }.find(&image).unwrap().remove(0).unwrap();
        let pixels: Vec<usize> = (0..24).filter(|&i| found.mask[i]).collect();
        (pixels, found.bounds)
    };
    // Corners join; of equal sizes (3 and 3) the first counts; 2 is 0.2 of the maximum.
    let bounds = BoundingBox { top: 0, left: 1, height: 3, width: 2 };
    assert_eq!(find(0.3), (vec![1, 8, 14], bounds));
    assert_eq!(find(0.15).0, [10, 16, 17, 23]);
    assert_eq!(find(0.2).0, [1, 8, 14]);
    let bounds = BoundingBox { top: 1, left: 4, height: 2, width: 1 };
    assert_eq!(find(0.95), (vec![10, 16], bounds));

    let nothing = map([0.0, -1.0, -2.0, 0.0], [1, 1, 2, 2]);
    assert_eq!(Localizer::default().find(&nothing).unwrap(), [None]);
    for (sigma, fraction) in [(-1.0, 0.2), (f32::NAN, 0.2), (0.0, 0.0), (0.0, 1.5)] {
        let error = Localizer { sigma, fraction }.find(&nothing).unwrap_err();
        assert!(matches!(error, ExplainError::Setting(_)), "{error}");
    }
    let odd = map([0.0, f32::NAN, 0.0, 0.0], [1, 1, 2, 2]);
    let error = Localizer::default().find(&odd).unwrap_err().to_string();
    assert!(error.contains("value 1 of the map"), "{error}");
}

/// Blots of two sizes: smoothing with a Gaussian joins specks 3 apart, and the box fits them.
#[test]
fn smoothing_joins_specks() {
    let specks: Vec<f32> = (0..40 * 40)
        .map(|i| {
            let (y, x) = (i / 40, i % 40);
            f32::from(u8::from(
                (10..28).contains(&y) && (5..33).contains(&x) && y % 3 == 1 && x % 3 == 2,
            ))
        })
        .collect();
    let specks = TensorData::new(specks, [1, 1, 40, 40]);
    let specks = Tensor::<4>::from_data(specks, &crate::explained::device());
    let box_of =
        |sigma| Localizer { sigma, fraction: 0.5 }.find(&specks).unwrap().remove(0).unwrap().bounds;
    assert_eq!(box_of(0.0), BoundingBox { top: 10, left: 5, height: 1, width: 1 });
    let BoundingBox { top, left, height, width } = box_of(2.0);
    // Specks are in rows 10 to 25 and columns 5 to 32.
    assert!(top.abs_diff(10) <= 2 && left.abs_diff(5) <= 2, "{top} {left}");
    assert!(height.abs_diff(16) <= 4 && width.abs_diff(28) <= 4, "{height} {width}");
}

/// Guided backpropagation, whose map depends little on the layers behind the first.
struct Guided;

impl Attribution<Classifier> for Guided {
    fn attribute(
        &self,
        model: &Classifier,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let Target::Classes(classes) = target else { unreachable!("the target is fixed") };
        let tracked = input.clone().inner().autodiff().require_grad();
        let logits = model.logits_by(model.normalized(tracked.clone()), BackwardRule::Guided)?;
        let class = classes[0];
        let score = logits.slice(s![.., class..class + 1]).sum();
        Ok(tracked.grad(&score.backward()).expect("the score depends on the input"))
    }
}

/// Adebayo et al., figure 3: as the layers become random from the last one on, saliency loses its
/// likeness, and guided backpropagation hardly does. Means over the first seven of ten layers: with
/// all of them random, SqueezeNet's last ReLU may leave no gradient at all.
#[test]
fn randomization_tells_saliency_from_guided_backpropagation() {
    let Some((classifier, input)) = val_2() else { return };
    let input = input.narrow(0, 0, 1);
    let Target::Classes(classes) = target() else { unreachable!() };
    let target = Target::Class(classes[0]);
    let weights =
        |model: &Classifier| values(&model.logits(&foveate::image::Pixels::new(input.clone())));
    let before = weights(&classifier);
    let likeness = |method: &dyn Attribution<Classifier>, seed| {
        let steps = cascading_randomization(method, &classifier, &input, &target, seed).unwrap();
        let layers: Vec<&str> = steps.iter().map(|step| step.layer.as_str()).collect();
        let expected = ["classifier.1", "features.12", "features.11", "features.10", "features.9"];
        assert_eq!(layers[..5], expected);
        assert_eq!(layers.len(), 10);
        println!("{:?}", steps.iter().map(|step| step.correlations[0]).collect::<Vec<_>>());
        steps[..7].iter().map(|step| step.correlations[0]).sum::<f32>() / 7.0
    };
    for seed in [1, 2] {
        let (saliency, guided) = (likeness(&Saliency, seed), likeness(&Guided, seed));
        assert!(saliency < 0.5 && guided > 0.8, "seed {seed}: {saliency} and {guided}");
    }
    assert_eq!(before, weights(&classifier), "the classifier itself has changed");
    let repeat = |seed| cascading_randomization(&Saliency, &classifier, &input, &target, seed);
    assert_eq!(format!("{:?}", repeat(1)), format!("{:?}", repeat(1)));
}

/// Every network's parameters are found by the names of its layers, and its running statistics
/// stay its own.
#[test]
fn randomization_reaches_every_layer_and_leaves_the_network_alone() {
    for (architecture, layers) in [
        (Architecture::Vgg11, 11),
        (Architecture::SqueezeNet1_1, 10),
        (Architecture::ResNet18, 11),
        (Architecture::GoogLeNet, 13),
        (Architecture::GoogLeNetPublished, 13),
    ] {
        let device: Device = crate::explained::device();
        device.seed(5);
        let network: AnyNetwork = architecture.init_narrow(16, &device);
        // The vectors of a new batch norm are of one value: shuffled, they would be the same.
        let network = network.map(&mut Stirred(0));
        let labels = vec![String::new(); 1000];
        let classifier = Classifier::new(network, Preprocessing::IMAGENET, labels);
        let input = noise([1, 3, 64, 64], 1).abs();
        let logits = |classifier: &Classifier| values(&Model::logits(classifier, input.clone()));
        let before = logits(&classifier);
        let seen = std::sync::Mutex::new(Vec::<Vec<f32>>::new());
        // A map made of every layer's activations, to see which have changed.
        let spy = Spy(&seen);
        let target = Target::Class(0);
        let steps = cascading_randomization(&spy, &classifier, &input, &target, 7).unwrap();
        assert_eq!(steps.len(), layers, "{architecture}");
        let seen = seen.into_inner().unwrap();
        let names: Vec<String> =
            classifier.network().layers().iter().map(|named| named.name.clone()).collect();
        for (step, sums) in steps.iter().zip(&seen[1..]) {
            // Before the layer nothing has changed, and behind it something has.
            let place = names.iter().position(|name| *name == step.layer).unwrap();
            assert_eq!(sums[..place], seen[0][..place], "{architecture} before {}", step.layer);
            assert!(sums[place] != seen[0][place], "{architecture} at {}", step.layer);
        }
        assert_eq!(before, logits(&classifier), "{architecture}");
    }
}

/// Adds positive noise to all parameters.
struct Stirred(u64);

impl ModuleMapper for Stirred {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.0 += 1;
        param.map(|tensor| {
            let some = noise([1, 1, 1, tensor.dims().iter().product()], self.0).abs() * 0.1;
            tensor.clone() + some.reshape(tensor.dims())
        })
    }
}

/// Notes the sum of the activations after each layer.
struct Spy<'a>(&'a std::sync::Mutex<Vec<Vec<f32>>>);

impl Attribution<Classifier> for Spy<'_> {
    fn attribute(
        &self,
        model: &Classifier,
        input: &Tensor<4>,
        _target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let normalized = model.normalized(input.clone());
        let layers = model.network().layers();
        let sum = |name: &str| -> Result<f32, UnknownLayer> {
            Ok(values(&model.features(normalized.clone(), name)?).iter().sum())
        };
        let sums: Result<Vec<f32>, UnknownLayer> =
            layers.iter().map(|named| sum(&named.name)).collect();
        self.0.lock().unwrap().push(sums?);
        Ok(input.clone())
    }
}

#[test]
fn bad_questions_say_what_is_expected() {
    let (model, _) = linear([3, 4, 5]);
    let input = noise([2, 3, 4, 5], 1);
    let (target, zero) = (Target::Class(0), Baseline::Constant(0.0));
    let shape = |n: usize, c: usize, w: usize| {
        Tensor::<4>::zeros([n, c, 4, w], &crate::explained::device())
    };
    let wrong = [shape(1, 3, 5), shape(2, 2, 5), shape(2, 1, 4)];
    for map in &wrong {
        let errors = [
            completeness_delta(&model, map, &input, &zero, &target).unwrap_err(),
            Deletion { steps: 2, ..Deletion::default() }
                .curve(&model, map, &input, &target)
                .unwrap_err(),
            Insertion { steps: 2, ..Insertion::default() }
                .curve(&model, map, &input, &target)
                .unwrap_err(),
            AverageDrop::default().confidences(&model, map, &input, &target).unwrap_err(),
            Infidelity::default().measure(&model, map, &input, &target).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, ExplainError::MapShape { .. }), "{error}");
        }
    }
    // Infidelity wants a number for each value.
    let error =
        Infidelity::default().measure(&model, &shape(2, 1, 5), &input, &target).unwrap_err();
    assert!(
        error.to_string().contains("[2, 1, 4, 5]: expected the input's, [2, 3, 4, 5]"),
        "{error}"
    );

    let good = shape(2, 1, 5);
    let mut settings = vec![
        Deletion { steps: 0, ..Deletion::default() }
            .curve(&model, &good, &input, &target)
            .unwrap_err(),
        Deletion { steps: 21, ..Deletion::default() }
            .curve(&model, &good, &input, &target)
            .unwrap_err(),
        Insertion { steps: 1, batch: 0, ..Insertion::default() }
            .curve(&model, &good, &input, &target)
            .unwrap_err(),
        AverageDrop { batch: 0, ..AverageDrop::default() }
            .confidences(&model, &good, &input, &target)
            .unwrap_err(),
    ];
    for radius in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let measure = SensitivityMax { radius, ..SensitivityMax::default() };
        settings.push(measure.measure(&Saliency, &model, &input, &target).unwrap_err());
        let measure = Infidelity { sigma: radius, ..Infidelity::default() };
        settings.push(measure.measure(&model, &shape(2, 3, 5), &input, &target).unwrap_err());
    }
    let none = SensitivityMax { samples: 0, ..SensitivityMax::default() };
    settings.push(none.measure(&Saliency, &model, &input, &target).unwrap_err());
    let none = Infidelity { samples: 0, ..Infidelity::default() };
    settings.push(none.measure(&model, &shape(2, 3, 5), &input, &target).unwrap_err());
    let small = [shape(1, 3, 5)];
    settings.push(sensitivity_max(&Saliency, &model, &input, &target, small.clone()).unwrap_err());
    settings.push(infidelity(&model, &shape(2, 3, 5), &input, &target, small, false).unwrap_err());
    for error in settings {
        assert!(matches!(error, ExplainError::Setting(_)), "{error:?}");
    }
}
