//! Learning rates.

use foveate::train::Schedule;

/// PyTorch's StepLR(every 3, 0.5), and half a cosine: 1 at first, 1/2 in the middle, 0 at the end.
#[test]
fn learning_rates_follow_their_schedule() {
    let step = Schedule::Step { every: 3, factor: 0.5 };
    let rates: Vec<f64> = (0..7).map(|epoch| step.at(0.8, epoch as f64 + 0.9, 7)).collect();
    assert_eq!(rates, [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]);
    assert_eq!(Schedule::Cosine.at(0.8, 0.0, 6), 0.8);
    assert!((Schedule::Cosine.at(0.8, 3.0, 6) - 0.4).abs() < 1e-15);
    assert!((Schedule::Cosine.at(0.8, 1.5, 6) - 0.4 * (1.0 + 0.5f64.sqrt())).abs() < 1e-15);
    assert!(Schedule::Cosine.at(0.8, 5.999, 6) < 1e-6);
}
