//! Occlusion, ablation and RISE against captum, and against closed forms.

use foveate::burn::tensor::{Tensor, s};
use foveate::explain::{
    Attribution, Baseline, ExplainError, FeatureAblation, Occlusion, Rise, Target,
};

use crate::explain::{MEAN, golden, linear, noise, target, val_2};
use crate::support::close::{close, distance, values_of};
use crate::support::devices;

/// Every seventh pixel of every seventh row of [n, c, 224, 224].
fn subsampled(map: &Tensor<4>) -> Vec<f32> {
    let values: Vec<f32> = map.to_data().iter::<f32>().collect();
    let seventh = |&(i, _): &(usize, &f32)| i % 224 % 7 == 0 && i / 224 % 224 % 7 == 0;
    values.iter().enumerate().filter(seventh).map(|(_, &value)| value).collect()
}

/// captum 0.9 on PyTorch, f32 sums in another order: differences of logits near 20 whose own error is
/// about 1e-5.
#[test]
fn occlusion_and_ablation_as_captum() {
    let Some((classifier, input)) = val_2() else { return };
    let occlusion = Occlusion { batch: 5, ..Occlusion::new([60, 50], [35, 30]) };
    let mean = Occlusion { baseline: Baseline::Channels(MEAN.to_vec()), ..occlusion.clone() };
    let segments = (0..224 * 224).map(|p| {
        let (i, j) = (p / 224, p % 224);
        (i / 56) * 7 + j / 32 + 100 * usize::from(i + j > 224)
    });
    let ablation = FeatureAblation::new(segments.collect());
    let methods: [(&str, &dyn Attribution<_>); 3] =
        [("occlusion", &occlusion), ("occlusion_mean", &mean), ("ablation", &ablation)];
    for (name, method) in methods {
        let map = method.attribute(&classifier, &input, &target()).unwrap();
        assert_eq!(map.dims(), [2, 1, 224, 224]);
        let off = distance(&subsampled(&map), &golden(name));
        assert!(off < 1e-3, "{name}: {off:e} from captum");
        println!("{name}: {off:e} from captum");
    }
}

/// Of a linear score, a window takes away the sum of weight times (pixel - baseline) in it. Sums of
/// some hundred f32 values of size 1: 1e-4.
#[test]
fn occlusion_of_a_linear_score_is_the_mean_of_its_windows_sums() {
    let (model, weights) = linear([3, 7, 9]);
    let input = noise([2, 3, 7, 9], 1);
    let (window, stride) = ([3, 4], [2, 3]);
    let occlusion = Occlusion {
        baseline: Baseline::Channels(vec![0.1, -0.2, 0.3]),
        batch: 3,
        ..Occlusion::new(window, stride)
    };
    let map = occlusion.attribute(&model, &input, &Target::Class(1)).unwrap();
    let input = values_of(&input);
    for n in 0..2 {
        let part = |y: usize, x: usize| -> f32 {
            (0..3)
                .map(|c| {
                    let i = (c * 7 + y) * 9 + x;
                    weights[i] * (input[n * 189 + i] - [0.1, -0.2, 0.3][c])
                })
                .sum()
        };
        let mut expected = Vec::new();
        for (y, x) in (0..63).map(|i| (i / 9, i % 9)) {
            let mut sums = Vec::new();
            // Rows start at 0, 2, 4; columns at 0, 3, 6, where the last is cut off.
            for (top, left) in [0, 2, 4].into_iter().flat_map(|t| [0, 3, 6].map(|l| (t, l))) {
                let (rows, columns) = (top..(top + 3).min(7), left..(left + 4).min(9));
                if rows.contains(&y) && columns.contains(&x) {
                    let cells = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
                    sums.push(cells.map(|(y, x)| part(y, x)).sum::<f32>());
                }
            }
            expected.push(sums.iter().sum::<f32>() / sums.len() as f32);
        }
        close(&values_of(&map)[n * 63..][..63], &expected, 1e-4);
    }
}

#[test]
fn ablation_of_a_linear_score_is_the_sum_of_each_segment() {
    let (model, weights) = linear([3, 4, 4]);
    let input = noise([2, 3, 4, 4], 1);
    let segments: Vec<usize> = (0..16).map(|p| [7, 0, 99][p % 3]).collect();
    let ablation = FeatureAblation { batch: 2, ..FeatureAblation::new(segments) };
    let map = ablation.attribute(&model, &input, &Target::Class(1)).unwrap();
    let input = values_of(&input);
    let expected: Vec<f32> = (0..32)
        .map(|i| {
            let (n, p) = (i / 16, i % 16);
            let same = (0..48).filter(|j| (j % 16) % 3 == p % 3);
            same.map(|j| weights[j] * input[n * 48 + j]).sum()
        })
        .collect();
    close(&values_of(&map), &expected, 1e-4);
}

