//! Completeness.

use foveate::burn::tensor::Tensor;
use foveate::explain::metrics::completeness_delta;
use foveate::explain::{Attribution, Baseline, InputXGradient, Target};

use crate::explain::{linear, noise};
use crate::support::close::{close, values_of};

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
    let expected = values_of(&model(other.clone()))[1];
    close(&delta(&product, &Baseline::Images(other)), &[expected; 2], 1e-5);
}
