//! The proxy A-distance against closed forms.

use foveate::adapt::proxy_a_distance;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Rows about a place that lies `shift` along the first feature.
fn cloud(rows: usize, width: usize, shift: f32, seed: u64) -> Vec<f32> {
    let noise = ChaCha8Rng::seed_from_u64(seed).sample_iter::<f32, _>(StandardNormal);
    let place = |i: usize| if i.is_multiple_of(width) { shift } else { 0.0 };
    noise.take(rows * width).enumerate().map(|(i, value)| value + place(i)).collect()
}

/// Of two Gaussians one apart, the best line is wrong for Φ(-½) = 0.3085: 0.766; two apart, for
/// Φ(-1) = 0.1587: 1.365. Counted among 1,000 rows, `err` deviates by 0.015 and the distance by 0.06: three
/// of them. The scale of a feature changes nothing.
#[test]
fn gaussians_have_their_closed_form() {
    for (shift, expected) in [(1.0, 0.766), (2.0, 1.365)] {
        for seed in 0..3 {
            let source = cloud(1000, 3, 0.0, 10 + seed);
            let mut target = cloud(1000, 3, shift, 20 + seed);
            let found = proxy_a_distance(&source, &target, 3, seed);
            assert!((found - expected).abs() < 0.18, "{shift}, {seed}: {found}");

            let scaled = |values: &[f32]| -> Vec<f32> {
                let row = |row: &[f32]| [row[0] * 1024.0 + 4096.0, row[1] / 64.0, row[2]];
                values.chunks_exact(3).flat_map(row).collect()
            };
            let same = proxy_a_distance(&scaled(&source), &scaled(&target), 3, seed);
            assert!((found - same).abs() < 0.01, "{found} and {same}");
            // A tenth as many rows of one domain: still each domain counts the same.
            target.truncate(300);
            let uneven = proxy_a_distance(&source, &target, 3, seed);
            assert!((uneven - expected).abs() < 0.4, "{uneven}");
        }
    }
}

#[test]
fn what_is_apart_is_2_and_what_is_mixed_is_0() {
    let (source, target) = (cloud(200, 5, 0.0, 1), cloud(200, 5, 100.0, 2));
    assert_eq!(proxy_a_distance(&source, &target, 5, 0), 2.0);
    // More features than rows, a little apart in each.
    let (source, target) = (cloud(60, 500, 0.0, 1), cloud(60, 500, 0.0, 2));
    let target: Vec<f32> = target.iter().map(|value| value + 1.0).collect();
    assert_eq!(proxy_a_distance(&source, &target, 500, 0), 2.0);
    let mixed = proxy_a_distance(&cloud(2000, 5, 0.0, 1), &cloud(2000, 5, 0.0, 2), 5, 0);
    assert!(mixed < 0.15, "{mixed}");
    // Features that are the same everywhere tell nothing: all rows are taken for one domain, or none.
    assert_eq!(proxy_a_distance(&[0.1; 40], &[0.1; 60], 2, 0), 0.0);
}

#[test]
fn seeds_split_and_threads_change_no_bit() {
    let (source, target) = (cloud(300, 40, 0.0, 1), cloud(300, 40, 0.7, 2));
    let run = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| proxy_a_distance(&source, &target, 40, seed))
    };
    let found: Vec<f64> = (0..5).map(|seed| run(1, seed)).collect();
    assert!((0..5).all(|seed| run(5, seed).to_bits() == found[seed as usize].to_bits()));
    assert!(found.iter().any(|&other| other != found[0]));
}

#[test]
#[should_panic(expected = "two rows or more")]
fn one_row_cannot_be_split() {
    proxy_a_distance(&[0.0; 2], &[0.0; 8], 2, 0);
}
