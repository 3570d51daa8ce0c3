//! The convolution against its formula in f64, on every instruction set of this processor.

mod common;

use common::Random;
use foveate_kernels::{
    Activation, Algorithm, Conv2d, Isa, Plan, conv_transpose2d, conv2d, conv2d_input_gradient,
    conv2d_weight_gradient, with_isa,
};

fn spec(random: &mut Random) -> Conv2d {
    let groups = [1, 1, 1, 2, 3][random.below(5)];
    Conv2d {
        batch: 1 + random.below(3),
        channels_in: groups * (1 + random.below(40)),
        channels_out: groups * (1 + random.below(70)),
        input: [1 + random.below(30), 1 + random.below(40)],
        kernel: [1 + random.below(5), 1 + random.below(5)],
        stride: [1 + random.below(3), 1 + random.below(3)],
        padding: [random.below(4), random.below(4)],
        dilation: [1 + random.below(2), 1 + random.below(2)],
        groups,
    }
}

fn available() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| {
        if !isa.is_available() {
            eprintln!("SKIPPED: this processor has no {isa:?}");
        }
        isa.is_available()
    })
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Direct, Algorithm::Winograd2, Algorithm::Winograd4];

/// Calls `f` with the places in input, weight and output of every product of the convolution: the
/// formula, output[n, o, y, x] = sum over c, i, j of
/// input[n, c, y * stride + i * dilation - padding, x ...] * weight[o, c, i, j].
fn products(spec: &Conv2d, mut f: impl FnMut(usize, usize, usize)) {
    let ([h, w], [kh, kw], [oh, ow]) = (spec.input, spec.kernel, spec.output());
    let (ci, co) = (spec.channels_in / spec.groups, spec.channels_out / spec.groups);
    let inside = |axis: usize, out: usize, tap: usize| {
        (out * spec.stride[axis] + tap * spec.dilation[axis])
            .checked_sub(spec.padding[axis])
            .filter(|&at| at < spec.input[axis])
    };
    for (n, o, c) in triples(spec.batch, spec.channels_out, ci) {
        let channel = n * spec.channels_in + o / co * ci + c;
        for (i, j, y) in triples(kh, kw, oh) {
            let Some(row) = inside(0, y, i) else { continue };
            for x in 0..ow {
                let Some(column) = inside(1, x, j) else { continue };
                f(
                    (channel * h + row) * w + column,
                    ((o * ci + c) * kh + i) * kw + j,
                    ((n * spec.channels_out + o) * oh + y) * ow + x,
                );
            }
        }
    }
}

fn triples(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a * b * c).map(move |i| (i / c / b, i / c % b, i % c))
}

/// Largest error over largest value; NaN where there is one.
fn error(found: &[f32], expected: &[f64]) -> f64 {
    let most = expected.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
    let errors = found.iter().zip(expected).map(|(x, y)| (f64::from(*x) - y).abs() / most);
    errors.fold(0.0, |worst, error| if error > worst || error.is_nan() { error } else { worst })
}

