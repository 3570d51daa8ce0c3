//! Binary cross-entropy of logits.

use foveate::burn::tensor::Tensor;
use foveate::ops::binary_cross_entropy;

use crate::support::close::values;
use crate::support::devices;

/// -y ln s(z) - (1 - y) ln (1 - s(z)) in f64, and its derivative s(z) - y; logits as large as 1e30 stay
/// finite.
#[test]
fn binary_cross_entropy_has_its_closed_form() {
    let logits = [-80.0_f32, -3.0, -0.5, 0.0, 0.1, 2.0, 40.0, 90.0];
    let targets = [0.0_f32, 1.0, 0.9, 0.5, 0.0, 1.0, 0.1, 1.0];
    let expected: f64 = logits
        .iter()
        .zip(targets)
        .map(|(&z, y)| (f64::from(z), f64::from(y)))
        .map(|(z, y)| z.max(0.0) - z * y + (-z.abs()).exp().ln_1p())
        .sum::<f64>()
        / 8.0;
    for chosen in devices::all() {
        let device = chosen.device.clone().autodiff();
        let z = Tensor::<1>::from_floats(logits, &device).require_grad();
        let loss = binary_cross_entropy(z.clone(), Tensor::from_floats(targets, &device));
        let gradient = values(z.grad(&loss.backward()).unwrap().into_data());
        let loss = f64::from(loss.into_scalar::<f32>());
        assert!((loss / expected - 1.0).abs() < 1e-5, "{loss} {expected} on {chosen}");
        for (found, (z, y)) in gradient.iter().zip(logits.iter().zip(targets)) {
            let expected = (1.0 / (1.0 + (-z).exp()) - y) / 8.0;
            assert!((found - expected).abs() < 1e-6, "{found} {expected} on {chosen}");
        }
        let large = Tensor::<1>::from_floats([-1e30, 1e30], &device);
        let ones = large.ones_like();
        let loss = binary_cross_entropy(large, ones).into_scalar::<f32>();
        assert!(loss.is_finite() && loss > 1e29, "{loss} on {chosen}");
    }
}