/// Shares of the cells along one side in each pixel, for a shift: the definition, written anew.
fn shares(pixels: usize, cells: usize, shift: usize) -> Vec<Vec<f64>> {
    let cell = pixels.div_ceil(cells);
    let large = ((cells + 1) * cell) as f64;
    let place = |i: usize| {
        let at = ((i + shift) as f64 + 0.5) * cells as f64 / large - 0.5;
        let at = at.clamp(0.0, cells as f64 - 1.0);
        (0..cells).map(|g| (1.0 - (at - g as f64).abs()).max(0.0)).collect()
    };
    (0..pixels).map(place).collect()
}

/// The mean over shifts of the product of two pixels' shares, summed over the cells.
fn overlap(pixels: usize, cells: usize) -> Vec<Vec<f64>> {
    let cell = pixels.div_ceil(cells);
    let mut overlap = vec![vec![0.0; pixels]; pixels];
    for shift in 0..cell {
        let shares = shares(pixels, cells, shift);
        for (i, j) in (0..pixels * pixels).map(|k| (k / pixels, k % pixels)) {
            let product: f64 = shares[i].iter().zip(&shares[j]).map(|(a, b)| a * b).sum();
            overlap[i][j] += product / cell as f64;
        }
    }
    overlap
}

/// Of a linear score `S = sum_j a_j m_j`, RISE's expectation at pixel i is `sum_j a_j E[m_j m_i] / p`
/// with `E[m_j m_i] = p^2 + p (1 - p) overlap(i, j)`. Tolerance: 5 standard deviations of a mean of N
/// values `S m_i / p`, whose square is at most `E[S^2] / p^2`.
#[test]
fn rise_of_a_linear_score_converges_to_its_expectation() {
    let (model, weights) = linear([1, 6, 8]);
    let input = noise([1, 1, 6, 8], 1);
    let first = Target::score(|logits| logits.slice(s![.., 1..2]).squeeze_dim(1));
    let p = 0.3;
    let rise =
        Rise { masks: 20_000, cells: 3, probability: 0.3, seed: 4, batch: 512, ..Rise::default() };
    let map = values_of(&rise.attribute(&model, &input, &first).unwrap());
    let products: Vec<f64> =
        values_of(&input).iter().zip(&weights).map(|(a, b)| f64::from(a * b)).collect();
    let (down, across) = (overlap(6, 3), overlap(8, 3));
    let with =
        |i: usize, j: usize| p * p + p * (1.0 - p) * down[i / 8][j / 8] * across[i % 8][j % 8];
    let pairs = (0..48 * 48).map(|k| (k / 48, k % 48));
    let square: f64 = pairs.map(|(i, j)| products[i] * products[j] * with(i, j)).sum();
    let tolerance = 5.0 * (square / 20_000.0).sqrt() / p;
    let mut largest: f64 = 0.0;
    for (i, &found) in map.iter().enumerate() {
        let expected: f64 = (0..48).map(|j| products[j] * with(i, j) / p).sum();
        let off = (f64::from(found) - expected).abs();
        largest = largest.max(off);
        assert!(off < tolerance, "{i}: {found} {expected}");
    }
    let spread =
        map.iter().fold(f32::MIN, |a, &b| a.max(b)) - map.iter().fold(f32::MAX, |a, &b| a.min(b));
    assert!(
        f64::from(spread) > 3.0 * tolerance,
        "the tolerance {tolerance} tells nothing: {spread}"
    );
    println!("rise: {largest} of {tolerance}, spread {spread}");
}

