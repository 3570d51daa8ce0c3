//! Local response normalization against its formula in f64, on every instruction set of this
//! processor.

mod common;

use common::{
    Random, assert_close, assert_refused, assert_threads_change_nothing, derivative, dot,
    on_each_isa, wide,
};
use foveate_kernels::{Lrn, lrn, lrn_gradient};

/// A few roundings: max error / max output.
const TOLERANCE: f64 = 5e-6;

fn spec(random: &mut Random) -> Lrn {
    let most = [20, 1500][random.below(2)];
    Lrn {
        batch: 1 + random.below(3),
        channels: 1 + random.below(12),
        pixels: 1 + random.below(most),
        size: 1 + random.below(6),
        alpha: [1e-4, 0.5, 2.0][random.below(3)],
        beta: [0.75, 0.75, 0.5, 1.3][random.below(4)],
        k: [1.0, 2.0][random.below(2)],
    }
}

/// `x / (k + alpha / size * sum of squares)^beta`, the sum over the channels of an image that
/// PyTorch's padding of `size / 2` before and `(size - 1) / 2` after leaves.
fn reference(spec: &Lrn, input: &[f64]) -> Vec<f64> {
    let Lrn { channels, pixels, size, .. } = *spec;
    let [alpha, beta, k] = [spec.alpha, spec.beta, spec.k].map(f64::from);
    let one = |at: usize| {
        let (image, c, pixel) = (at / pixels / channels, at / pixels % channels, at % pixels);
        let mut sum = 0.0;
        for tap in 0..size {
            if let Some(other) = (c + tap).checked_sub(size / 2).filter(|&c| c < channels) {
                sum += input[(image * channels + other) * pixels + pixel].powi(2);
            }
        }
        input[at] / (k + alpha / size as f64 * sum).powf(beta)
    };
    (0..input.len()).map(one).collect()
}

#[test]
fn any_shape_equals_the_formula() {
    let mut random = Random(1);
    for _ in 0..150 {
        let spec = spec(&mut random);
        let input: Vec<_> = random.values(spec.input_len()).iter().map(|x| 3.0 * x).collect();
        let expected = reference(&spec, &wide(&input));
        on_each_isa(|isa| {
            let mut output = vec![f32::NAN; input.len()];
            lrn(&spec, &input, &mut output);
            assert_close(&output, &expected, TOLERANCE, &format!("{isa:?} {spec:?}"));
        });
    }
}

#[test]
fn gradients_are_derivatives() {
    let mut random = Random(2);
    for _ in 0..80 {
        let spec = Lrn { pixels: 1 + random.below(20), batch: 2, ..spec(&mut random) };
        let input: Vec<_> = random.values(spec.input_len()).iter().map(|x| 3.0 * x).collect();
        let gradient = random.values(spec.input_len());
        let loss = |input: &[f64]| dot(&reference(&spec, input), &gradient);
        let values = wide(&input);
        let expected: Vec<_> = (0..input.len()).map(|at| derivative(loss, &values, at)).collect();
        on_each_isa(|isa| {
            let mut found = vec![f32::NAN; input.len()];
            lrn_gradient(&spec, &input, &gradient, &mut found);
            assert_close(&found, &expected, TOLERANCE, &format!("{isa:?} {spec:?}"));
        });
    }
}

const PLAIN: Lrn =
    Lrn { batch: 2, channels: 7, pixels: 30, size: 5, alpha: 1.0, beta: 0.75, k: 1.0 };

/// It reaches the windows it is in, and no others.
#[test]
fn nan_is_not_hidden() {
    let mut input = vec![1.0; PLAIN.input_len()];
    input[3] = f32::NAN;
    on_each_isa(|isa| {
        let mut output = vec![0.0; input.len()];
        lrn(&PLAIN, &input, &mut output);
        let found: Vec<_> = (0..output.len()).filter(|&at| output[at].is_nan()).collect();
        assert_eq!(found, [3, 33, 63], "{isa:?}");
        lrn_gradient(&PLAIN, &input, &vec![1.0; input.len()], &mut output);
        let found: Vec<_> = (0..output.len()).filter(|&at| output[at].is_nan()).collect();
        assert_eq!(found, [3, 33, 63, 93, 123], "{isa:?}");
    });
}

#[test]
fn threads_do_not_change_a_bit() {
    let mut random = Random(3);
    let spec = Lrn { pixels: 3000, ..PLAIN };
    let input = random.values(spec.input_len());
    let gradient = random.values(spec.input_len());
    assert_threads_change_nothing(|| {
        let [mut y, mut dx] = [input.clone(), gradient.clone()];
        lrn(&spec, &input, &mut y);
        lrn_gradient(&spec, &input, &gradient, &mut dx);
        [y, dx].concat()
    });
}

#[test]
fn nothing_is_normalized_to_nothing() {
    for spec in
        [Lrn { batch: 0, ..PLAIN }, Lrn { channels: 0, ..PLAIN }, Lrn { pixels: 0, ..PLAIN }]
    {
        lrn(&spec, &[], &mut []);
        lrn_gradient(&spec, &[], &[], &mut []);
    }
}

#[test]
fn wrong_sizes_are_refused() {
    let x = vec![1.0; PLAIN.input_len()];
    let mut y = x.clone();
    assert_refused("elements in the input of", || lrn(&PLAIN, &x[1..], &mut y));
    assert_refused("elements in the output of", || lrn(&PLAIN, &x, &mut y[1..]));
    assert_refused("in the output gradient", || lrn_gradient(&PLAIN, &x, &x[1..], &mut y));
    assert_refused("in the input gradient", || lrn_gradient(&PLAIN, &x, &x, &mut y[1..]));
    // The product of these sizes wraps around to the length of the slices.
    let vast = Lrn { batch: 1 << 32, channels: 1 << 32, ..PLAIN };
    assert_refused("sizes overflow", || lrn(&vast, &[], &mut []));
    assert_refused("sizes overflow", || lrn_gradient(&vast, &[], &[], &mut []));
    assert_refused("at least one channel", || lrn(&Lrn { size: 0, ..PLAIN }, &x, &mut y));
}
