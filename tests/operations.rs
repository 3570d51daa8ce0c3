//! The operations against burn's own, on every device.

use foveate::burn::nn::pool::MaxPool2dConfig;
use foveate::burn::nn::{LocalResponseNormConfig, PaddingConfig2d};
use foveate::burn::tensor::activation::{leaky_relu, relu};
use foveate::burn::tensor::module;
use foveate::burn::tensor::{DType, Device, Gradients, Tensor};
use foveate::ops::{
    self, Activation, BatchNormMode, ConvOptions, ConvTransposeOptions, Lrn, Window,
};

use crate::devices::{all, is_slow, noise};

/// The values, and the largest difference there may be: 1e-4 of the largest value.
fn assert_close<const D: usize>(ours: Tensor<D>, theirs: Tensor<D>, what: &str) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let values = |tensor: Tensor<D>| tensor.into_data().iter::<f64>().collect::<Vec<_>>();
    let (ours, theirs) = (values(ours), values(theirs));
    let scale = theirs.iter().fold(0.0, |max: f64, value| max.max(value.abs()));
    let worst = ours.iter().zip(&theirs).fold(0.0, |max: f64, (a, b)| max.max((a - b).abs()));
    assert!(worst <= 1e-4 * scale, "{what}: off by {worst}, largest value {scale}");
}

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
    let device = crate::devices::any();
    let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
    let (input, weight) = (noise([1, 3, 8, 8], 1, &device), noise([4, 2, 3, 3], 2, &device));
    ops::conv2d(input, weight, None, options, Activation::None);
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

#[test]
fn conv_transpose2d_is_burns() {
    let cases = [
        ([2, 6, 5, 4], [6, 3, 4, 4], ConvTransposeOptions::new([2; 2], [1; 2], [0; 2], [1; 2], 1)),
        ([1, 8, 1, 1], [8, 5, 4, 4], ConvTransposeOptions::new([1; 2], [0; 2], [0; 2], [1; 2], 1)),
        ([2, 4, 5, 5], [4, 2, 3, 3], ConvTransposeOptions::new([2; 2], [1; 2], [1; 2], [1; 2], 2)),
        ([1, 3, 6, 7], [3, 4, 3, 2], ConvTransposeOptions::new([3; 2], [2; 2], [0; 2], [2; 2], 1)),
    ];
    for (i, (input, weight, options)) in cases.into_iter().enumerate() {
        let channels = weight[1] * options.groups;
        let activation = ACTIVATIONS[i % 3];
        is_burns(
            &format!("{input:?} * {weight:?}, {options:?}, {activation:?}"),
            input,
            &[weight.iter().product(), channels],
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape(weight), Some(v[1].clone()));
                ops::conv_transpose2d(x, weight, bias, options.clone(), activation)
            },
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape(weight), Some(v[1].clone()));
                activated(module::conv_transpose2d(x, weight, bias, options.clone()), activation)
            },
        );
    }
}

#[test]
fn linear_is_burns() {
    for (i, [batch, inputs, outputs]) in
        [[1, 300, 70], [5, 64, 10], [40, 30, 20]].into_iter().enumerate()
    {
        let activation = ACTIVATIONS[i];
        let four = |y: Tensor<2>| y.reshape([batch, outputs, 1, 1]);
        is_burns(
            &format!("{batch} x {inputs} * {outputs}, {activation:?}"),
            [batch, inputs, 1, 1],
            &[inputs * outputs, outputs],
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape([inputs, outputs]), v[1].clone());
                four(ops::linear(x.flatten(1, 3), weight, Some(bias), activation))
            },
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape([inputs, outputs]), v[1].clone());
                let x: Tensor<2> = x.flatten(1, 3);
                activated(four(module::linear(x, weight, Some(bias))), activation)
            },
        );
    }
}