/// Forward pass, adjoint and weight gradient of many shapes, on every instruction set, with every
/// algorithm. Sums of up to 7,000 products in f32: max error / max value below 5e-6, and 3e-5 for
/// F(4x4), whose transforms multiply by up to 8 and by 1/24.
#[test]
fn any_shape_equals_the_formula() {
    let mut random = Random(1);
    let mut compared = 0;
    for i in 0..200 {
        let any = spec(&mut random);
        // Every other one is a shape for Winograd, with stride 1 or 2.
        let stride = 1 + i / 2 % 2;
        let spec = match i % 2 {
            // A kernel that sees the whole input at once.
            0 if i % 10 == 0 => Conv2d {
                kernel: any.kernel.map(|k| k + 1),
                input: any.kernel.map(|k| k + 1),
                padding: [0, 0],
                dilation: [1, 1],
                groups: 1,
                batch: any.batch + i / 5,
                ..any
            },
            0 => any,
            _ => Conv2d {
                kernel: [2 + stride; 2],
                stride: [stride; 2],
                dilation: [1, 1],
                padding: any.padding.map(|p| p % 3),
                channels_in: any.channels_in + 15 * any.groups,
                channels_out: any.channels_out + 15 * any.groups,
                ..any
            },
        };
        let input = random.values(spec.input_len());
        let weight = random.values(spec.weight_len());
        let gradient = random.values(spec.output_len());
        let bias = random.values(spec.channels_out);

        let plane = spec.output().iter().product::<usize>().max(1);
        let mut output: Vec<f64> = (0..spec.output_len())
            .map(|i| f64::from(bias[i / plane % spec.channels_out]))
            .collect();
        let mut input_gradient = vec![0.0; spec.input_len()];
        let mut weight_gradient = vec![0.0; spec.weight_len()];
        products(&spec, |x, w, y| {
            let [value, factor, slope] = [input[x], weight[w], gradient[y]].map(f64::from);
            output[y] += value * factor;
            input_gradient[x] += slope * factor;
            weight_gradient[w] += slope * value;
        });

        for isa in available() {
            for algorithm in ALGORITHMS {
                let plan = Plan { isa, algorithm };
                let most = if algorithm == Algorithm::Winograd4 { 3e-5 } else { 5e-6 };
                let check = |what, found: &[f32], expected: &[f64]| {
                    let error = error(found, expected);
                    assert!(error < most, "{what}, {plan:?}, {spec:?}: {error}");
                };
                let mut found = vec![f32::NAN; output.len()];
                plan.conv2d(&spec, &input, &weight, Some(&bias), Activation::None, &mut found);
                check("forward", &found, &output);

                let mut found = vec![f32::NAN; input_gradient.len()];
                plan.conv_transpose2d(
                    &spec,
                    &gradient,
                    &weight,
                    None,
                    Activation::None,
                    &mut found,
                );
                check("adjoint", &found, &input_gradient);

                let mut found = vec![f32::NAN; weight_gradient.len()];
                plan.conv2d_weight_gradient(&spec, &input, &gradient, &mut found);
                check("weight gradient", &found, &weight_gradient);
                compared += output.len() + input_gradient.len() + weight_gradient.len();
            }
        }
    }
    assert!(compared > 1_000_000, "{compared} values compared");
}

/// <conv(x), y> = <x, adjoint(y)>, on sizes that networks have.
#[test]
fn the_adjoint_is_one() {
    let mut random = Random(5);
    for (channels, side, kernel, stride, padding) in
        [([64, 128], 28, 3, 1, 1), ([3, 64], 57, 7, 2, 3), ([128, 32], 16, 4, 2, 1)]
    {
        let spec = Conv2d {
            batch: 2,
            channels_in: channels[0],
            channels_out: channels[1],
            input: [side; 2],
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [1, 1],
            groups: 1,
        };
        let x = random.values(spec.input_len());
        let y = random.values(spec.output_len());
        let weight = random.values(spec.weight_len());
        let (mut forth, mut back) = (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()]);
        conv2d(&spec, &x, &weight, None, Activation::None, &mut forth);
        conv2d_input_gradient(&spec, &y, &weight, &mut back);
        let dot = |a: &[f32], b: &[f32]| -> (f64, f64) {
            let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
            products.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()))
        };
        let ((left, size), (right, _)) = (dot(&forth, &y), dot(&x, &back));
        assert!((left - right).abs() < 1e-6 * size, "{spec:?}: {left} and {right}");
    }
}

#[test]
fn activations_and_no_bias() {
    for stride in [1, 2] {
        activations_with(stride);
    }
}

fn activations_with(stride: usize) {
    let mut random = Random(2);
    let spec = Conv2d {
        batch: 2,
        channels_in: 20,
        channels_out: 40,
        input: [9, 21],
        kernel: [2 + stride; 2],
        stride: [stride; 2],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
    };
    let input = random.values(spec.input_len());
    let gradient = random.values(spec.output_len());
    let weight = random.values(spec.weight_len());
    for (isa, algorithm) in available().flat_map(|isa| ALGORITHMS.map(|a| (isa, a))) {
        let plan = Plan { isa, algorithm };
        let run = |activation| {
            let mut output = vec![f32::NAN; spec.output_len()];
            plan.conv2d(&spec, &input, &weight, None, activation, &mut output);
            let mut adjoint = vec![f32::NAN; spec.input_len()];
            plan.conv_transpose2d(&spec, &gradient, &weight, None, activation, &mut adjoint);
            output.extend(adjoint);
            output
        };
        let plain = run(Activation::None);
        assert!(plain.iter().any(|&x| x < 0.0) && plain.iter().any(|&x| x > 0.0));
        let relu: Vec<f32> = plain.iter().map(|x| x.max(0.0)).collect();
        assert_eq!(run(Activation::Relu), relu);
        let leaky: Vec<f32> = plain.iter().map(|&x| if x > 0.0 { x } else { 0.2 * x }).collect();
        assert_eq!(run(Activation::LeakyRelu(0.2)), leaky);
    }
}

