//! Batch normalization and activations against their formulas in f64, on every instruction set of
//! this processor.

mod common;

use common::{
    Random, assert_close, assert_refused, assert_threads_change_nothing, derivative, dot,
    on_each_isa, wide,
};
use foveate_kernels::{
    Activation, BatchNorm, BatchStatistics, activate, activation_gradient, batch_norm_inference,
    batch_norm_inference_gradient, batch_norm_inference_in_place, batch_norm_parameter_gradient,
    batch_norm_training, batch_norm_training_gradient, batch_statistics, channel_sums,
};

/// A few roundings: max error / max output.
const TOLERANCE: f64 = 5e-6;

const EPSILON: f32 = 1e-3;

const ACTIVATIONS: [Activation; 3] =
    [Activation::None, Activation::Relu, Activation::LeakyRelu(0.2)];

fn shape(random: &mut Random) -> [usize; 3] {
    let most = [10, 200, 3000][random.below(3)];
    [1 + random.below(6), 1 + random.below(20), 1 + random.below(most)]
}

/// Means, variances, gammas and betas.
fn numbers(random: &mut Random, channels: usize) -> [Vec<f32>; 4] {
    let mut numbers = [0; 4].map(|_| random.values(channels));
    numbers[1].iter_mut().for_each(|variance| *variance += 1.2);
    numbers
}

fn norm(numbers: &[Vec<f32>; 4]) -> BatchNorm<'_> {
    let [mean, variance, gamma, beta] = numbers;
    BatchNorm { mean, variance, gamma, beta, epsilon: EPSILON }
}

fn channel(shape: [usize; 3], at: usize) -> usize {
    at / shape[2] % shape[1]
}

