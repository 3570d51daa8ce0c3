//! Pooling against its formulas in f64, on every instruction set of this processor.

mod common;

use common::{Random, assert_close, assert_refused, assert_threads_change_nothing, on_each_isa};
use foveate_kernels::{
    Pool2d, adaptive_avg_pool2d, adaptive_avg_pool2d_gradient, avg_pool2d, avg_pool2d_gradient,
    max_pool2d, max_pool2d_gradient,
};

/// f32 sums of at most 100 values, divided: max error / max output.
const TOLERANCE: f64 = 5e-6;

const PLAIN: Pool2d = Pool2d {
    planes: 2,
    input: [6, 6],
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    dilation: [1, 1],
    ceil_mode: false,
};

fn spec(random: &mut Random) -> Pool2d {
    let kernel = [1 + random.below(4), 1 + random.below(4)];
    let dilation = [0, 1].map(|_| [1, 1, 2][random.below(3)]);
    let padding = [0, 1].map(|i| random.below((dilation[i] * (kernel[i] - 1)).div_ceil(2) + 1));
    Pool2d {
        planes: 1 + random.below(5),
        input: [1 + random.below(30), 1 + random.below(120)],
        kernel,
        stride: [1 + random.below(3), 1 + random.below(3)],
        padding,
        dilation,
        ceil_mode: random.below(2) == 0,
    }
}

/// The taps of each output of a plane that are inside the input, row by row; and how many are
/// inside the input or its padding.
fn windows(spec: &Pool2d) -> Vec<(Vec<usize>, usize)> {
    let [oh, ow] = spec.output();
    let mut windows = vec![];
    for y in 0..oh {
        for x in 0..ow {
            let (mut inside, mut padded) = (vec![], 0);
            for i in 0..spec.kernel[0] {
                for j in 0..spec.kernel[1] {
                    let row = y * spec.stride[0] + i * spec.dilation[0];
                    let column = x * spec.stride[1] + j * spec.dilation[1];
                    let ([h, w], [top, left]) = (spec.input, spec.padding);
                    padded += usize::from(row < h + 2 * top && column < w + 2 * left);
                    let (within, across) = (top..top + h, left..left + w);
                    if within.contains(&row) && across.contains(&column) {
                        inside.push((row - top) * w + column - left);
                    }
                }
            }
            windows.push((inside, padded));
        }
    }
    windows
}

/// Sums over windows with one factor each, and the adjoint.
fn averages(
    planes: usize,
    pixels: usize,
    windows: &[(Vec<usize>, f64)],
    input: &[f32],
    gradient: &[f32],
) -> [Vec<f64>; 2] {
    let mut output = vec![];
    let mut input_gradient = vec![0.0; planes * pixels];
    for plane in 0..planes {
        for (i, (inside, factor)) in windows.iter().enumerate() {
            let at = |&pixel: &usize| plane * pixels + pixel;
            output.push(inside.iter().map(|i| f64::from(input[at(i)]) * factor).sum());
            for pixel in inside {
                let gradient = f64::from(gradient[plane * windows.len() + i]);
                input_gradient[at(pixel)] += gradient * factor;
            }
        }
    }
    [output, input_gradient]
}

#[test]
fn sizes_are_those_of_pytorch() {
    let output = |input, kernel, stride, padding, dilation, ceil_mode| {
        let [input, kernel, stride] = [[input; 2], [kernel; 2], [stride; 2]];
        let [padding, dilation] = [[padding; 2], [dilation; 2]];
        Pool2d { planes: 1, input, kernel, stride, padding, dilation, ceil_mode }.output()[0]
    };
    assert_eq!(output(112, 3, 2, 1, 1, false), 56);
    assert_eq!(output(112, 3, 2, 0, 1, false), 55);
    assert_eq!(output(112, 3, 2, 0, 1, true), 56);
    assert_eq!(output(5, 2, 2, 0, 1, false), 2);
    assert_eq!(output(5, 2, 2, 0, 1, true), 3);
    assert_eq!(output(9, 3, 1, 0, 2, false), 5);
    // A third and a second window would start in the padding behind the input.
    assert_eq!(output(4, 2, 3, 1, 1, true), 2);
    assert_eq!(output(4, 2, 5, 1, 1, true), 1);
    // The window is larger than the input.
    assert_eq!(output(2, 3, 1, 0, 1, false), 0);
    assert_eq!(output(2, 3, 2, 0, 1, true), 1);
}

