//! The Fréchet distance (FID).

use foveate::generate::metrics::{FeatureMoments, frechet_distance, frechet_distance_of};

use super::{CASES, Golden};

/// All in f64 from the same f32 features, by different roots: rounding.
#[test]
fn frechet_distance_equals_torch_fidelity() {
    let golden = Golden::read();
    for case in CASES {
        let [a, b] = golden.pair(case);
        let found = frechet_distance(&a, &b).unwrap();
        golden.assert(&format!("{case}.fid"), found, 1e-10);
        golden.assert(&format!("{case}.fid_sqrtm"), found, 1e-10);
    }
}

fn gaussian(mean: &[f64], covariance: &[f64]) -> FeatureMoments {
    FeatureMoments { mean: mean.to_vec(), covariance: covariance.to_vec(), count: 1000 }
}

fn diagonal(values: &[f64]) -> Vec<f64> {
    let at = |i, j| if i == j { values[i] } else { 0.0 };
    (0..values.len()).flat_map(|i| (0..values.len()).map(move |j| at(i, j))).collect()
}

/// `Q M Qᵀ` with the reflection `Q = I - 2 u uᵀ` along a vector.
fn reflected(matrix: &[f64], along: &[f64]) -> Vec<f64> {
    let size = along.len();
    let square: f64 = along.iter().map(|value| value * value).sum();
    let q = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * along[i] * along[j] / square;
    let entry = |i: usize, j: usize| -> f64 {
        let pairs = (0..size).flat_map(|k| (0..size).map(move |l| (k, l)));
        pairs.map(|(k, l)| q(i, k) * matrix[k * size + l] * q(j, l)).sum()
    };
    (0..size).flat_map(|i| (0..size).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
}

/// Of covariances with the same eigenvectors: `|μ₁ - μ₂|² + Σ (√a - √b)²`.
#[test]
fn gaussians_have_their_closed_form() {
    let (a, b) = ([4.0, 1.0, 0.25, 9.0, 1e-6, 0.0], [1.0, 1.0, 4.0, 2.0, 1e-2, 3.0]);
    let (left, right) = ([1.0, 2.0, 0.0, -1.0, 0.5, 3.0], [0.0, 2.0, 0.5, 1.0, 0.5, -1.0]);
    let mut expected = 1.0 + 0.25 + 4.0 + 16.0;
    for (a, b) in a.iter().zip(&b) {
        expected += (f64::sqrt(*a) - f64::sqrt(*b)).powi(2);
    }
    let (a, b) = (diagonal(&a), diagonal(&b));
    let found = frechet_distance_of(&gaussian(&left, &a), &gaussian(&right, &b));
    println!("diagonal: {:.1e}", found - expected);
    assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    let along = [0.3, -1.0, 2.0, 0.7, 0.1, -0.4];
    let (a, b) = (reflected(&a, &along), reflected(&b, &along));
    let found = frechet_distance_of(&gaussian(&left, &a), &gaussian(&right, &b));
    println!("rotated: {:.1e}", found - expected);
    assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
}

/// Of covariances that do not commute, in two dimensions: the roots of the eigenvalues of `S₁ S₂` add up
/// to `√(tr S₁ S₂ + 2 √(det S₁ det S₂))`.
#[test]
fn gaussians_across_one_another_have_their_closed_form() {
    let (a, b) = ([2.0, 0.6, 0.6, 1.0], [1.0, -0.9, -0.9, 3.0]);
    let determinant = |m: &[f64; 4]| m[0] * m[3] - m[1] * m[2];
    let product = a[0] * b[0] + a[1] * b[2] + a[2] * b[1] + a[3] * b[3];
    let root = (product + 2.0 * (determinant(&a) * determinant(&b)).sqrt()).sqrt();
    let expected = 1.0 + 3.0 + 4.0 - 2.0 * root;
    let found = frechet_distance_of(&gaussian(&[0.0, 1.0], &a), &gaussian(&[0.0, 0.0], &b));
    assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    let swapped = frechet_distance_of(&gaussian(&[0.0, 0.0], &b), &gaussian(&[0.0, 1.0], &a));
    assert!((found - swapped).abs() < 1e-12, "{found} and {swapped}");
}

#[test]
#[should_panic(expected = "statistics of equally many columns")]
fn statistics_are_of_equal_columns() {
    frechet_distance_of(&gaussian(&[0.0], &[1.0]), &gaussian(&[0.0; 2], &diagonal(&[1.0; 2])));
}
