//! SmoothGrad and VarGrad against closed forms.

use foveate::burn::tensor::Tensor;
use foveate::explain::{Attribution, SmoothGrad, Statistic, Target};

use super::{Gradient, assert_near, powers};
use crate::support::close::values;
use crate::support::devices::{self, noise};

/// Noise of 0 changes nothing; the gradient `2 x` of a square, with noise, has the mean `2 x`, the mean
/// square `4 x^2 + 4 sigma^2` and the variance `4 sigma^2`, within 5 standard errors.
#[test]
fn smooth_grad_in_closed_form() {
    // One image runs in batches of copies, several together.
    for images in [1, 2] {
        smooth_grad_of(noise([images, 1, 3, 3], 5, &devices::any()));
    }
}

fn smooth_grad_of(x: Tensor<4>) {
    let smooth = |sigma, statistic, batch, seed| {
        let plain = SmoothGrad::new(Gradient);
        SmoothGrad { samples: 2000, sigma, statistic, batch, seed, ..plain }
    };
    let map =
        |smooth: SmoothGrad<Gradient>| smooth.attribute(&powers, &x, &Target::Class(0)).unwrap();
    let double = x.clone() * 2.0;
    assert_near(map(smooth(0.0, Statistic::Mean, 64, 0)), double.clone(), 1e-5, "no noise");

    let mean = map(smooth(0.1, Statistic::Mean, 64, 0));
    let off = values((mean.clone() - double.clone()).abs().max().into_data())[0];
    assert!(off < 5.0 * 0.2 / 2000_f32.sqrt() && off > 0.0, "mean off by {off}");
    let variance = map(smooth(0.1, Statistic::Variance, 64, 0));
    let off = values((variance.clone() - 0.04).abs().max().into_data())[0];
    assert!(off < 5.0 * 0.04 * (2.0 / 2000_f32).sqrt(), "variance off by {off}");
    let square = map(smooth(0.1, Statistic::MeanSquare, 64, 0));
    assert_near(square, mean.clone().powi_scalar(2) + variance, 1e-4, "mean square");

    let again = map(smooth(0.1, Statistic::Mean, 64, 0));
    assert_eq!(values(again.into_data()), values(mean.clone().into_data()), "the same seed");
    assert_near(map(smooth(0.1, Statistic::Mean, 7, 0)), mean.clone(), 1e-5, "another batch");
    assert_ne!(
        values(map(smooth(0.1, Statistic::Mean, 64, 1)).into_data()),
        values(mean.into_data())
    );
}

/// The gradient of 1000 x + x^2 / 2 is 1000 + x: its variance is the noise's, 0.0225, of 50 copies within
/// a fifth (one standard error); of the same copies without the 1000 it is the same but for rounding.
#[test]
fn vargrad_of_a_small_variance_beside_a_large_mean() {
    let score = |slope: f32| {
        move |x: Tensor<4>| {
            let x = x.flatten::<2>(1, 3);
            x.clone() * slope + x.powi_scalar(2) * 0.5
        }
    };
    for images in [1, 2] {
        let x = Tensor::<4>::full([images, 1, 1, 1], 0.3, &devices::any());
        for batch in [1, 8, 50] {
            let plain = SmoothGrad::new(Gradient);
            let smooth = SmoothGrad { statistic: Statistic::Variance, batch, ..plain };
            let of = |slope: f32| {
                let map = smooth.attribute(&score(slope), &x, &Target::Class(0)).unwrap();
                values(map.into_data())
            };
            let (steep, flat) = (of(1000.0), of(0.0));
            println!("{images} images, {batch} at once: {steep:?} and {flat:?}");
            for (steep, flat) in steep.into_iter().zip(flat) {
                assert!((flat / 0.0225 - 1.0).abs() < 0.6, "{flat}");
                // f32 near 1000 has steps of 6e-5, a gradient an error of half of one.
                assert!((steep / flat - 1.0).abs() < 1e-3, "{steep} for {flat}");
            }
        }
    }
}