/// Exactly: a maximum is one of its values.
#[test]
fn maxima_of_any_shape() {
    let mut random = Random(1);
    let mut compared = 0;
    for round in 0..300 {
        let spec = spec(&mut random);
        let mut input = random.values(spec.input_len());
        // Ties, NaN and infinities.
        if round % 2 == 0 {
            input.iter_mut().for_each(|x| *x = (*x * 3.0).round());
        }
        if round % 3 == 0 {
            for x in &mut input {
                *x = match random.below(10) {
                    0 => f32::NAN,
                    1..=4 => f32::NEG_INFINITY,
                    5 => f32::INFINITY,
                    _ => *x,
                };
            }
        }
        let gradient = random.values(spec.output_len());
        let pixels = spec.input[0] * spec.input[1];
        let windows = windows(&spec);
        let mut expected = vec![];
        let mut expected_gradient = vec![0.0; input.len()];
        for plane in 0..spec.planes {
            for (i, (inside, _)) in windows.iter().enumerate() {
                let mut best = inside.first().map(|pixel| plane * pixels + pixel);
                for at in inside.iter().map(|pixel| plane * pixels + pixel) {
                    if input[at] > input[best.unwrap()] || input[at].is_nan() {
                        best = Some(at);
                    }
                }
                expected.push(best.map_or(f64::NEG_INFINITY, |at| f64::from(input[at])));
                if let Some(at) = best {
                    expected_gradient[at] += f64::from(gradient[plane * windows.len() + i]);
                }
            }
        }
        on_each_isa(|isa| {
            let mut output = vec![7.0; spec.output_len()];
            max_pool2d(&spec, &input, &mut output);
            assert_close(&output, &expected, 0.0, &format!("{isa:?} {spec:?}"));
            let mut found = vec![7.0; input.len()];
            max_pool2d_gradient(&spec, &input, &gradient, &mut found);
            assert_close(&found, &expected_gradient, 1e-6, &format!("gradient {isa:?} {spec:?}"));
        });
        compared += expected.len();
    }
    assert!(compared > 100_000, "{compared} values compared");
}

#[test]
fn averages_of_any_shape() {
    let mut random = Random(2);
    for round in 0..300 {
        let spec = spec(&mut random);
        let include = round % 2 == 0;
        let input = random.values(spec.input_len());
        let gradient = random.values(spec.output_len());
        let windows: Vec<_> = windows(&spec)
            .into_iter()
            .map(|(inside, padded)| {
                let count = if include { padded } else { inside.len() };
                (inside, 1.0 / count as f64)
            })
            .collect();
        let pixels = spec.input[0] * spec.input[1];
        let [expected, expected_gradient] =
            averages(spec.planes, pixels, &windows, &input, &gradient);
        on_each_isa(|isa| {
            let mut output = vec![7.0; spec.output_len()];
            avg_pool2d(&spec, include, &input, &mut output);
            assert_close(&output, &expected, TOLERANCE, &format!("{isa:?} {spec:?}"));
            let mut found = vec![7.0; input.len()];
            avg_pool2d_gradient(&spec, include, &gradient, &mut found);
            assert_close(&found, &expected_gradient, TOLERANCE, &format!("{isa:?} {spec:?}"));
        });
    }
}

/// `AvgPool2d(3, stride=2, padding=1, ceil_mode=True)` of 1 to 16, by hand.
#[test]
fn divisors_of_ceil_mode() {
    let spec = Pool2d {
        planes: 1,
        input: [4, 4],
        kernel: [3, 3],
        stride: [2, 2],
        padding: [1, 1],
        ceil_mode: true,
        ..PLAIN
    };
    assert_eq!(spec.output(), [3, 3]);
    let input: Vec<f32> = (1..=16_u8).map(f32::from).collect();
    let mut output = [0.0; 9];
    avg_pool2d(&spec, true, &input, &mut output);
    // The last window has 2 of its 3 rows inside the padded input: 4 taps, one of them a number.
    assert_eq!(output[8], 16.0 / 4.0);
    assert_eq!(output[0], (1.0 + 2.0 + 5.0 + 6.0) / 9.0);
    assert_eq!(output[2], (4.0 + 8.0) / 6.0);
    avg_pool2d(&spec, false, &input, &mut output);
    assert_eq!(output[8], 16.0);
    assert_eq!(output[0], (1.0 + 2.0 + 5.0 + 6.0) / 4.0);
}

