//! Losses against the formulas of the papers.

use foveate::burn::tensor::Tensor;
use foveate::generate::Loss;

use crate::support::devices;

/// Values and gradients of every loss by the formulas of the papers, in f64; f32 gives 1e-6.
#[test]
fn losses_are_the_papers() {
    let (d_real, d_fake) = ([-1.5, 0.25, 2.0, 0.5], [-2.0, 0.75, 1.25]);
    let real = 0.9;
    let s = |d: f64| 1.0 / (1.0 + (-d).exp());
    let relu = |d: f64| d.max(0.0);
    type Of = Box<dyn Fn(f64) -> f64>;
    let of = |f: fn(f64) -> f64| -> Of { Box::new(f) };
    // Of a real, of a generated image; the generator's.
    let expected: Vec<(Loss, [Of; 3])> = vec![
        (
            Loss::NonSaturating,
            [
                Box::new(move |d| -real * s(d).ln() - (1.0 - real) * (1.0 - s(d)).ln()),
                Box::new(move |d| -(1.0 - s(d)).ln()),
                Box::new(move |d| -s(d).ln()),
            ],
        ),
        (
            Loss::Saturating,
            [
                Box::new(move |d| -real * s(d).ln() - (1.0 - real) * (1.0 - s(d)).ln()),
                Box::new(move |d| -(1.0 - s(d)).ln()),
                Box::new(move |d| (1.0 - s(d)).ln()),
            ],
        ),
        (
            Loss::LeastSquares,
            [
                Box::new(move |d| 0.5 * (d - real).powi(2)),
                of(|d| 0.5 * d * d),
                of(|d| 0.5 * (d - 1.0).powi(2)),
            ],
        ),
        (
            Loss::Hinge,
            [Box::new(move |d| relu(1.0 - d)), Box::new(move |d| relu(1.0 + d)), of(|d| -d)],
        ),
        (Loss::Wasserstein { clip: 0.01 }, [of(|d| -d), of(|d| d), of(|d| -d)]),
    ];
    let device = devices::any();
    let logits = |values: &[f64]| {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        Tensor::<1>::from_floats(values.as_slice(), &device).autodiff().require_grad()
    };
    let check = |what: &str, loss: Tensor<1>, of: &Tensor<1>, at: &[f64], f: &Of| {
        let n = at.len() as f64;
        let mean = at.iter().map(|&d| f(d)).sum::<f64>() / n;
        let found = f64::from(loss.clone().into_scalar::<f32>());
        assert!((found - mean).abs() < 1e-6, "{what}: {found}, not {mean}");
        let gradients = of.grad(&loss.backward()).unwrap().into_data();
        for (gradient, &d) in gradients.iter::<f64>().zip(at) {
            let slope = (f(d + 1e-6) - f(d - 1e-6)) / 2e-6 / n;
            assert!((gradient - slope).abs() < 1e-6, "{what} at {d}: {gradient}, not {slope}");
        }
    };
    for (loss, [of_real, of_fake, of_generator]) in &expected {
        let both = [logits(&d_real), logits(&d_fake)];
        let [first, second] = loss.discriminator(both.clone(), real);
        check(&format!("{loss:?}, real"), first, &both[0], &d_real, of_real);
        check(&format!("{loss:?}, fake"), second, &both[1], &d_fake, of_fake);
        let fake = logits(&d_fake);
        let what = format!("{loss:?}, generator");
        check(&what, loss.generator(fake.clone()), &fake, &d_fake, of_generator);
    }
}
