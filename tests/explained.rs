//! What the tests of explanations share.

use foveate::burn::tensor::{Device, Tensor, TensorData};
use foveate::explain::Target;
use foveate::image::Pixels;
use foveate::models::{Architecture, Classifier};

use crate::networks::{golden_folder, tensors};
use crate::{devices, real};

pub fn device() -> Device {
    devices::any()
}

/// SqueezeNet 1.1 and the first two images of val_25, pixels in [0, 1].
pub fn val_2() -> Option<(Classifier, Tensor<4>)> {
    let classifier = real::classifier(Architecture::SqueezeNet1_1, &device())?;
    let pixels = Pixels::from_images(&real::val_25()?.0[..2], &device());
    Some((classifier, pixels.tensor().clone()))
}

/// The classes of the first two images of val_25.
pub fn target() -> Target {
    Target::Classes(real::val_25().unwrap().1[..2].to_vec())
}

/// A tensor of tests/golden/perturbation.safetensors.
pub fn golden(name: &str) -> Vec<f32> {
    let file = tensors(&golden_folder().join("perturbation.safetensors"));
    file[name].iter::<f32>().collect()
}

/// Every seventh pixel of every seventh row of [n, c, 224, 224].
pub fn subsampled(map: &Tensor<4>) -> Vec<f32> {
    let values: Vec<f32> = map.to_data().iter::<f32>().collect();
    let seventh = |&(i, _): &(usize, &f32)| i % 224 % 7 == 0 && i / 224 % 224 % 7 == 0;
    values.iter().enumerate().filter(seventh).map(|(_, &value)| value).collect()
}

/// Relative distance in the 2-norm.
pub fn far(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
    let off = norm(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    assert!(off.is_finite());
    off / norm(&mut expected.iter().copied())
}

pub fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < tolerance, "{i}: {a} instead of {b}");
    }
}

/// Values between -1 and 1 from a seed.
pub fn noise(shape: [usize; 4], seed: u64) -> Tensor<4> {
    let mut state = seed;
    let values = (0..shape.iter().product::<usize>()).map(|_| {
        // Knuth's MMIX generator.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    });
    Tensor::from_data(TensorData::new(values.collect::<Vec<_>>(), shape), &device())
}

/// A model of two classes, whose scores are the sum of the input, and the sum of the input times
/// weights, which are given.
pub fn linear([c, h, w]: [usize; 3]) -> (impl Fn(Tensor<4>) -> Tensor<2>, Vec<f32>) {
    let weights = noise([1, c, h, w], 77);
    let values = weights.to_data().iter::<f32>().collect();
    let model = move |x: Tensor<4>| {
        let sum = |x: Tensor<4>| x.flatten::<2>(1, 3).sum_dim(1);
        Tensor::cat(vec![sum(x.clone()), sum(x * weights.clone())], 1)
    };
    (model, values)
}
