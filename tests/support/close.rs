//! Values, and how close they are.

use foveate::burn::tensor::{Tensor, TensorData};

pub fn values(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}

pub fn values_of<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    values(tensor.to_data())
}

/// The largest difference, over the largest value expected.
///
/// # Panics
///
/// If a value is not finite: maxima pass over NaN.
pub fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    difference(found, expected) / largest
}

/// The largest difference; panics as [`relative_error`].
pub fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().chain(expected).all(|value| value.is_finite()), "a value is not finite");
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// `|found - expected| / |expected|`, in L2 norm.
///
/// # Panics
///
/// If the difference is not finite.
pub fn distance(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let off = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    assert!(off.is_finite());
    off / norm(&mut expected.iter().map(|&x| f64::from(x)))
}

pub fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < tolerance, "{i}: {a} instead of {b}");
    }
}
