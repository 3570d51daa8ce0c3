//! Noise, samples, and images of samples.

use foveate::burn::tensor::Tensor;
use foveate::data::Images;
use foveate::generate::{Interpolation, Noise, interpolate, sample};

use super::{cgan, images};
use crate::support::close::{difference, values};
use crate::support::devices;

#[test]
fn samples_follow_their_noise_and_labels() {
    let device = devices::any();
    let (generator, _) = cgan(true, &device);
    let rows = Noise::Normal.rows(300, 16, 3);
    assert_eq!(rows[..160], Noise::Normal.rows(10, 16, 3), "a row does not depend on the count");
    let labels: Vec<usize> = (0..300).map(|i| i % 10).collect();
    let all = sample(&generator, &rows, &labels);
    assert_eq!((all.len(), all.channels, all.height, &all.labels), (300, 1, 32, &labels));
    // In batches, as one by one.
    let last = sample(&generator, &rows[299 * 16..], &labels[299..]);
    assert_eq!(last.bytes(0), all.bytes(299));
    assert_ne!(sample(&generator, &rows[299 * 16..], &[0]).bytes(0), all.bytes(299));

    let mean = rows.iter().map(|&x| f64::from(x)).sum::<f64>() / 4800.0;
    let square = rows.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 4800.0;
    // Five standard errors.
    assert!(mean.abs() < 5.0 / 4800_f64.sqrt(), "{mean}");
    assert!((square - 1.0).abs() < 5.0 * (2.0 / 4800_f64).sqrt(), "{square}");
    assert!(Noise::Uniform.rows(300, 16, 3).iter().all(|x| (-1.0..1.0).contains(x)));
}

#[test]
fn ways_between_noises() {
    let (from, to) = (vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]);
    let line = interpolate(&from, &to, 3, Interpolation::Linear);
    assert_eq!(line, [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0, 0.0]);
    let circle = interpolate(&from, &to, 3, Interpolation::Spherical);
    let half = 0.5_f32.sqrt();
    for (found, expected) in circle.iter().zip([1.0, 0.0, 0.0, half, half, 0.0, 0.0, 1.0, 0.0]) {
        assert!((found - expected).abs() < 1e-6, "{circle:?}");
    }
    // The same twice: no circle.
    assert_eq!(
        interpolate(&from, &from, 2, Interpolation::Spherical),
        [from.clone(), from].concat()
    );
}

/// Bytes to -1 ... 1 and back; side by side, row by row.
#[test]
fn images_from_generators() {
    let device = devices::any();
    let set = images(3);
    let signed = set.signed(&[2, 0], &device);
    let expected = |at: usize| set.bytes(at).iter().map(|&byte| f32::from(byte) / 127.5 - 1.0);
    let expected: Vec<f32> = expected(2).chain(expected(0)).collect();
    assert!(difference(&values(signed.clone().into_data()), &expected) < 1e-6);
    let back = Images::from_signed(signed);
    assert_eq!([back.bytes(0), back.bytes(1)], [set.bytes(2), set.bytes(0)]);
    assert_eq!((back.height, back.width, back.channels), (32, 32, 1));
    // Beyond the range they are cut off.
    let beyond = Tensor::<4>::from_data([[[[-3.0, 3.0]]]], &device);
    assert_eq!(Images::from_signed(beyond).pixels, [0, 255]);

    let grid = set.grid(2);
    assert_eq!(grid.dimensions(), (64, 64));
    for (at, [x, y]) in [[0, 0], [32, 0], [0, 32]].into_iter().enumerate() {
        let tile = |i: u32| grid.get_pixel(x + i % 32, y + i / 32)[0];
        assert!((0..1024).map(tile).eq(set.bytes(at).iter().copied()));
    }
    assert!((32..64).all(|i| grid.get_pixel(i, i)[0] == 0), "no image is the last");
}
