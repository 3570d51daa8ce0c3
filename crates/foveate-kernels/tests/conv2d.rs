//! The convolution against its formula in f64, on every instruction set of this processor.

use foveate_kernels::{Activation, Conv2d, Isa, conv2d, conv2d_with};

/// Knuth's MMIX generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    fn values(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.next() as f32 / (1_u64 << 30) as f32 - 1.0).collect()
    }

    fn spec(&mut self) -> Conv2d {
        let groups = [1, 1, 1, 2, 3][self.below(5)];
        Conv2d {
            batch: 1 + self.below(3),
            channels_in: groups * (1 + self.below(40)),
            channels_out: groups * (1 + self.below(70)),
            input: [1 + self.below(30), 1 + self.below(40)],
            kernel: [1 + self.below(5), 1 + self.below(5)],
            stride: [1 + self.below(3), 1 + self.below(3)],
            padding: [self.below(4), self.below(4)],
            dilation: [1 + self.below(2), 1 + self.below(2)],
            groups,
        }
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

/// `bias + sum over channels and taps of input * weight`.
fn reference(spec: &Conv2d, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f64> {
    let ([h, w], [kh, kw]) = (spec.input, spec.kernel);
    let [oh, ow] = spec.output();
    let (ci, co) = (spec.channels_in / spec.groups, spec.channels_out / spec.groups);
    let mut output = Vec::with_capacity(spec.output_len());
    for n in 0..spec.batch {
        for out in 0..spec.channels_out {
            for y in 0..oh {
                for x in 0..ow {
                    let mut sum = f64::from(bias[out]);
                    for c in 0..ci {
                        let channel = n * spec.channels_in + out / co * ci + c;
                        for i in 0..kh {
                            for j in 0..kw {
                                let row = y * spec.stride[0] + i * spec.dilation[0];
                                let column = x * spec.stride[1] + j * spec.dilation[1];
                                let inside = |at: usize, padding: usize, size: usize| {
                                    at.checked_sub(padding).filter(|&at| at < size)
                                };
                                let row = inside(row, spec.padding[0], h);
                                let column = inside(column, spec.padding[1], w);
                                if let (Some(row), Some(column)) = (row, column) {
                                    let value = input[(channel * h + row) * w + column];
                                    let factor = weight[((out * ci + c) * kh + i) * kw + j];
                                    sum += f64::from(value) * f64::from(factor);
                                }
                            }
                        }
                    }
                    output.push(sum);
                }
            }
        }
    }
    output
}

/// Up to 1,000 products in f32: max error / max output below 5e-6.
#[test]
fn any_shape_equals_the_formula() {
    let mut random = Random(1);
    let mut compared = 0;
    for _ in 0..200 {
        let spec = random.spec();
        let input = random.values(spec.input_len());
        let weight = random.values(spec.weight_len());
        let bias = random.values(spec.channels_out);
        let expected = reference(&spec, &input, &weight, &bias);
        let most = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        for isa in available() {
            let mut output = vec![f32::NAN; spec.output_len()];
            conv2d_with(isa, &spec, &input, &weight, Some(&bias), Activation::None, &mut output);
            for (found, expected) in output.iter().zip(&expected) {
                let error = (f64::from(*found) - expected).abs() / most;
                assert!(error < 5e-6, "{isa:?} {spec:?}: {found} for {expected}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100_000, "{compared} values compared");
}

#[test]
fn activations_and_no_bias() {
    let mut random = Random(2);
    let spec = Conv2d { groups: 1, channels_in: 20, channels_out: 40, ..random.spec() };
    let input = random.values(spec.input_len());
    let weight = random.values(spec.weight_len());
    for isa in available() {
        let run = |activation| {
            let mut output = vec![f32::NAN; spec.output_len()];
            conv2d_with(isa, &spec, &input, &weight, None, activation, &mut output);
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
    for _ in 0..20 {
        let spec = random.spec();
        let input = random.values(spec.input_len());
        let weight = random.values(spec.weight_len());
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut output = vec![f32::NAN; spec.output_len()];
            pool.install(|| conv2d(&spec, &input, &weight, None, Activation::None, &mut output));
            output.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        let one = on(1);
        assert_eq!(one, on(2), "{spec:?}");
        assert_eq!(one, on(5), "{spec:?}");
    }
}

#[test]
fn empty_outputs_are_left_alone() {
    let mut random = Random(4);
    let spec = random.spec();
    for spec in [
        Conv2d { batch: 0, ..spec },
        Conv2d { input: [1, 1], kernel: [9, 9], padding: [0, 0], ..spec },
    ] {
        assert_eq!(spec.output_len(), 0);
        let (input, weight) = (vec![1.0; spec.input_len()], vec![1.0; spec.weight_len()]);
        conv2d(&spec, &input, &weight, None, Activation::None, &mut []);
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
    mentions(refused(|_, input, _, _| input.truncate(7)), "numbers in the input");
    mentions(refused(|_, _, weight, _| weight.push(0.0)), "numbers in the weight");
    mentions(refused(|_, _, _, output| output.push(0.0)), "numbers in the output");
    mentions(refused(|spec, _, _, _| spec.groups = 4), "groups divide the channels");
    mentions(refused(|spec, _, _, _| spec.stride[1] = 0), "positive");
    mentions(refused(|spec, _, _, _| spec.channels_in = 0), "positive");
}
