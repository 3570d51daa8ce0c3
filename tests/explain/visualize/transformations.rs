//! Transformations before each step.

use foveate::burn::tensor::Tensor;
use foveate::explain::visualize::Transformations;

use super::image;
use crate::support::close::values_of;
use crate::support::devices;

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
            let found = values_of(&setting.apply(ramp.clone(), 1, step).unwrap());
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
    let x_values = values_of(&x);
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
        let found = values_of(&found);
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