#[test]
fn nan_is_not_hidden() {
    let spec = Conv2d {
        batch: 1,
        channels_in: 1,
        channels_out: 1,
        input: [1, 1],
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
    };
    for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu(0.1)] {
        let mut output = [0.0];
        conv2d(&spec, &[f32::NAN], &[1.0], None, activation, &mut output);
        assert!(output[0].is_nan(), "{activation:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let mut random = Random(3);
    for i in 0..40 {
        let mut spec = spec(&mut random);
        if i % 2 == 1 {
            let stride = 1 + i / 2 % 2;
            let channels = spec.groups * (16 + i);
            spec = Conv2d {
                kernel: [2 + stride; 2],
                stride: [stride; 2],
                dilation: [1, 1],
                padding: spec.padding.map(|p| p % 3),
                channels_in: channels,
                channels_out: channels,
                ..spec
            };
        }
        let input = random.values(spec.input_len());
        let weight = random.values(spec.weight_len());
        let gradient = random.values(spec.output_len());
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut output = vec![f32::NAN; spec.output_len()];
            let mut back = vec![f32::NAN; spec.input_len()];
            let mut slope = vec![f32::NAN; spec.weight_len()];
            pool.install(|| {
                conv2d(&spec, &input, &weight, None, Activation::None, &mut output);
                conv_transpose2d(&spec, &gradient, &weight, None, Activation::None, &mut back);
                conv2d_weight_gradient(&spec, &input, &gradient, &mut slope);
            });
            let values = output.iter().chain(&back).chain(&slope);
            values.map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        let one = on(1);
        assert_eq!(one, on(2), "{spec:?}");
        assert_eq!(one, on(5), "{spec:?}");
    }
}

#[test]
fn empty_outputs_are_left_alone() {
    let mut random = Random(4);
    let spec = spec(&mut random);
    for spec in [
        Conv2d { batch: 0, ..spec },
        Conv2d { input: [1, 1], kernel: [9, 9], padding: [0, 0], ..spec },
    ] {
        assert_eq!(spec.output_len(), 0);
        let (input, weight) = (vec![1.0; spec.input_len()], vec![1.0; spec.weight_len()]);
        conv2d(&spec, &input, &weight, None, Activation::None, &mut []);
        let mut back = vec![f32::NAN; spec.input_len()];
        conv2d_input_gradient(&spec, &[], &weight, &mut back);
        assert!(back.iter().all(|&x| x == 0.0), "nothing arrives");
        let mut slope = vec![f32::NAN; spec.weight_len()];
        conv2d_weight_gradient(&spec, &input, &[], &mut slope);
        assert!(slope.iter().all(|&x| x == 0.0), "nothing arrives");
    }
}

/// What a call with these changes panics with.
fn refused(change: impl Fn(&mut Conv2d, &mut Vec<f32>, &mut Vec<f32>, &mut Vec<f32>)) -> String {
    let mut spec = Conv2d {
        batch: 1,
        channels_in: 4,
        channels_out: 6,
        input: [5, 5],
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 2,
    };
    let [mut input, mut weight, mut output] =
        [spec.input_len(), spec.weight_len(), spec.output_len()].map(|len| vec![0.0; len]);
    change(&mut spec, &mut input, &mut weight, &mut output);
    let call = || conv2d(&spec, &input, &weight, None, Activation::None, &mut output);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
    panic.downcast_ref::<String>().expect("a message with the sizes").clone()
}

#[test]
fn wrong_sizes_are_refused() {
    let mentions = |text: String, word: &str| assert!(text.contains(word), "{text}");
    mentions(refused(|_, input, _, _| input.truncate(7)), "elements in the input");
    mentions(refused(|_, _, weight, _| weight.push(0.0)), "elements in the weight");
    mentions(refused(|_, _, _, output| output.push(0.0)), "elements in the output");
    mentions(refused(|spec, _, _, _| spec.groups = 4), "groups divide the channels");
    mentions(refused(|spec, _, _, _| spec.stride[1] = 0), "the stride is positive, not [1, 0]");
    mentions(refused(|spec, _, _, _| spec.kernel[0] = 0), "the kernel is positive, not [0, 3]");
    mentions(refused(|spec, _, _, _| spec.dilation[0] = 0), "the dilation is positive, not [0, 1]");
    mentions(refused(|spec, _, _, _| spec.groups = 0), "at least one group");
    mentions(refused(|spec, _, _, _| spec.channels_in = 0), "positive");
    // The products of these sizes wrap around to the lengths of the slices.
    mentions(refused(|spec, _, _, _| spec.batch = (1 << 60) + 1), "overflow");
    mentions(refused(|spec, _, _, _| spec.padding = [usize::MAX; 2]), "overflow");
    mentions(refused(|spec, _, _, _| spec.dilation = [usize::MAX / 2; 2]), "overflow");
    mentions(refused(|spec, _, _, _| spec.stride = [usize::MAX; 2]), "overflow");
}

/// A stride that is larger than the input has one output a side: no work or memory grows with it.
#[test]
fn any_stride_ends() {
    let mut random = Random(6);
    for stride in [1 << 20, 1 << 40, isize::MAX as usize] {
        // Few channels and many, one pixel and several.
        for (channels, side, kernel, padding) in
            [([1, 20], 1, 3, 1), ([20, 20], 1, 1, 0), ([3, 17], 9, 3, 1), ([9, 5], 7, 2, 0)]
        {
            let spec = Conv2d {
                batch: 2,
                channels_in: channels[0],
                channels_out: channels[1],
                input: [side; 2],
                kernel: [kernel; 2],
                stride: [stride, stride / 2],
                padding: [padding; 2],
                dilation: [1, 1],
                groups: 1,
            };
            assert_eq!(spec.output(), [1, 1]);
            check_formula(&spec, &mut random, |_, _, _| {});
        }
    }
    // Far from the input: its outputs see zeros, but for one in the middle.
    let far = Conv2d {
        batch: 1,
        channels_in: 2,
        channels_out: 16,
        input: [1, 1],
        kernel: [1, 1],
        stride: [1 << 40; 2],
        padding: [1 << 40; 2],
        dilation: [1, 1],
        groups: 1,
    };
    assert_eq!(far.output(), [3, 3]);
    check_formula(&far, &mut random, |_, _, _| {});
}

/// Zeros beside the image are nothing, not factors: an infinite weight adds nothing there, nor does
/// an infinite gradient to the gradient of the tap. As in PyTorch by oneDNN.
#[test]
fn infinity_meets_nothing_beside_the_image() {
    let mut random = Random(7);
    for round in 0..60 {
        let any = spec(&mut random);
        // Every third is a shape for Winograd.
        let spec = if round % 3 == 0 {
            let stride = 1 + round % 2;
            Conv2d {
                channels_in: any.channels_in + 15 * any.groups,
                channels_out: any.channels_out + 15 * any.groups,
                kernel: [2 + stride; 2],
                stride: [stride; 2],
                dilation: [1, 1],
                padding: [1 + round % 2; 2],
                ..any
            }
        } else {
            any
        };
        let odd = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN][round % 5 % 3];
        let place = random.next() as usize;
        check_formula(&spec, &mut random, |_, weight, gradient| {
            let place = place % weight.len();
            weight[place] = odd;
            if let Some(first) = gradient.first_mut() {
                *first = odd;
            }
        });
    }
}