#[test]
fn adaptive_averages_of_any_shape() {
    let mut random = Random(3);
    for round in 0..200 {
        let planes = 1 + random.below(20);
        let from = [1 + random.below(30), 1 + random.below(40)];
        let to = [1 + random.below(9), 1 + random.below(9)];
        let to = if round % 4 == 0 { [1, 1] } else { to };
        let mut windows = vec![];
        for y in 0..to[0] {
            for x in 0..to[1] {
                let range = |i: usize, axis: usize| {
                    let size = from[axis] as f64 / to[axis] as f64;
                    let start = (i * from[axis]) as f64 / to[axis] as f64;
                    assert!((start - i as f64 * size).abs() < 1e-9);
                    let end = ((i + 1) * from[axis]) as f64 / to[axis] as f64;
                    start.floor() as usize..end.ceil() as usize
                };
                let mut inside = vec![];
                for row in range(y, 0) {
                    inside.extend(range(x, 1).map(|column| row * from[1] + column));
                }
                let factor = 1.0 / inside.len() as f64;
                windows.push((inside, factor));
            }
        }
        let input = random.values(planes * from[0] * from[1]);
        let gradient = random.values(planes * to[0] * to[1]);
        let [expected, expected_gradient] =
            averages(planes, from[0] * from[1], &windows, &input, &gradient);
        on_each_isa(|isa| {
            let what = format!("{isa:?} {planes} {from:?} {to:?}");
            let mut output = vec![7.0; expected.len()];
            adaptive_avg_pool2d(planes, from, to, &input, &mut output);
            assert_close(&output, &expected, TOLERANCE, &what);
            let mut found = vec![7.0; input.len()];
            adaptive_avg_pool2d_gradient(planes, from, to, &gradient, &mut found);
            assert_close(&found, &expected_gradient, TOLERANCE, &what);
        });
    }
}

#[test]
fn nan_is_not_hidden() {
    on_each_isa(|isa| {
        for at in 0..4 {
            let spec = Pool2d { planes: 1, input: [2, 2], ..PLAIN };
            let mut input = [1.0, f32::INFINITY, -1.0, 0.0];
            input[at] = f32::NAN;
            for pool in [max_pool2d, |spec: &_, input: &_, output: &mut _| {
                avg_pool2d(spec, true, input, output);
            }] {
                let mut output = [0.0];
                pool(&spec, &input, &mut output);
                assert!(output[0].is_nan(), "{isa:?} {at}");
            }
            let mut output = [0.0];
            adaptive_avg_pool2d(1, [2, 2], [1, 1], &input, &mut output);
            assert!(output[0].is_nan(), "{isa:?} {at}");
        }
    });
}

#[test]
fn threads_do_not_change_a_bit() {
    let mut random = Random(4);
    let spec = Pool2d { planes: 40, input: [40, 50], kernel: [3, 3], ..PLAIN };
    let input = random.values(spec.input_len());
    let gradient = random.values(spec.output_len());
    let grown = random.values(spec.planes * 7 * 7);
    assert_threads_change_nothing(|| {
        let mut outputs = vec![vec![0.0; spec.output_len()]; 2];
        let mut gradients = vec![vec![0.0; spec.input_len()]; 3];
        let mut adaptive = [vec![0.0; grown.len()], vec![0.0; spec.planes]];
        max_pool2d(&spec, &input, &mut outputs[0]);
        avg_pool2d(&spec, true, &input, &mut outputs[1]);
        max_pool2d_gradient(&spec, &input, &gradient, &mut gradients[0]);
        avg_pool2d_gradient(&spec, true, &gradient, &mut gradients[1]);
        adaptive_avg_pool2d(spec.planes, spec.input, [7, 7], &input, &mut adaptive[0]);
        adaptive_avg_pool2d(spec.planes, spec.input, [1, 1], &input, &mut adaptive[1]);
        adaptive_avg_pool2d_gradient(spec.planes, spec.input, [7, 7], &grown, &mut gradients[2]);
        [outputs.concat(), gradients.concat(), adaptive.concat()].concat()
    });
}

#[test]
fn nothing_is_pooled_to_nothing() {
    for spec in [
        Pool2d { planes: 0, ..PLAIN },
        Pool2d { input: [1, 1], ..PLAIN },
        Pool2d { input: [0, 6], ..PLAIN },
    ] {
        assert_eq!(spec.output_len(), 0);
        let input = vec![1.0; spec.input_len()];
        let mut gradient = vec![1.0; spec.input_len()];
        max_pool2d(&spec, &input, &mut []);
        avg_pool2d(&spec, false, &input, &mut []);
        max_pool2d_gradient(&spec, &input, &[], &mut gradient);
        assert!(gradient.iter().all(|&g| g == 0.0));
        gradient.fill(1.0);
        avg_pool2d_gradient(&spec, false, &[], &mut gradient);
        assert!(gradient.iter().all(|&g| g == 0.0));
    }
    adaptive_avg_pool2d(0, [3, 3], [1, 1], &[], &mut []);
    adaptive_avg_pool2d_gradient(2, [0, 3], [0, 1], &[], &mut []);
    // Padding alone.
    let spec = Pool2d { planes: 1, input: [0, 1], padding: [1, 1], ..PLAIN };
    let mut output = vec![0.0; spec.output_len()];
    max_pool2d(&spec, &[], &mut output);
    assert!(output.iter().all(|&x| x == f32::NEG_INFINITY));
    max_pool2d_gradient(&spec, &[], &output, &mut []);
}

