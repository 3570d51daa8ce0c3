//! Precision, recall, density and coverage.

use foveate::generate::metrics::{Features, Prdc};

use super::{CASES, Golden, changed, normal};

/// Counts: equal, also where many distances are.
#[test]
fn prdc_equals_the_published_code() {
    let golden = Golden::read();
    for case in CASES {
        let [real, generated] = golden.pair(case);
        for k in [1, 3, Prdc::NEAREST_K] {
            let Prdc { precision, recall, density, coverage } =
                Prdc::of(&real, &generated, k).unwrap();
            golden.assert(&format!("{case}.precision.{k}"), precision, 1e-12);
            golden.assert(&format!("{case}.recall.{k}"), recall, 1e-12);
            golden.assert(&format!("{case}.density.{k}"), density, 1e-12);
            golden.assert(&format!("{case}.coverage.{k}"), coverage, 1e-12);
        }
    }
}

/// Balls are open: of pairs at 0 and 10, samples at just their radius of 1 are in none. Those in turn
/// have radii of 3 and 7.
#[test]
fn prdc_counts_no_row_on_the_rim() {
    let real = Features::new(vec![0.0, 1.0, 10.0, 11.0], 1);
    let found = Prdc::of(&real, &Features::new(vec![-1.0, 2.0, 5.0, 12.0], 1), 1).unwrap();
    let expected = Prdc { precision: 0.0, recall: 1.0, density: 0.0, coverage: 0.0 };
    assert_eq!(found, expected);
    // Inside one ball, that of 10, and inside two, those of 0 and 1.
    let found = Prdc::of(&real, &Features::new(vec![9.5, 0.5], 1), 1).unwrap();
    let expected = Prdc { precision: 1.0, recall: 1.0, density: 1.5, coverage: 0.75 };
    assert_eq!(found, expected);
    // Their balls, of 2.5, hold the one at 10.
    let found = Prdc::of(&real, &Features::new(vec![5.5, 8.0], 1), 1).unwrap();
    let expected = Prdc { precision: 0.0, recall: 0.25, density: 0.0, coverage: 0.0 };
    assert_eq!(found, expected);
}

/// Two sets of one distribution: density 1, coverage `1 - 2^-k`, within a few standard errors.
#[test]
fn prdc_of_equal_distributions_is_as_expected() {
    let found = Prdc::of(&normal(1, 3000, 8), &normal(2, 3000, 8), 5).unwrap();
    println!("{found:?}");
    assert!((found.density - 1.0).abs() < 0.05, "{found:?}");
    assert!((found.coverage - (1.0 - 1.0 / 32.0)).abs() < 0.01, "{found:?}");
    // One mode of two: all of it real, half of the data left out.
    let two =
        changed(&normal(1, 1000, 8), |at, value| value + if at / 8 % 2 == 0 { 20.0 } else { 0.0 });
    let found = Prdc::of(&two, &normal(3, 1000, 8), 5).unwrap();
    println!("{found:?}");
    assert!(found.precision > 0.9 && (0.4..=0.5).contains(&found.recall), "{found:?}");
    assert!((0.4..=0.5).contains(&found.coverage), "{found:?}");
}
