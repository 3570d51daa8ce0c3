//! Gradient reversal: the identity forwards, `-lambda` backwards.

use foveate::burn::tensor::{Device, Tensor};
use foveate::ops::{GradientReversal, gradient_reversal};

use crate::support::close::values;
use crate::support::devices::{self, noise};

/// The gradient of `sum(weights * reversed(x)^2)` at x, through `reversed`.
fn gradient<const D: usize>(
    shape: [usize; D],
    device: &Device,
    reversed: impl Fn(Tensor<D>) -> Tensor<D>,
) -> Vec<f32> {
    let device = device.clone().autodiff();
    let input = noise(shape, 1, &device).require_grad();
    let weights = noise(shape, 2, &device);
    let output = reversed(input.clone());
    let loss = (output.clone() * output * weights).sum();
    values(input.grad(&loss.backward()).unwrap().into_data())
}

/// Powers of two scale without rounding: bit for bit.
fn any_rank<const D: usize>(shape: [usize; D]) {
    for chosen in devices::all() {
        let plain = gradient(shape, &chosen.device, |x| x);
        for lambda in [0.25, 1.0, 8.0] {
            let found = gradient(shape, &chosen.device, |x| gradient_reversal(x, lambda));
            let expected: Vec<f32> = plain.iter().map(|g| g * -(lambda as f32)).collect();
            assert_eq!(found, expected, "rank {D}, lambda {lambda} on {chosen}");
        }
        let input = noise::<D>(shape, 3, &chosen.device);
        let output = gradient_reversal(input.clone(), 0.3);
        assert_eq!(values(output.into_data()), values(input.into_data()), "{chosen}");
    }
}

#[test]
fn gradients_of_any_rank_are_reversed() {
    any_rank([7]);
    any_rank([3, 5]);
    any_rank([2, 3, 4]);
    any_rank([2, 3, 4, 5]);
    any_rank([2, 1, 3, 2, 2]);
}

#[test]
fn other_factors_round_once() {
    for chosen in devices::all() {
        let plain = gradient([4, 6], &chosen.device, |x| x);
        for lambda in [0.1, 0.731, -0.5, 3.3] {
            let module = GradientReversal::new(lambda);
            let found = gradient([4, 6], &chosen.device, |x| module.forward(x));
            // x (1 + lambda) - lambda x, of which only the second is tracked.
            let detached = gradient([4, 6], &chosen.device, |x| {
                x.clone().detach() * (1.0 + lambda) - x * lambda
            });
            for ((found, plain), detached) in found.iter().zip(&plain).zip(detached) {
                let expected = -lambda as f32 * plain;
                assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{chosen}");
                assert!((found - detached).abs() <= 1e-5 * expected.abs() + 1e-6, "{chosen}");
            }
        }
        let twice =
            gradient([4, 6], &chosen.device, |x| gradient_reversal(gradient_reversal(x, 0.5), 0.5));
        let expected: Vec<f32> = plain.iter().map(|g| g * 0.25).collect();
        assert_eq!(twice, expected, "two turns, lambda squared, on {chosen}");
    }
}

/// With lambda 0 nothing reaches what lies before, and what lies behind learns all the same.
#[test]
fn lambda_zero_stops_and_the_head_learns() {
    for chosen in devices::all() {
        let device = chosen.device.clone().autodiff();
        let features = noise([3, 4], 1, &device).require_grad();
        let head = noise([4, 2], 2, &device).require_grad();
        let loss = gradient_reversal(features.clone(), 0.0).matmul(head.clone()).sum();
        let gradients = loss.backward();
        let features = values(features.grad(&gradients).unwrap().into_data());
        assert!(features.iter().all(|&g| g == 0.0), "{chosen}");
        let head = values(head.grad(&gradients).unwrap().into_data());
        assert!(head.iter().all(|&g| g != 0.0), "{chosen}");
    }
}

#[test]
#[should_panic(expected = "lambda is NaN")]
fn lambda_is_a_number() {
    gradient_reversal(noise([2], 1, &devices::any()), f64::NAN);
}

/// Tracked or not, what comes out is what went in, and what is not tracked stays so.
#[test]
fn forwards_it_is_the_identity() {
    for chosen in devices::all() {
        let device = chosen.device.clone().autodiff();
        let plain = noise([3, 4], 1, &device);
        let reversed = gradient_reversal(plain.clone(), 0.3);
        assert!(!reversed.is_tracked(), "{chosen}");
        assert_eq!(values(reversed.into_data()), values(plain.clone().into_data()), "{chosen}");
        let tracked = plain.clone().require_grad();
        let reversed = gradient_reversal(tracked, 0.3);
        assert!(reversed.is_tracked(), "{chosen}");
        assert_eq!(values(reversed.into_data()), values(plain.into_data()), "{chosen}");
    }
}
