//! The proxy A-distance against closed forms.

use foveate::adapt::proxy_a_distance;
use foveate::transfer::{Features, LearnError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::support::devices;

/// Rows about a place that lies `shift` along the first feature.
fn cloud(rows: usize, width: usize, shift: f32, seed: u64) -> Features {
    let noise = ChaCha8Rng::seed_from_u64(seed).sample_iter::<f32, _>(StandardNormal);
    let place = |i: usize| if i.is_multiple_of(width) { shift } else { 0.0 };
    let values = noise.take(rows * width).enumerate().map(|(i, value)| value + place(i));
    Features::new(values.collect(), width)
}

/// Of two Gaussians one apart, the best line is wrong for Φ(-½) = 0.3085: 0.766; two apart, for
/// Φ(-1) = 0.1587: 1.365. Counted among 1,000 rows, `err` deviates by 0.015 and the distance by 0.06: three
/// of them. The scale of a feature changes nothing.
#[test]
fn gaussians_have_their_closed_form() {
    for (shift, expected) in [(1.0, 0.766), (2.0, 1.365)] {
        for seed in 0..3 {
            let source = cloud(1000, 3, 0.0, 10 + seed);
            let target = cloud(1000, 3, shift, 20 + seed);
            let found = proxy_a_distance(&source, &target, seed).unwrap();
            assert!((found - expected).abs() < 0.18, "{shift}, {seed}: {found}");

            let scaled = |features: &Features| {
                let row = |row: &[f32]| [row[0] * 1024.0 + 4096.0, row[1] / 64.0, row[2]];
                Features::new(features.iter().flat_map(row).collect(), 3)
            };
            let same = proxy_a_distance(&scaled(&source), &scaled(&target), seed).unwrap();
            assert!((found - same).abs() < 0.01, "{found} and {same}");
            // A tenth as many rows of one domain: still each domain counts the same.
            let target = target.select(&(0..100).collect::<Vec<_>>());
            let uneven = proxy_a_distance(&source, &target, seed).unwrap();
            assert!((uneven - expected).abs() < 0.4, "{uneven}");
        }
    }
}

#[test]
fn what_is_apart_is_2_and_what_is_mixed_is_0() {
    let (source, target) = (cloud(200, 5, 0.0, 1), cloud(200, 5, 100.0, 2));
    assert_eq!(proxy_a_distance(&source, &target, 0).unwrap(), 2.0);
    // More features than rows, a little apart in each.
    let (source, target) = (cloud(60, 500, 0.0, 1), cloud(60, 500, 0.0, 2));
    let shifted = target.values().iter().map(|value| value + 1.0).collect();
    let target = Features::new(shifted, 500);
    assert_eq!(proxy_a_distance(&source, &target, 0).unwrap(), 2.0);
    let mixed = proxy_a_distance(&cloud(2000, 5, 0.0, 1), &cloud(2000, 5, 0.0, 2), 0).unwrap();
    assert!(mixed < 0.15, "{mixed}");
    // Features that are the same everywhere tell nothing: all rows are taken for one domain, or none.
    let same = |rows: usize| Features::new(vec![0.1; 2 * rows], 2);
    assert_eq!(proxy_a_distance(&same(20), &same(30), 0).unwrap(), 0.0);
}

#[test]
fn seeds_split_and_threads_change_no_bit() {
    let (source, target) = (cloud(300, 40, 0.0, 1), cloud(300, 40, 0.7, 2));
    let run = |threads, seed| {
        devices::on_threads(threads, || proxy_a_distance(&source, &target, seed).unwrap())
    };
    let found: Vec<f64> = (0..5).map(|seed| run(1, seed)).collect();
    assert!((0..5).all(|seed| run(5, seed).to_bits() == found[seed as usize].to_bits()));
    assert!(found.iter().any(|&other| other != found[0]));
}

#[test]
fn domains_that_cannot_be_measured_are_refused() {
    let rows = |rows: usize, columns| Features::new(vec![0.0; rows * columns], columns);
    let error = |source, target| proxy_a_distance(&source, &target, 0).unwrap_err();
    let one = error(rows(1, 2), rows(4, 2));
    assert!(matches!(one, LearnError::Sparse { class: 0, found: 1, needed: 2, .. }), "{one}");
    assert!(one.to_string().starts_with("class source has 1 rows of features to split"), "{one}");
    let other = error(rows(4, 2), rows(4, 3));
    assert!(matches!(other, LearnError::Dimensions { expected: 2, found: 3 }), "{other}");
    let infinite = error(Features::new(vec![f32::INFINITY; 8], 2), rows(4, 2));
    assert!(matches!(infinite, LearnError::NotFinite { .. }), "{infinite}");
}
