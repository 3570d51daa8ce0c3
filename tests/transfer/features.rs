//! Rows of features, in memory and on disk.

use std::fs;

use foveate::transfer::Features;

#[test]
fn features_are_rows() {
    let features = Features::new(vec![3.0, 4.0, 0.0, 0.0, 1.0, 0.0], 2);
    let unit = features.clone().l2_normalized();
    assert_eq!(unit.values(), [0.6, 0.8, 0.0, 0.0, 1.0, 0.0]);
    let both = Features::concat(&[unit, features.clone()]);
    assert_eq!(both.row(0), [0.6, 0.8, 3.0, 4.0]);
    // 1 / length is beyond f32, or below its normal numbers.
    let extremes = Features::new(vec![1e-42, 0.0, 1e-45, 1e-45, 3e38, 3e38], 2).l2_normalized();
    let half = 0.5_f32.sqrt();
    assert_eq!(extremes.values(), [1.0, 0.0, half, half, half, half]);
    assert_eq!(features.select(&[2, 0]).values(), [1.0, 0.0, 3.0, 4.0]);
    assert_eq!([features.rows(), features.columns()], [3, 2]);
    assert_eq!(Features::stack(&[features.clone(), features.clone()]).rows(), 6);
}

/// NumPy's format by another reader, and text that says each f32 exactly.
#[test]
fn features_are_saved_for_others() {
    let values = vec![0.1, -2.5e-30, 3.0, 1.0 / 3.0, 1e30, -0.0];
    let features = Features::new(values.clone(), 3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("features.npy");
    features.save_npy(&file).unwrap();
    let bytes = fs::read(&file).unwrap();
    assert_eq!(bytes.len() % 64, 24);
    let read = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(read.shape(), [2, 3]);
    let read: Vec<f32> = read.into_vec().unwrap();
    assert!(read.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));

    let file = folder.path().join("features.csv");
    features.save_csv(&file).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let read = text.lines().flat_map(|line| line.split(','));
    let read: Vec<f32> = read.map(|value| value.parse().unwrap()).collect();
    assert!(read.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert_eq!(text.lines().count(), 2);
    assert!(features.save_csv(folder.path().join("a/b.csv")).is_err());
}