/// All three directions equal the formula, with every algorithm, on every instruction set, of random
/// numbers some of which are changed: input, weight, output gradient. Infinities and NaN stand where
/// they are expected.
fn check_formula(
    spec: &Conv2d,
    random: &mut Random,
    change: impl Fn(&mut Vec<f32>, &mut Vec<f32>, &mut Vec<f32>),
) {
    let mut input = random.values(spec.input_len());
    let mut weight = random.values(spec.weight_len());
    let mut gradient = random.values(spec.output_len());
    change(&mut input, &mut weight, &mut gradient);
    let mut expected =
        [spec.output_len(), spec.input_len(), spec.weight_len()].map(|n| vec![0.0; n]);
    products(spec, |x, w, y| {
        let [value, factor, slope] = [input[x], weight[w], gradient[y]].map(f64::from);
        expected[0][y] += value * factor;
        expected[1][x] += slope * factor;
        expected[2][w] += slope * value;
    });
    for (isa, algorithm) in available().flat_map(|isa| ALGORITHMS.map(|a| (isa, a))) {
        let plan = Plan { isa, algorithm };
        let mut found = [0, 1, 2].map(|i: usize| vec![f32::NAN; expected[i].len()]);
        let none = Activation::None;
        plan.conv2d(spec, &input, &weight, None, none, &mut found[0]);
        plan.conv_transpose2d(spec, &gradient, &weight, None, none, &mut found[1]);
        plan.conv2d_weight_gradient(spec, &input, &gradient, &mut found[2]);
        let names = ["forward", "adjoint", "weight gradient"];
        for ((found, expected), name) in found.iter().zip(&expected).zip(names) {
            let finite = expected.iter().filter(|x| x.is_finite());
            let most = finite.fold(0.0, |most: f64, x| most.max(x.abs()));
            for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                let found = f64::from(found);
                let same = found == expected || found.is_nan() && expected.is_nan();
                let close = (found - expected).abs() <= 3e-5 * most;
                assert!(same || close, "{name}, {plan:?}, {spec:?}, {i}: {found} for {expected}");
            }
        }
    }
}

