//! Convolutions against burn's.

use foveate::burn::tensor::activation::leaky_relu;
use foveate::burn::tensor::{DType, Device, Gradients, Tensor, module};
use foveate::ops::{self, Activation, ConvOptions};

use super::{ACTIVATIONS, activated, assert_close, tracked};
use crate::support::devices::{self, all, is_slow, noise};

/// A convolution: input, weight, options.
struct Case {
    input: [usize; 4],
    weight: [usize; 4],
    options: ConvOptions<2>,
}

fn case(input: [usize; 4], weight: [usize; 4], [s, p, d, groups]: [usize; 4]) -> Case {
    Case { input, weight, options: ConvOptions::new([s; 2], [p; 2], [d; 2], groups) }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case([2, 3, 9, 11], [5, 3, 3, 3], [1, 1, 1, 1]),
        case([1, 16, 14, 14], [32, 16, 1, 1], [1, 0, 1, 1]),
        case([2, 3, 23, 20], [8, 3, 7, 7], [2, 3, 1, 1]),
        case([1, 6, 12, 12], [9, 2, 3, 3], [2, 1, 1, 3]),
        case([3, 4, 10, 10], [4, 1, 3, 3], [1, 1, 1, 4]),
        case([1, 4, 15, 15], [6, 4, 3, 3], [1, 2, 2, 1]),
        case([2, 5, 7, 7], [3, 5, 2, 2], [2, 0, 1, 1]),
    ];
    // What the kernels decline: sides padded differently.
    let options = ConvOptions::new_with_padding([1, 2], [(0, 1), (2, 1)], [1, 1], 1);
    cases.push(Case { input: [2, 3, 9, 9], weight: [4, 3, 4, 4], options });
    cases
}

/// Output, and gradients of input, weight and bias where they are there.
type Run = (Tensor<4>, [Option<Tensor<4>>; 2], Option<Tensor<1>>);

/// Runs a convolution and, if anything is tracked, back from a weighted sum of its output.
fn run(
    case: &Case,
    bias: bool,
    track: [bool; 3],
    device: &Device,
    conv: impl Fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>) -> Tensor<4>,
) -> Run {
    let device = device.clone().autodiff();
    let input = tracked(noise(case.input, 1, &device), track[0]);
    let weight = tracked(noise(case.weight, 2, &device), track[1]);
    let bias = bias.then(|| tracked(noise([case.weight[0]], 3, &device), track[2]));
    let output = conv(input.clone(), weight.clone(), bias.clone());
    if !track.contains(&true) {
        return (output, [None, None], None);
    }
    let weights = noise(output.dims(), 4, &device);
    let gradients: Gradients = (output.clone() * weights).sum().backward();
    let bias = bias.and_then(|bias| bias.grad(&gradients));
    (output, [input.grad(&gradients), weight.grad(&gradients)], bias)
}

/// Compares outputs and gradients of ours and burn's convolution.
fn compare(
    case: &Case,
    bias: bool,
    activation: Activation,
    track: [bool; 3],
    device: &Device,
    what: &str,
) {
    let what = format!(
        "{what}: {:?} * {:?}, {:?}, {activation:?}, bias {bias}, tracked {track:?}",
        case.input, case.weight, case.options
    );
    let (ours, our_gradients, our_bias) = run(case, bias, track, device, |input, weight, bias| {
        ops::conv2d(input, weight, bias, case.options.clone(), activation)
    });
    let (theirs, their_gradients, their_bias) =
        run(case, bias, track, device, |input, weight, bias| {
            activated(module::conv2d(input, weight, bias, case.options.clone()), activation)
        });
    assert_close(ours, theirs, &what);
    for (i, (ours, theirs)) in our_gradients.into_iter().zip(their_gradients).enumerate() {
        let name = ["input", "weight"][i];
        assert_eq!((ours.is_some(), theirs.is_some()), (track[i], track[i]), "{what}: {name}");
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            assert_close(ours, theirs, &format!("{what}: gradient of the {name}"));
        }
    }
    assert_eq!(our_bias.is_some(), their_bias.is_some(), "{what}: bias");
    if let (Some(ours), Some(theirs)) = (our_bias, their_bias) {
        assert_close(ours, theirs, &format!("{what}: gradient of the bias"));
    }
}