/// What is set aside does not grow with the stride.
#[test]
fn any_stride_ends() {
    for (stride, ceil_mode) in [(1 << 40, false), (isize::MAX as usize, true)] {
        let spec = Pool2d { planes: 1, input: [3, 3], stride: [stride; 2], ceil_mode, ..PLAIN };
        assert_eq!(spec.output(), [1, 1]);
        let input: Vec<f32> = (0..9).map(|i| i as f32).collect();
        let (mut y, mut dx) = ([f32::NAN], [f32::NAN; 9]);
        max_pool2d(&spec, &input, &mut y);
        assert_eq!(y, [4.0]);
        avg_pool2d(&spec, true, &input, &mut y);
        assert_eq!(y, [2.0]);
        max_pool2d_gradient(&spec, &input, &[1.0], &mut dx);
        assert_eq!(dx, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        avg_pool2d_gradient(&spec, true, &[1.0], &mut dx);
        assert_eq!(dx, [0.25, 0.25, 0.0, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0]);
    }
}

/// The products of these sizes wrap around to the lengths of the slices.
#[test]
fn sizes_that_wrap_around_are_refused() {
    let planes = 2 + (1 << 62);
    let spec = Pool2d { planes, input: [4, 4], ..PLAIN };
    let (x, y) = (vec![0.0; 32], vec![0.0; 8]);
    let (mut dx, mut output) = (x.clone(), y.clone());
    assert_refused("sizes overflow", || max_pool2d(&spec, &x, &mut output));
    assert_refused("sizes overflow", || avg_pool2d(&spec, true, &x, &mut output));
    assert_refused("sizes overflow", || max_pool2d_gradient(&spec, &x, &y, &mut dx));
    assert_refused("sizes overflow", || avg_pool2d_gradient(&spec, true, &y, &mut dx));
    assert_refused("sizes overflow", || {
        adaptive_avg_pool2d(planes, [4, 4], [2, 2], &x, &mut output);
    });
    assert_refused("sizes overflow", || {
        adaptive_avg_pool2d_gradient(planes, [4, 4], [2, 2], &y, &mut dx);
    });
    let half = usize::MAX / 2;
    let wide = Pool2d { kernel: [1, half], padding: [0, half / 2], dilation: [1, 3], ..PLAIN };
    assert_refused("sizes overflow", || max_pool2d(&wide, &x, &mut output));
}

#[test]
fn wrong_sizes_are_refused() {
    let [x, y] = [PLAIN.input_len(), PLAIN.output_len()].map(|len| vec![0.0; len]);
    let (mut dx, mut output) = (x.clone(), y.clone());
    assert_refused("elements in the input of", || max_pool2d(&PLAIN, &x[1..], &mut output));
    assert_refused("elements in the output of", || max_pool2d(&PLAIN, &x, &mut output[1..]));
    assert_refused("elements in the input of", || avg_pool2d(&PLAIN, true, &x[1..], &mut output));
    assert_refused("elements in the output gradient", || {
        max_pool2d_gradient(&PLAIN, &x, &y[1..], &mut dx);
    });
    assert_refused("elements in the input gradient", || {
        avg_pool2d_gradient(&PLAIN, true, &y, &mut dx[1..]);
    });
    let strideless = Pool2d { stride: [1, 0], ..PLAIN };
    let strideless_output = || {
        strideless.output();
    };
    assert_refused("the stride is positive, not [1, 0]", strideless_output);
    assert_refused("the stride", || max_pool2d(&strideless, &x, &mut output));
    let ceiled = Pool2d { ceil_mode: true, ..strideless };
    assert_refused("the stride", || avg_pool2d(&ceiled, true, &x, &mut output));
    assert_refused("the kernel is positive, not [0, 2]", || {
        max_pool2d_gradient(&Pool2d { kernel: [0, 2], ..PLAIN }, &x, &y, &mut dx);
    });
    assert_refused("the dilation is positive, not [0, 0]", || {
        avg_pool2d_gradient(&Pool2d { dilation: [0, 0], ..PLAIN }, true, &y, &mut dx);
    });
    let padded = Pool2d { padding: [0, 2], ..PLAIN };
    assert_refused("at most half a window", || max_pool2d(&padded, &x, &mut output));
    assert_refused("elements in the output of", || {
        adaptive_avg_pool2d(2, [6, 6], [2, 2], &x, &mut output);
    });
    assert_refused("pixels are made of pixels", || {
        adaptive_avg_pool2d(1, [0, 6], [1, 1], &[], &mut output[..1]);
    });
}
