//! Gradients and integrated gradients against closed forms.

use foveate::burn::tensor::{DType, Tensor};
use foveate::explain::{
    Attribution, Baseline, InputXGradient, IntegratedGradients, Quadrature, Saliency, Target,
};
use foveate::ops::{self, Activation, ConvOptions};

use super::{Gradient, assert_near, powers};
use crate::support::devices::{self, noise};
use crate::support::tell;

/// `[n, classes]`: weights `[classes, c, h, w]` times the input, summed.
fn linear(weight: Tensor<4>) -> impl Fn(Tensor<4>) -> Tensor<2> {
    move |x| x.flatten::<2>(1, 3).matmul(weight.clone().flatten::<2>(1, 3).transpose())
}

/// A linear model's gradient is its weight `w`, and its integrated gradients are `w (x - b)`, by every
/// rule but the trapezoidal one, whose weights sum to `1 - 1 / steps`.
#[test]
fn a_linear_model_in_closed_form() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let (w, x) = (noise([3, 2, 4, 5], 1, device), noise([2, 2, 4, 5], 2, device));
        let baseline = noise([1, 2, 4, 5], 3, device);
        let model = linear(w.clone());
        let rows = Tensor::cat(vec![w.clone().narrow(0, 2, 1), w.clone().narrow(0, 0, 1)], 0);
        let target = Target::Classes(vec![2, 0]);
        let saliency = Saliency.attribute(&model, &x, &target).unwrap();
        assert_near(saliency, rows.clone().abs(), 1e-6, "saliency");
        let product = InputXGradient.attribute(&model, &x, &target).unwrap();
        assert_near(product, rows.clone() * x.clone(), 1e-6, "input x gradient");
        for (rule, factor) in [
            (Quadrature::GaussLegendre, 1.0),
            (Quadrature::RiemannLeft, 1.0),
            (Quadrature::RiemannMiddle, 1.0),
            (Quadrature::RiemannRight, 1.0),
            (Quadrature::RiemannTrapezoid, 0.8),
        ] {
            let method = IntegratedGradients {
                steps: 5,
                rule,
                baseline: Baseline::Images(baseline.clone()),
                batch: 2,
            };
            let (map, delta) = method.attribute_with_delta(&model, &x, &target).unwrap();
            let expected = rows.clone() * (x.clone() - baseline.clone()) * factor;
            assert_near(map, expected, 1e-5, "integrated gradients");
            let complete = delta.iter().all(|delta| delta.abs() < 1e-4);
            assert_eq!(complete, factor == 1.0, "{rule:?}: {delta:?}");
        }
    }
}

/// Of a cubic score the integral is `x^3`, exactly by Gauss and Legendre from 2 steps on; a score of
/// the caller's is followed as well.
#[test]
fn integrated_gradients_of_a_cube() {
    let x = noise([2, 1, 3, 3], 4, &devices::any());
    let method = IntegratedGradients { steps: 2, ..Default::default() };
    let cube = x.clone().powi_scalar(3);
    let map = method.attribute(&powers, &x, &Target::Class(1)).unwrap();
    assert_near(map, cube.clone(), 1e-5, "class");
    let score = Target::score(|logits| logits.slice([0..1000, 1..2]).squeeze_dim::<1>(1) * 2.0);
    let map = method.attribute(&powers, &x, &score).unwrap();
    assert_near(map, cube * 2.0, 1e-5, "score");
}

/// The gradient of a small network in f64 against central differences: 1e-8 of the largest.
#[test]
fn gradients_against_finite_differences() {
    let device = devices::all().iter().find(|chosen| !chosen.description.starts_with("wgpu"));
    let Some(chosen) = device else { return tell("SKIPPED: wgpu has no f64") };
    let f64_noise = |shape, seed| noise::<4>(shape, seed, &chosen.device).cast(DType::F64);
    let (w, head) = (f64_noise([4, 2, 3, 3], 6), f64_noise([3, 4, 5, 5], 7));
    let model = |x: Tensor<4>| {
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let hidden = ops::conv2d(x, w.clone(), None, options, Activation::LeakyRelu(0.1));
        linear(head.clone())(hidden.tanh())
    };
    let x = f64_noise([1, 2, 5, 5], 8);
    let map = Gradient.attribute(&model, &x, &Target::Class(1)).unwrap();
    let found: Vec<f64> = map.into_data().iter::<f64>().collect();
    let step = 1e-5;
    let steps = Tensor::<2>::eye(50, &chosen.device).cast(DType::F64).reshape([50, 2, 5, 5]) * step;
    let scores =
        |x: Tensor<4>| -> Vec<f64> { model(x).slice([0..50, 1..2]).into_data().iter().collect() };
    let (up, down) = (scores(x.clone() + steps.clone()), scores(x - steps));
    let most = found.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    for ((g, up), down) in found.iter().zip(up).zip(down) {
        assert!((g - (up - down) / (2.0 * step)).abs() < 1e-8 * most, "{g}");
    }
}
