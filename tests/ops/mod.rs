//! The operations against burn's own, on every device.

mod batch_norm;
mod binary_cross_entropy;
mod conv2d;
mod conv_transpose2d;
mod gradient_reversal;
mod guided_relu;
mod linear;
mod lrn;
mod pool;

use foveate::burn::tensor::Tensor;
use foveate::burn::tensor::activation::{leaky_relu, relu};
use foveate::ops::Activation;

use crate::support::devices::{all, noise};

/// The values, and the largest difference there may be: 1e-4 of the largest value.
fn assert_close<const D: usize>(ours: Tensor<D>, theirs: Tensor<D>, what: &str) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let values = |tensor: Tensor<D>| tensor.into_data().iter::<f64>().collect::<Vec<_>>();
    let (ours, theirs) = (values(ours), values(theirs));
    let scale = theirs.iter().fold(0.0, |max: f64, value| max.max(value.abs()));
    let worst = ours.iter().zip(&theirs).fold(0.0, |max: f64, (a, b)| max.max((a - b).abs()));
    assert!(worst <= 1e-4 * scale, "{what}: off by {worst}, largest value {scale}");
}

const ACTIVATIONS: [Activation; 3] =
    [Activation::None, Activation::Relu, Activation::LeakyRelu(0.2)];

fn activated(tensor: Tensor<4>, activation: Activation) -> Tensor<4> {
    match activation {
        Activation::None => tensor,
        Activation::Relu => relu(tensor),
        Activation::LeakyRelu(slope) => leaky_relu(tensor, f64::from(slope)),
    }
}

fn tracked<const D: usize>(tensor: Tensor<D>, track: bool) -> Tensor<D> {
    if track { tensor.require_grad() } else { tensor }
}

/// Compares an operation on `[n, c, h, w]` and vectors with burn's: output and all gradients, on
/// every device, the constants tracked or not.
fn is_burns(
    what: &str,
    input: [usize; 4],
    vectors: &[usize],
    ours: impl Fn(Tensor<4>, &[Tensor<1>]) -> Tensor<4>,
    theirs: impl Fn(Tensor<4>, &[Tensor<1>]) -> Tensor<4>,
) {
    for chosen in all() {
        for all_tracked in [true, false] {
            let device = chosen.device.clone().autodiff();
            let input = noise(input, 1, &device).require_grad();
            let vector = |(i, len): (usize, &usize)| {
                tracked(noise([*len], 2 + i as u64, &device), all_tracked)
            };
            let vectors: Vec<Tensor<1>> = vectors.iter().enumerate().map(vector).collect();
            let what = format!("{what}, {chosen}, all tracked: {all_tracked}");
            let [ours, theirs] = [&ours as &dyn Fn(_, &[_]) -> _, &theirs].map(|operation| {
                let output: Tensor<4> = operation(input.clone(), &vectors);
                // Of some size, so that an activation's gradient is not 0 or 1 alone.
                let weights = noise(output.dims(), 9, &device);
                let gradients = (output.clone() * weights).sum().backward();
                let of_vectors: Vec<_> = vectors.iter().map(|v| v.grad(&gradients)).collect();
                (output, input.grad(&gradients).expect("of the input"), of_vectors)
            });
            assert_close(ours.0, theirs.0, &what);
            assert_close(ours.1, theirs.1, &format!("{what}: gradient of the input"));
            for (i, (ours, theirs)) in ours.2.into_iter().zip(theirs.2).enumerate() {
                assert_eq!(ours.is_some(), all_tracked, "{what}: gradient {i}");
                if let (Some(ours), Some(theirs)) = (ours, theirs) {
                    assert_close(ours, theirs, &format!("{what}: gradient {i}"));
                }
            }
        }
    }
}