#[test]
fn conv2d_is_burns() {
    for chosen in all() {
        for (i, case) in cases().iter().enumerate() {
            for bias in [false, true] {
                // Plain, grouped with stride, and padded on one side, each with or without a bias.
                if is_slow(chosen) && (![0, 3, 7].contains(&i) || bias != (i == 3)) {
                    continue;
                }
                let activation = ACTIVATIONS[(i + usize::from(bias)) % 3];
                let device = &chosen.device;
                compare(case, bias, activation, [true; 3], device, &chosen.description);
            }
        }
    }
}

#[test]
fn conv2d_computes_the_gradients_asked_for() {
    let case = &cases()[0];
    for chosen in all() {
        for tracked in 0..8 {
            let tracked = [tracked & 1, tracked & 2, tracked & 4].map(|bit| bit != 0);
            let relu = Activation::Relu;
            compare(case, true, relu, tracked, &chosen.device, &chosen.description);
        }
    }
}

#[test]
fn conv2d_takes_tensors_of_a_device_without_autodiff_as_constants() {
    let case = &cases()[0];
    for chosen in all() {
        let input = noise(case.input, 1, &chosen.device.clone().autodiff()).require_grad();
        let weight = noise(case.weight, 2, &chosen.device);
        let conv = |input: Tensor<4>| {
            ops::conv2d(input, weight.clone(), None, case.options.clone(), Activation::Relu)
        };
        let output = conv(input.clone());
        assert_close(output.clone().inner(), conv(input.clone().inner()), &chosen.description);
        assert!(input.grad(&output.sum().backward()).is_some(), "{chosen}");
    }
}

#[test]
fn conv2d_of_other_layouts() {
    for chosen in all() {
        let device = &chosen.device;
        // Rows and columns swapped, and a part of a larger tensor.
        let input = noise([2, 3, 11, 9], 1, device).swap_dims(2, 3);
        let part = noise([4, 3, 9, 11], 2, device).slice_dim(0, 1..3);
        let weight = noise([3, 5, 3, 3], 3, device).swap_dims(0, 1);
        let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        for input in [input, part] {
            let ours =
                ops::conv2d(input.clone(), weight.clone(), None, options.clone(), Activation::None);
            let theirs = module::conv2d(input, weight.clone(), None, options.clone());
            assert_close(ours, theirs, &chosen.description);
        }
    }
}

#[test]
fn conv2d_of_doubles_is_burns() {
    let case = &cases()[0];
    for chosen in all() {
        if chosen.description.starts_with("wgpu") {
            continue; // has no f64
        }
        let device = chosen.device.clone().autodiff();
        let input = noise(case.input, 1, &device).cast(DType::F64).require_grad();
        let weight = noise(case.weight, 2, &device).cast(DType::F64).require_grad();
        let relu = Activation::LeakyRelu(0.1);
        let output = ops::conv2d(input.clone(), weight.clone(), None, case.options.clone(), relu);
        assert_eq!(output.dtype(), DType::F64, "{chosen}");
        let theirs = module::conv2d(input.clone(), weight.clone(), None, case.options.clone());
        assert_close(output.clone(), leaky_relu(theirs, 0.1), &chosen.description);
        let gradients = output.sum().backward();
        let gradient = input.grad(&gradients).unwrap();
        assert_eq!(gradient.dtype(), DType::F64, "{chosen}");
        assert!(weight.grad(&gradients).is_some(), "{chosen}");
    }
}

#[test]
fn conv2d_of_no_images() {
    for chosen in all() {
        if chosen.description.starts_with("wgpu") {
            continue; // takes no empty tensors
        }
        let input = Tensor::zeros([0, 3, 8, 8], &chosen.device);
        let weight = noise([4, 3, 3, 3], 2, &chosen.device);
        let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        let output = ops::conv2d(input, weight, None, options, Activation::Relu);
        assert_eq!(output.dims(), [0, 4, 8, 8], "{chosen}");
    }
}

#[test]
#[should_panic = "has no weight"]
fn conv2d_names_channels_that_do_not_fit() {
    let device = devices::any();
    let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
    let (input, weight) = (noise([1, 3, 8, 8], 1, &device), noise([4, 2, 3, 3], 2, &device));
    ops::conv2d(input, weight, None, options, Activation::None);
}
