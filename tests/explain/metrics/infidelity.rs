//! Infidelity and sensitivity.

use foveate::burn::tensor::{Tensor, TensorData};
use foveate::explain::metrics::{Infidelity, SensitivityMax, infidelity, sensitivity_max};
use foveate::explain::{Attribution, InputXGradient, Saliency, SmoothGrad, Target};
use foveate::models::Classifier;

use super::{perturbation, uneven};
use crate::explain::{golden, linear, noise, target, val_2};
use crate::support::close::{close, distance, values_of};
use crate::support::devices;

/// The signed gradient, which captum's `Saliency(abs=False)` gives.
fn gradient(classifier: &Classifier, input: &Tensor<4>) -> Tensor<4> {
    let tracked = input.clone().inner().autodiff().require_grad();
    let Target::Classes(classes) = target() else { unreachable!() };
    let logits = classifier.logits(&foveate::image::Pixels::new(tracked.clone()));
    let one = |i: usize| logits.clone().slice([i..i + 1, classes[i]..classes[i] + 1]).sum();
    tracked.grad(&(one(0) + one(1)).backward()).unwrap()
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
        let off = distance(&found, &golden(name));
        assert!(off < 1e-3, "{name}: {off:e} from captum");
        println!("{name}: {off:e} from captum");
    }
    let perturbed = noise().map(|noise| input.clone() + noise);
    let found = sensitivity_max(&Saliency, &classifier, &input, &target(), perturbed).unwrap();
    let off = distance(&found, &golden("sensitivity_max"));
    assert!(off < 1e-3, "{found:?}: {off:e} from captum");
    println!("sensitivity: {off:e} from captum");
}

/// The gradient of a linear score is faithful and does not change; half of it is as good when
/// scaled, and otherwise misses by a quarter of the mean square.
#[test]
fn infidelity_and_sensitivity_of_a_linear_score() {
    let (model, weights) = linear([3, 4, 4]);
    let input = noise([2, 3, 4, 4], 1);
    let target = Target::Class(1);
    let weights = TensorData::new(weights, [1, 3, 4, 4]);
    let weights = Tensor::<4>::from_data(weights, &devices::any()).repeat_dim(0, 2);
    let measure = Infidelity { sigma: 0.5, samples: 30, ..Infidelity::default() };
    let found = measure.measure(&model, &weights, &input, &target).unwrap();
    close(&found, &[0.0; 2], 1e-9);
    let half = weights.clone() * 0.5;
    let found = measure.measure(&model, &half, &input, &target).unwrap();
    assert_eq!(found, measure.measure(&model, &half, &input, &target).unwrap());
    // E[(I w / 2)^2] = sigma^2 |w|^2 / 4, whose estimate from 30 squares is off by 26 %; 4 times that.
    let square: f32 = values_of(&weights)[..48].iter().map(|w| w * w).sum();
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
    let product = values_of(&(weights * input.clone()));
    for (moved, product) in moved.iter().zip(product.chunks_exact(48)) {
        let norm = product.iter().map(|v| v * v).sum::<f32>().sqrt();
        let most = 0.02 * square.sqrt() / norm;
        // Uniform noise has 0.58 of the largest norm.
        assert!(*moved < most && *moved > 0.4 * most, "{moved} of {most}");
    }
}

/// What SmoothGrad and the measures add to an input, with one seed, are other numbers.
#[test]
fn no_two_methods_draw_the_same_noise() {
    let seen = std::sync::Mutex::new(Vec::new());
    let model = |x: Tensor<4>| {
        seen.lock().unwrap().push(values_of(&x.clone().inner()));
        x.flatten::<2>(1, 3)
    };
    let input = Tensor::<4>::zeros([1, 1, 4, 5], &devices::any());
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