#[test]
fn pooling_is_burns() {
    for (kernel, stride, padding, ceil_mode) in
        [(2, 2, 0, false), (3, 2, 0, true), (3, 2, 1, false), (3, 1, 1, true), (2, 3, 1, false)]
    {
        let window = Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [1; 2],
            ceil_mode,
        };
        let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
        let pool = MaxPool2dConfig::new(window.kernel)
            .with_strides(window.stride)
            .with_padding(padding)
            .with_ceil_mode(ceil_mode)
            .init();
        is_burns(
            &format!("{window:?}"),
            [2, 3, 12, 15],
            &[],
            |x, _| ops::max_pool2d(x, window),
            |x, _| pool.forward(x),
        );
    }
    for output in [[1, 1], [7, 7], [3, 5]] {
        is_burns(
            &format!("to {output:?}"),
            [2, 3, 14, 11],
            &[],
            |x, _| ops::adaptive_avg_pool2d(x, output),
            |x, _| module::adaptive_avg_pool2d(x, output),
        );
    }
}

#[test]
fn batch_norm_is_burns() {
    for (i, input) in [[4, 3, 5, 7], [2, 6, 14, 14], [9, 5, 1, 1]].into_iter().enumerate() {
        let (channels, activation) = (input[1], ACTIVATIONS[i]);
        is_burns(
            &format!("{input:?}, in training, {activation:?}"),
            input,
            &[channels; 2],
            |x, v| {
                let numbers = ops::batch_statistics(x.clone());
                let [gamma, beta] = [0, 1].map(|i| v[i].clone());
                ops::batch_norm(x, gamma, beta, numbers, BatchNormMode::Batch, 1e-5, activation)
            },
            |x, v| {
                let output = module::batch_norm_train(x, v[0].clone(), v[1].clone(), 1e-5).output;
                activated(output, activation)
            },
        );
        let numbers =
            |device: &Device| [noise([channels], 5, device), noise([channels], 6, device).abs()];
        is_burns(
            &format!("{input:?}, {activation:?}"),
            input,
            &[channels; 2],
            |x, v| {
                let numbers = numbers(&x.device());
                let [gamma, beta] = [0, 1].map(|i| v[i].clone());
                ops::batch_norm(x, gamma, beta, numbers, BatchNormMode::Given, 1e-2, activation)
            },
            |x, v| {
                let [mean, variance] = numbers(&x.device());
                let (gamma, beta) = (v[0].clone(), v[1].clone());
                let output = module::batch_norm(x, gamma, beta, mean, variance, 1e-2);
                activated(output, activation)
            },
        );
    }
}

#[test]
fn lrn_is_burns() {
    for (size, beta) in [(5, 0.75), (3, 0.6), (1, 0.75)] {
        // A larger alpha than is usual, for the sum to count.
        let constants = Lrn { size, alpha: 0.5, beta, k: 1.5 };
        let layer =
            LocalResponseNormConfig::new(size).with_alpha(0.5).with_beta(beta).with_k(1.5).init();
        is_burns(
            &format!("{constants:?}"),
            [2, 7, 5, 6],
            &[],
            |x, _| ops::lrn(x, constants),
            |x, _| layer.forward(x),
        );
    }
}

/// `max(x, 0)`, and the gradient by the definitions, for inputs and gradients of both signs.
#[test]
fn guided_relu() {
    for chosen in all() {
        let x = noise([2, 3, 4, 5], 40, &chosen.device);
        let arriving = noise([2, 3, 4, 5], 41, &chosen.device);
        let positive = |tensor: &Tensor<4>| tensor.clone().greater_scalar(0.0).float();
        for guided in [true, false] {
            let input = x.clone().autodiff().require_grad();
            let output = ops::guided_relu(input.clone(), guided);
            assert_close(output.clone().inner(), relu(x.clone()), "values");
            let gradient = input.grad(&(output * arriving.clone()).sum().backward()).unwrap();
            let expected = arriving.clone() * positive(&arriving);
            let expected = if guided { expected * positive(&x) } else { expected };
            assert_close(gradient, expected, &format!("guided {guided} on {chosen}"));
            assert!(!ops::guided_relu(x.clone(), guided).is_tracked());
        }
    }
}
