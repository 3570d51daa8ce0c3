//! Nearest neighbors.

use foveate::generate::metrics::{Features, nearest};

use super::{changed, normal};

/// Against every distance by itself, over several strips and tiles.
#[test]
fn nearest_rows_are_found() {
    let (a, b) = (normal(1, 300, 7), normal(2, 1100, 7));
    let far = |features: &Features| changed(features, |_, value| value + 100.0);
    for (a, b) in [(far(&a), far(&b)), (b.clone(), a.clone()), (a, b)] {
        let found = nearest(&a, &b).unwrap();
        assert_eq!(found.len(), a.rows());
        for (row, found) in a.iter().zip(found) {
            let distance = |other: &[f32]| -> f64 {
                let pairs = row.iter().zip(other);
                pairs.map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum::<f64>().sqrt()
            };
            let least = b.iter().map(distance).fold(f64::INFINITY, f64::min);
            assert_eq!(found.distance, distance(b.row(found.row)));
            assert!(found.distance <= least * (1.0 + 1e-7), "{found:?} for {least}");
        }
    }
}
