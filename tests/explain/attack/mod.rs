//! Attacks: against closed forms, captum, and what they promise.

mod captum;
mod error;
mod fooling;
mod linear_optimum;
mod result;
mod run;

use foveate::burn::tensor::{Tensor, TensorData};
use foveate::explain::attack::{AttackResult, Goal};
use foveate::image::Pixels;
use foveate::models::{Architecture, Classifier};

use crate::support::close::values_of;
use crate::support::devices::any;
use crate::support::real::classifier;

/// `[n, 3, 2, 2]`
fn pixels(values: &[f32]) -> Pixels {
    let shape = [values.len() / 12, 3, 2, 2];
    Pixels::new(Tensor::from_data(TensorData::new(values.to_vec(), shape), &any()))
}

/// Two images, far enough from 0 and 1 for small changes.
fn inner() -> Pixels {
    pixels(&std::array::from_fn::<_, 24, _>(|i| 0.4 + 0.2 * (i as f32 * 1.7).sin()))
}

/// Two images with black, white and odd values.
fn outer() -> Pixels {
    let values = [0.0, 1.0, 0.1, 1.0 / 3.0, 0.999_999_94, 1e-9, 0.7, 0.5, 1.0, 0.0, 0.25, 0.9];
    pixels(&[values, values.map(|value| 1.0 - value)].concat())
}

const W: [[f32; 12]; 3] = [
    [0.5, -1.0, 0.3, 0.8, -0.2, 0.9, -0.7, 0.4, 0.1, -0.6, 1.1, -0.3],
    [-0.4, 0.2, 0.7, -0.9, 0.6, -0.1, 0.5, -0.8, 0.3, 0.2, -0.5, 1.0],
    [0.1, 0.6, -0.8, 0.2, -0.5, 0.4, 0.9, -0.3, -1.2, 0.7, 0.3, -0.4],
];
const BIAS: [f32; 3] = [0.3, 0.0, -0.2];

/// The first `classes` rows of W as a model.
fn linear(classes: usize) -> impl Fn(Tensor<4>) -> Tensor<2> {
    move |x| {
        let device = x.device();
        let w = TensorData::new(W[..classes].concat(), [classes, 12]);
        let bias = Tensor::<1>::from_floats(&BIAS[..classes], &device).reshape([1, classes]);
        x.flatten::<2>(1, 3).matmul(Tensor::<2>::from_data(w, &device).transpose()) + bias
    }
}

/// A model with bends, for which gradients change from place to place.
fn bent(x: Tensor<4>) -> Tensor<2> {
    linear(3)(x.clone() * 3.0).sin() + linear(3)(x.square()) * 0.5
}

fn found<M: Fn(Tensor<4>) -> Tensor<2>>(model: &M, pixels: &Pixels) -> Vec<usize> {
    let logits = model(pixels.tensor().clone());
    let classes = logits.dims()[1];
    let best = |row: &[f32]| (0..classes).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    values_of(&logits).chunks(classes).map(best).collect()
}

fn change(attacked: &AttackResult) -> Vec<f32> {
    values_of(&(attacked.adversarial.tensor().clone() - attacked.original.tensor().clone()))
}

fn goal(untargeted: bool, own: &[usize]) -> Goal {
    match untargeted {
        true => Goal::Untargeted(own.to_vec()),
        false => Goal::Targeted(own.iter().map(|class| (class + 1) % 3).collect()),
    }
}

fn squeezenet() -> Option<Classifier> {
    classifier(Architecture::SqueezeNet1_1, &any())
}