fn activated(x: f64, activation: Activation) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu(slope) => {
            if x > 0.0 {
                x
            } else {
                f64::from(slope) * x
            }
        }
    }
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`.
fn normed(shape: [usize; 3], numbers: [&[f64]; 4], input: &[f64]) -> Vec<f64> {
    let [mean, variance, gamma, beta] = numbers;
    let one = |(at, x): (usize, &f64)| {
        let c = channel(shape, at);
        gamma[c] * (x - mean[c]) / (variance[c] + f64::from(EPSILON)).sqrt() + beta[c]
    };
    input.iter().enumerate().map(one).collect()
}

/// Means and biased variances.
fn moments(shape: [usize; 3], input: &[f64]) -> [Vec<f64>; 2] {
    let count = (shape[0] * shape[2]) as f64;
    let mut moments = [vec![0.0; shape[1]], vec![0.0; shape[1]]];
    for (at, x) in input.iter().enumerate() {
        moments[0][channel(shape, at)] += x / count;
    }
    for (at, x) in input.iter().enumerate() {
        let c = channel(shape, at);
        moments[1][c] += (x - moments[0][c]).powi(2) / count;
    }
    moments
}

#[test]
fn inference_of_any_shape() {
    let mut random = Random(1);
    for round in 0..150 {
        let shape = shape(&mut random);
        let activation = ACTIVATIONS[round % 3];
        let input = random.values(shape.iter().product());
        let gradient = random.values(input.len());
        let numbers = numbers(&mut random, shape[1]);
        let [mean, variance, gamma, beta] = numbers.each_ref().map(|numbers| wide(numbers));
        let expected: Vec<_> = normed(shape, [&mean, &variance, &gamma, &beta], &wide(&input))
            .into_iter()
            .map(|x| activated(x, activation))
            .collect();
        let expected_gradient = normed(
            shape,
            [&vec![0.0; shape[1]], &variance, &gamma, &vec![0.0; shape[1]]],
            &wide(&gradient),
        );
        let norm = norm(&numbers);
        on_each_isa(|isa| {
            let what = format!("{isa:?} {shape:?} {activation:?}");
            let mut output = vec![f32::NAN; input.len()];
            batch_norm_inference(shape, &norm, &input, activation, &mut output);
            assert_close(&output, &expected, TOLERANCE, &what);
            let mut values = input.clone();
            batch_norm_inference_in_place(shape, &norm, activation, &mut values);
            assert_eq!(values, output, "{what}");
            batch_norm_inference_gradient(shape, &norm, &gradient, &mut output);
            assert_close(&output, &expected_gradient, TOLERANCE, &what);
        });
    }
}

#[test]
fn training_of_any_shape() {
    let mut random = Random(2);
    for round in 0..150 {
        let mut shape = shape(&mut random);
        // A channel of one value normalizes to 0 by rounding alone.
        shape[2] += 1;
        let activation = ACTIVATIONS[round % 3];
        let offset = [0.0, 10.0][round % 2];
        let input: Vec<_> =
            random.values(shape.iter().product()).iter().map(|x| x + offset).collect();
        let numbers = numbers(&mut random, shape[1]);
        let [_, _, gamma, beta] = numbers.each_ref().map(|numbers| wide(numbers));
        let [mean, variance] = moments(shape, &wide(&input));
        let expected: Vec<_> = normed(shape, [&mean, &variance, &gamma, &beta], &wide(&input))
            .into_iter()
            .map(|x| activated(x, activation))
            .collect();
        on_each_isa(|isa| {
            let what = format!("{isa:?} {shape:?} {activation:?}");
            let mut output = vec![f32::NAN; input.len()];
            let [_, _, gamma, beta] = &numbers;
            let found =
                batch_norm_training(shape, gamma, beta, EPSILON, &input, activation, &mut output);
            // The last bit of the mean, 10, is 1e-6 to the deviation, which may be small.
            let tolerance = if offset == 0.0 { TOLERANCE } else { 1e-4 };
            assert_close(&output, &expected, tolerance, &what);
            assert_close(&found.mean, &mean, 1e-7, &what);
            assert_close(&found.variance, &variance, 1e-6, &what);
            assert_eq!(found, batch_statistics(shape, &input));
        });
    }
}

/// In f32 sums, nothing of these variances would be left.
#[test]
fn variance_beside_a_large_mean() {
    let mut random = Random(3);
    let shape = [3, 2, 1000];
    let input: Vec<_> = random.values(6000).iter().map(|x| 10_000.0 + x).collect();
    let [mean, variance] = moments(shape, &wide(&input));
    on_each_isa(|isa| {
        let BatchStatistics { mean: found_mean, variance: found } = batch_statistics(shape, &input);
        assert_close(&found_mean, &mean, 1e-7, &format!("{isa:?}"));
        assert_close(&found, &variance, 1e-6, &format!("{isa:?}"));
    });
}

#[test]
fn gradients_are_derivatives() {
    let mut random = Random(4);
    for _ in 0..40 {
        let shape = [1 + random.below(3), 1 + random.below(5), 2 + random.below(40)];
        let input = random.values(shape.iter().product());
        let gradient = random.values(input.len());
        let mut numbers = numbers(&mut random, shape[1]);
        let BatchStatistics { mean, variance } = batch_statistics(shape, &input);
        [numbers[0], numbers[1]] = [mean, variance];
        let [_, _, gamma, beta] = numbers.each_ref().map(|numbers| wide(numbers));
        let wide_input = wide(&input);
        let loss = |gamma: &[f64], beta: &[f64], input: &[f64]| {
            let [mean, variance] = moments(shape, input);
            dot(&normed(shape, [&mean, &variance, gamma, beta], input), &gradient)
        };
        let by_input: Vec<_> = (0..input.len())
            .map(|at| derivative(|input| loss(&gamma, &beta, input), &wide_input, at))
            .collect();
        let by = |loss: &dyn Fn(&[f64]) -> f64, values: &[f64]| -> Vec<f64> {
            (0..shape[1]).map(|at| derivative(loss, values, at)).collect()
        };
        let by_gamma = by(&|gamma| loss(gamma, &beta, &wide_input), &gamma);
        let by_beta = by(&|beta| loss(&gamma, beta, &wide_input), &beta);
        on_each_isa(|isa| {
            let what = format!("{isa:?} {shape:?}");
            let [mut dx, mut dgamma, mut dbeta] =
                [input.len(), shape[1], shape[1]].map(|len| vec![f32::NAN; len]);
            batch_norm_training_gradient(
                shape,
                &norm(&numbers),
                &input,
                &gradient,
                &mut dx,
                &mut dgamma,
                &mut dbeta,
            );
            // Differences of larger terms, more so where a channel has few values.
            assert_close(&dx, &by_input, 2e-5, &what);
            assert_close(&dgamma, &by_gamma, TOLERANCE, &what);
            assert_close(&dbeta, &by_beta, TOLERANCE, &what);
            let mut sums = vec![f32::NAN; shape[1]];
            channel_sums(shape, &gradient, &mut sums);
            assert_eq!(sums, dbeta, "{what}");
        });
    }
}

#[test]
fn activations_and_their_gradients() {
    let mut random = Random(5);
    for len in [0, 1, 3, 15, 16, 49, 200, 40_000] {
        let values = random.values(len);
        let gradient = random.values(len);
        for activation in ACTIVATIONS {
            let expected: Vec<_> =
                values.iter().map(|&x| activated(x.into(), activation)).collect();
            let slope = |x: f64| match activation {
                Activation::None => 1.0,
                _ if x > 0.0 => 1.0,
                Activation::Relu => 0.0,
                Activation::LeakyRelu(slope) => f64::from(slope),
            };
            let pairs = values.iter().zip(&gradient);
            let expected_gradient: Vec<_> =
                pairs.map(|(&x, &g)| f64::from(g) * slope(x.into())).collect();
            on_each_isa(|isa| {
                let what = format!("{isa:?} {len} {activation:?}");
                let mut output = values.clone();
                activate(activation, &mut output);
                assert_close(&output, &expected, 1e-7, &what);
                let mut found = gradient.clone();
                activation_gradient(activation, &output, &mut found);
                assert_close(&found, &expected_gradient, 1e-7, &what);
            });
        }
    }
}

#[test]
fn nan_and_infinity_are_not_hidden() {
    let one = [1.0];
    let norm = BatchNorm { mean: &one, variance: &one, gamma: &one, beta: &one, epsilon: 0.0 };
    on_each_isa(|isa| {
        for activation in ACTIVATIONS {
            let mut values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
            batch_norm_inference_in_place([1, 1, 3], &norm, activation, &mut values);
            assert!(values[0].is_nan(), "{isa:?} {activation:?}");
            assert_eq!(values[1], f32::INFINITY);
            let least = if activation == Activation::Relu { 0.0 } else { f32::NEG_INFINITY };
            assert_eq!(values[2], least);
            activate(activation, &mut values);
            assert!(values[0].is_nan(), "{isa:?} {activation:?}");
            assert_eq!(values[2], least);
            let mut output = [0.0; 3];
            let found = batch_norm_training(
                [1, 1, 3],
                &one,
                &one,
                1e-5,
                &[1.0, f32::NAN, 3.0],
                activation,
                &mut output,
            );
            assert!(output.iter().chain(&found.mean).chain(&found.variance).all(|x| x.is_nan()));
            let mut gradient = [f32::NAN, f32::INFINITY, 1.0];
            activation_gradient(activation, &[1.0, 0.0, f32::NAN], &mut gradient);
            // As PyTorch: its ReLU asks whether the output is at most 0, the leaky one whether it is above.
            let expected = if let Activation::LeakyRelu(slope) = activation { slope } else { 1.0 };
            assert!(gradient[0].is_nan() && !gradient[1].is_nan() && gradient[2] == expected);
        }
    });
}

#[test]
fn threads_do_not_change_a_bit() {
    let mut random = Random(6);
    for shape in [[9, 7, 4001], [30, 40, 49], [1, 2, 100_000]] {
        let input = random.values(shape.iter().product());
        let gradient = random.values(input.len());
        let numbers = numbers(&mut random, shape[1]);
        assert_threads_change_nothing(|| {
            let mut output = vec![0.0; input.len()];
            let [_, _, gamma, beta] = &numbers;
            let relu = Activation::Relu;
            let statistics =
                batch_norm_training(shape, gamma, beta, EPSILON, &input, relu, &mut output);
            let mut dx = gradient.clone();
            activation_gradient(relu, &output, &mut dx);
            let gradient = dx.clone();
            let [mut dgamma, mut dbeta] = [(); 2].map(|()| vec![0.0; shape[1]]);
            batch_norm_training_gradient(
                shape,
                &norm(&numbers),
                &input,
                &gradient,
                &mut dx,
                &mut dgamma,
                &mut dbeta,
            );
            [output, dx, dgamma, dbeta, statistics.mean, statistics.variance].concat()
        });
    }
}

#[test]
fn nothing_is_normalized_to_nothing() {
    for shape in [[0, 3, 4], [2, 0, 4], [2, 3, 0], [0, 0, 0]] {
        let ones = vec![1.0; shape[1]];
        let norm =
            BatchNorm { mean: &ones, variance: &ones, gamma: &ones, beta: &ones, epsilon: 0.0 };
        batch_norm_inference(shape, &norm, &[], Activation::Relu, &mut []);
        batch_norm_inference_in_place(shape, &norm, Activation::Relu, &mut []);
        batch_norm_inference_gradient(shape, &norm, &[], &mut []);
        batch_norm_training(shape, &ones, &ones, 0.0, &[], Activation::None, &mut []);
        let [mut dgamma, mut dbeta] = [ones.clone(), ones.clone()];
        batch_norm_training_gradient(shape, &norm, &[], &[], &mut [], &mut dgamma, &mut dbeta);
        assert!(dgamma.iter().chain(&dbeta).all(|&g| g == 0.0));
        channel_sums(shape, &[], &mut dbeta);
    }
}

/// The products of these sizes wrap around to the lengths of the slices.
#[test]
fn sizes_that_wrap_around_are_refused() {
    let shape = [1 << 32, 1, 1 << 32];
    let c = [1.0];
    let norm = BatchNorm { mean: &c, variance: &c, gamma: &c, beta: &c, epsilon: 0.0 };
    let none = Activation::None;
    assert_refused("sizes overflow", || batch_norm_inference(shape, &norm, &[], none, &mut []));
    assert_refused("sizes overflow", || {
        batch_norm_inference_in_place(shape, &norm, none, &mut []);
    });
    assert_refused("sizes overflow", || {
        batch_norm_inference_gradient(shape, &norm, &[], &mut []);
    });
    assert_refused("sizes overflow", || {
        batch_norm_training(shape, &c, &c, 0.0, &[], none, &mut []);
    });
    assert_refused("sizes overflow", || channel_sums(shape, &[], &mut [0.0]));
    // No number at all, of a product that wraps around.
    let shape = [1 << 32, 0, 1 << 32];
    assert_refused("sizes overflow", || channel_sums(shape, &[], &mut []));
}

#[test]
fn wrong_sizes_are_refused() {
    let shape = [2, 3, 4];
    let (c, x) = (vec![1.0; 3], vec![1.0; 24]);
    let mut y = x.clone();
    let good = BatchNorm { mean: &c, variance: &c, gamma: &c, beta: &c, epsilon: 0.0 };
    let none = Activation::None;
    for (name, norm) in [
        ("elements in the mean", BatchNorm { mean: &[], ..good }),
        ("elements in the variance", BatchNorm { variance: &x, ..good }),
        ("elements in the gamma", BatchNorm { gamma: &x, ..good }),
        ("elements in the beta", BatchNorm { beta: &x, ..good }),
    ] {
        assert_refused(name, || batch_norm_inference(shape, &norm, &x, none, &mut y));
        assert_refused(name, || batch_norm_inference_in_place(shape, &norm, none, &mut y));
        assert_refused(name, || batch_norm_inference_gradient(shape, &norm, &x, &mut y));
    }
    assert_refused("in the input", || batch_norm_inference(shape, &good, &x[1..], none, &mut y));
    assert_refused("in the output", || {
        batch_norm_inference(shape, &good, &x, none, &mut y[1..]);
    });
    assert_refused("in the values", || {
        batch_norm_inference_in_place(shape, &good, none, &mut y[1..]);
    });
    assert_refused("in the output gradient", || {
        batch_norm_inference_gradient(shape, &good, &x[1..], &mut y);
    });
    assert_refused("in the gamma gradient", || {
        batch_norm_parameter_gradient(shape, &good, &x, &x, &mut [], &mut c.clone());
    });
    assert_refused("in the input gradient", || {
        let (mut dgamma, mut dbeta) = (c.clone(), c.clone());
        batch_norm_training_gradient(shape, &good, &x, &x, &mut [], &mut dgamma, &mut dbeta);
    });
    assert_refused("in the beta", || {
        batch_norm_training(shape, &c, &x, 0.0, &x, none, &mut y);
    });
    assert_refused("in the sums", || channel_sums(shape, &x, &mut y));
    assert_refused("as many as in the output", || {
        activation_gradient(Activation::Relu, &x, &mut y[1..]);
    });
}