#[test]
fn seeds_and_batches() {
    let (model, _) = linear([3, 12, 10]);
    let input = noise([2, 3, 12, 10], 1);
    let rise = Rise { masks: 50, cells: 4, seed: 3, batch: 50, ..Rise::default() };
    let map = |rise: &Rise| values_of(&rise.attribute(&model, &input, &Target::Predicted).unwrap());
    assert_eq!(map(&rise), map(&rise));
    close(&map(&rise), &map(&Rise { batch: 7, ..rise.clone() }), 1e-5);
    let other = map(&Rise { seed: 4, ..rise.clone() });
    assert!(map(&rise) != other);

    let occlusion = |batch| Occlusion { batch, ..Occlusion::new([4, 4], [2, 2]) };
    let map =
        |batch| values_of(&occlusion(batch).attribute(&model, &input, &Target::Predicted).unwrap());
    close(&map(1), &map(100), 1e-5);
    let segments: Vec<usize> = (0..120).map(|p| p / 13).collect();
    let ablation = |batch| FeatureAblation { batch, ..FeatureAblation::new(segments.clone()) };
    let map =
        |batch| values_of(&ablation(batch).attribute(&model, &input, &Target::Predicted).unwrap());
    close(&map(1), &map(100), 1e-5);
}

/// Masks that hide nothing leave the score everywhere.
#[test]
fn rise_without_holes_is_the_score() {
    let (model, _) = linear([3, 5, 5]);
    let input = noise([1, 3, 5, 5], 1);
    let rise = Rise { masks: 3, cells: 2, probability: 1.0, batch: 2, ..Rise::default() };
    let first = Target::score(|logits| logits.slice(s![.., 0..1]).squeeze_dim(1));
    let score = f64::from(model(input.clone()).to_data().iter::<f32>().next().unwrap()) as f32;
    close(&values_of(&rise.attribute(&model, &input, &first).unwrap()), &[score; 25], 1e-5);
}

#[test]
fn bad_settings_say_what_is_expected() {
    let (model, _) = linear([3, 6, 5]);
    let input = noise([1, 3, 6, 5], 1);
    let rise = Rise { masks: 4, cells: 2, ..Rise::default() };
    let color = Baseline::Channels(vec![0.5; 2]);
    let other = Baseline::Images(Tensor::zeros([2, 3, 6, 5], &devices::any()));
    let nan = Baseline::Constant(f32::NAN);
    let sharp = Baseline::Blurred { radius: 3, sigma: 0.0 };
    let black = || Occlusion::new([2, 2], [1, 1]);
    let cases: Vec<(Box<dyn Attribution<_>>, &str)> = vec![
        (
            Box::new(Occlusion::new([7, 5], [1, 1])),
            "window[0] is 7: expected from 1 to the image's 6",
        ),
        (
            Box::new(Occlusion::new([6, 6], [1, 1])),
            "window[1] is 6: expected from 1 to the image's 5",
        ),
        (Box::new(Occlusion::new([0, 2], [1, 1])), "window[0] is 0"),
        (
            Box::new(Occlusion::new([2, 2], [1, 0])),
            "stride[1] is 0: expected from 1 to the window's 2",
        ),
        (Box::new(Occlusion::new([2, 2], [3, 1])), "stride[0] is 3"),
        (Box::new(Occlusion { batch: 0, ..black() }), "batch is 0"),
        (Box::new(Occlusion { baseline: color, ..black() }), "color of 2 values: expected 3"),
        (
            Box::new(Occlusion { baseline: other, ..black() }),
            "is [2, 3, 6, 5]: expected [1, 3, 6, 5]",
        ),
        (Box::new(Occlusion { baseline: nan, ..black() }), "baseline is NaN"),
        (Box::new(Occlusion { baseline: sharp, ..black() }), "sigma 0: expected both positive"),
        (Box::new(FeatureAblation::new(vec![0; 29])), "segments is 29 values: expected 30"),
        (Box::new(Rise { masks: 0, ..rise.clone() }), "masks is 0"),
        (Box::new(Rise { cells: 6, ..rise.clone() }), "cells is 6: expected from 1 to"),
        (Box::new(Rise { cells: 0, ..rise.clone() }), "cells is 0"),
        (
            Box::new(Rise { probability: 0.0, ..rise.clone() }),
            "probability is 0: expected a number in (0, 1]",
        ),
        (Box::new(Rise { probability: f32::NAN, ..rise.clone() }), "probability is NaN"),
        (Box::new(Rise { batch: 0, ..rise }), "batch is 0"),
    ];
    for (method, words) in cases {
        let error = method.attribute(&model, &input, &Target::Class(0)).unwrap_err();
        assert!(matches!(error, ExplainError::Setting(_)), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let occlusion = Occlusion::new([2, 2], [1, 1]);
    let error = occlusion.attribute(&model, &input, &Target::Class(2)).unwrap_err();
    assert_eq!(error, ExplainError::Class { class: 2, classes: 2 });
}
