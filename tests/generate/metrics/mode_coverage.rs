//! Modes and conditional accuracy.

use foveate::generate::metrics::{ModeCoverage, conditional_accuracy};

#[test]
fn modes_are_counted() {
    let data: Vec<usize> = (0..1000).map(|at| at % 4).collect();
    // Halves of two classes of four: ln 2.
    let found = ModeCoverage::of(&[0, 2, 2, 0], &data, 4).unwrap();
    assert_eq!([found.covered, found.classes], [2, 4]);
    assert!((found.divergence - 2_f64.ln()).abs() < 1e-12);
    assert_eq!(ModeCoverage::of(&data[..8], &data, 4).unwrap().divergence, 0.0);
    // 1/4 and 3/4 against 1/2 and 1/2.
    let found = ModeCoverage::of(&[0, 1, 1, 1], &[0, 1], 3).unwrap();
    let expected = 0.25 * 0.5_f64.ln() + 0.75 * 1.5_f64.ln();
    assert!((found.divergence - expected).abs() < 1e-12);
    assert_eq!(ModeCoverage::of(&[0, 2], &[0, 1], 3).unwrap().divergence, f64::INFINITY);
    assert_eq!(conditional_accuracy(&[0, 1, 2, 3], &[0, 1, 3, 3]).unwrap(), 0.75);
}
