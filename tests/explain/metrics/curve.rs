//! Deletion and insertion, and the baselines that they start from.

use foveate::burn::tensor::activation::softmax;
use foveate::burn::tensor::{Tensor, TensorData, s};
use foveate::explain::metrics::{Deletion, Insertion};
use foveate::explain::{Attribution, Baseline, Rise, Target};
use foveate::image::Preprocessing;
use foveate::models::{Architecture, Classifier, Network, initialized};

use super::{map, uneven};
use crate::explain::{MEAN, golden, linear, noise, target, val_2};
use crate::support::close::{close, distance, values_of};
use crate::support::devices;

/// The score of class 1 of [`linear`] as it is.
fn second() -> Target {
    Target::score(|logits| logits.slice(s![.., 1..2]).squeeze_dim(1))
}

/// torch-cam's own curves (0.5), for a map without ties: probabilities from f32 logits.
#[test]
fn curves_as_torch_cam() {
    let Some((classifier, input)) = val_2() else { return };
    let input = uneven(input);
    let importance: Vec<f32> = (0..224 * 224).map(|p| (p * 7919 % (224 * 224)) as f32).collect();
    let map = TensorData::new(importance, [1, 1, 224, 224]);
    let map = Tensor::<4>::from_data(map, &devices::any()).repeat_dim(0, 2);
    let deletion = Deletion { steps: 32, ..Deletion::default() };
    let mean = Baseline::Channels(MEAN.to_vec());
    let insertion = Insertion { steps: 32, baseline: mean, batch: 5 };
    let deletion = deletion.curve(&classifier, &map, &input, &target()).unwrap();
    let insertion = insertion.curve(&classifier, &map, &input, &target()).unwrap();
    for (name, curve) in [("deletion", deletion), ("insertion", insertion)] {
        let off = distance(&curve.scores.concat(), &golden(name));
        assert!(off < 1e-3, "{name}: {off:e} from torch-cam");
        close(&curve.areas, &golden(&format!("{name}_area")), 1e-4);
        println!("{name}: {off:e} from torch-cam, areas {:?}", curve.areas);
    }
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
        let map = &values_of(&map)[n * 12..][..12];
        let input = &values_of(&input)[n * 12..][..12];
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
    let expected =
        [values_of(&softmax(model(input), 1))[1], values_of(&softmax(model(kept), 1))[1], 0.5];
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
    close(&[blurred(&spike)], &[values_of(&model(expected))[1]], 1e-6);
    let corner = map([1.0, 0.0, 0.0, 0.0, 0.0], [1, 1, 1, 5]);
    let expected = map([1.0 / (1.0 + k), k / (1.0 + 2.0 * k), 0.0, 0.0, 0.0], [1, 1, 1, 5]);
    close(&[blurred(&corner)], &[values_of(&model(expected))[1]], 1e-6);
    let even = map([0.7; 5], [1, 1, 1, 5]);
    close(&[blurred(&even)], &[values_of(&model(even.clone()))[1]], 1e-6);
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
    let ones = Tensor::<4>::ones([1, 1, 13, 17], &devices::any());
    let half: f32 = side.iter().sum();
    close(&[blurred(&ones, 0), blurred(&ones, 6 * 17 + 8)], &[half * half, 1.0], 1e-5);
}

/// A classifier's pixels are blurred and hidden as its normalized input is by the authors' code.
#[test]
fn baselines_of_a_classifier_are_those_of_its_normalized_input() {
    let device = devices::any();
    let network = Architecture::ResNet18.init_with_width_divisor(8, &device).with_classes(10);
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
    let found = values_of(&rise.attribute(&classifier, &pixels, &target).unwrap());
    let expected = values_of(&rise.attribute(&network, &normalized(&pixels), &target).unwrap());
    close(&found, &expected, 1e-5);
    let black = Rise { baseline: Baseline::Constant(0.0), ..rise };
    let black = values_of(&black.attribute(&classifier, &pixels, &target).unwrap());
    assert!(distance(&black, &found) > 1e-3, "black is another baseline");

    let insertion = Insertion { steps: 4, ..Insertion::default() };
    let found = insertion.curve(&classifier, &pixels, &pixels, &target).unwrap();
    let expected = insertion.curve(&network, &pixels, &normalized(&pixels), &target).unwrap();
    close(&found.scores[0], &expected.scores[0], 1e-5);
}