/// The error of F(4x4) is relative to the largest output of the neighborhood: one pixel of 1000 gives
/// errors of a few 1e-4 to outputs below 10 that do not see it, where exact sums err by 3e-6.
#[test]
fn winograd4_errs_by_the_largest_output_nearby() {
    let spec = Conv2d {
        batch: 1,
        channels_in: 64,
        channels_out: 64,
        input: [28; 2],
        kernel: [3; 2],
        stride: [1; 2],
        padding: [1; 2],
        dilation: [1; 2],
        groups: 1,
    };
    let mut random = Random(8);
    let mut input = random.values(spec.input_len());
    let weight: Vec<f32> = random.values(spec.weight_len()).iter().map(|w| w / 10.0).collect();
    input[13 * 28 + 13] = 1e3;
    let mut expected = vec![0.0; spec.output_len()];
    products(&spec, |x, w, y| expected[y] += f64::from(input[x]) * f64::from(weight[w]));
    let sees = |i: usize| (i / 28 % 28).abs_diff(13) <= 1 && (i % 28).abs_diff(13) <= 1;
    let most = |sees_it: bool, of: &dyn Fn(usize) -> f64| {
        let some = (0..expected.len()).filter(|&i| sees(i) == sees_it);
        some.map(of).fold(0.0, f64::max)
    };
    let largest = most(true, &|i| expected[i].abs());
    assert!(largest > 90.0 && most(false, &|i| expected[i].abs()) < 10.0);
    for isa in available() {
        let error = |algorithm| {
            let mut found = vec![f32::NAN; expected.len()];
            let plan = Plan { isa, algorithm };
            plan.conv2d(&spec, &input, &weight, None, Activation::None, &mut found);
            most(false, &|i| (f64::from(found[i]) - expected[i]).abs())
        };
        let four = error(Algorithm::Winograd4);
        assert!(four > 5e-5 && four < 1e-5 * largest, "{isa:?}: {four}");
        for exact in [Algorithm::Exact, Algorithm::Direct] {
            assert!(error(exact) < 5e-6, "{isa:?}, {exact:?}: {}", error(exact));
        }
    }
}

#[test]
fn with_isa_reaches_convolutions() {
    let mut random = Random(9);
    let spec = Conv2d { groups: 1, batch: 2, ..spec(&mut random) };
    let spec = Conv2d { channels_in: 40, channels_out: 40, kernel: [3; 2], input: [20; 2], ..spec };
    let [x, w, g] =
        [spec.input_len(), spec.weight_len(), spec.output_len()].map(|len| random.values(len));
    let run = |plan: Option<Plan>| {
        let plan = plan.unwrap_or_default();
        let [mut y, mut dx, mut dw] = [g.clone(), x.clone(), w.clone()];
        plan.conv2d(&spec, &x, &w, None, Activation::None, &mut y);
        plan.conv_transpose2d(&spec, &g, &w, None, Activation::None, &mut dx);
        plan.conv2d_weight_gradient(&spec, &x, &g, &mut dw);
        [y, dx, dw].concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let algorithm = Algorithm::best();
    let mut all = vec![];
    for isa in available() {
        let bits = run(Some(Plan { isa, algorithm }));
        assert!(with_isa(isa, || run(None)) == bits, "{isa:?}");
        all.push(bits);
    }
    all.dedup();
    assert!(all.len() >= available().count().min(2), "fused multiply-adds round differently");
}
