//! Fully connected layers against their formulas in f64, on every instruction set of this
//! processor.

mod common;

use common::{
    Random, assert_close, assert_refused, assert_threads_change_nothing, on_each_isa, wide,
};
use foveate_kernels::{Activation, linear, linear_input_gradient, linear_weight_gradient};

/// Up to 3,000 products in f32: max error / max output.
const TOLERANCE: f64 = 5e-6;

/// `[rows, terms] * [terms, columns]`, of which the function tells the values.
fn product(
    [rows, terms, columns]: [usize; 3],
    left: impl Fn(usize, usize) -> f64,
    right: impl Fn(usize, usize) -> f64,
) -> Vec<f64> {
    let mut product = vec![0.0; rows * columns];
    for row in 0..rows {
        for term in 0..terms {
            let factor = left(row, term);
            for column in 0..columns {
                product[row * columns + column] += factor * right(term, column);
            }
        }
    }
    product
}

fn shapes(random: &mut Random) -> Vec<[usize; 3]> {
    let mut shapes = vec![[3, 3000, 500], [1, 2500, 1000], [70, 30, 40], [2, 9, 1500]];
    for _ in 0..60 {
        shapes.push([1 + random.below(20), 1 + random.below(500), 1 + random.below(300)]);
        shapes.push([1 + random.below(9), 1 + random.below(40), 1 + random.below(40)]);
        shapes.push([33 + random.below(60), 1 + random.below(60), 1 + random.below(60)]);
    }
    shapes
}

#[test]
fn any_shape_equals_the_formula() {
    let mut random = Random(1);
    for (round, shape) in shapes(&mut random).into_iter().enumerate() {
        let [batch, inputs, outputs] = shape;
        let [x, w] = [batch * inputs, inputs * outputs].map(|len| random.values(len));
        let bias = (round % 2 == 0).then(|| random.values(outputs));
        let activation =
            [Activation::None, Activation::Relu, Activation::LeakyRelu(0.1)][round % 3];
        let (wide_x, wide_w) = (wide(&x), wide(&w));
        let sums = product(shape, |b, i| wide_x[b * inputs + i], |i, o| wide_w[i * outputs + o]);
        let add_bias = |(i, x): (usize, f64)| {
            x + bias.as_ref().map_or(0.0, |bias| f64::from(bias[i % outputs]))
        };
        let expected: Vec<_> = sums
            .into_iter()
            .enumerate()
            .map(add_bias)
            .map(|x| match activation {
                Activation::None => x,
                Activation::Relu => x.max(0.0),
                Activation::LeakyRelu(slope) => x.max(f64::from(slope) * x),
            })
            .collect();
        on_each_isa(|isa| {
            let mut y = vec![f32::NAN; batch * outputs];
            linear(batch, inputs, outputs, &x, &w, bias.as_deref(), activation, &mut y);
            // Where ReLU leaves little, the largest output is far below the largest sum.
            let tolerance = if activation == Activation::Relu { 2e-5 } else { TOLERANCE };
            assert_close(&y, &expected, tolerance, &format!("{isa:?} {shape:?}"));
        });
    }
}

#[test]
fn gradients_equal_the_formulas() {
    let mut random = Random(2);
    for [batch, inputs, outputs] in shapes(&mut random) {
        let [x, w, g] =
            [batch * inputs, inputs * outputs, batch * outputs].map(|len| random.values(len));
        let [wide_x, wide_w, wide_g] = [&x, &w, &g].map(|values| wide(values));
        let by_input = product(
            [batch, outputs, inputs],
            |b, o| wide_g[b * outputs + o],
            |o, i| wide_w[i * outputs + o],
        );
        let by_weight = product(
            [inputs, batch, outputs],
            |i, b| wide_x[b * inputs + i],
            |b, o| wide_g[b * outputs + o],
        );
        on_each_isa(|isa| {
            let what = format!("{isa:?} {:?}", [batch, inputs, outputs]);
            let [mut dx, mut dw] = [x.len(), w.len()].map(|len| vec![f32::NAN; len]);
            linear_input_gradient(batch, inputs, outputs, &g, &w, &mut dx);
            assert_close(&dx, &by_input, TOLERANCE, &format!("input {what}"));
            linear_weight_gradient(batch, inputs, outputs, &x, &g, &mut dw);
            assert_close(&dw, &by_weight, TOLERANCE, &format!("weight {what}"));
        });
    }
}

#[test]
fn nan_is_not_hidden() {
    on_each_isa(|isa| {
        for at in 0..20 {
            let mut x = [0.0; 20];
            x[at] = f32::NAN;
            for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu(0.1)] {
                let mut y = [0.0; 40];
                linear(1, 20, 40, &x, &[0.0; 800], None, activation, &mut y);
                assert!(y.iter().all(|y| y.is_nan()), "{isa:?} {at} {activation:?}");
            }
            let mut dx = [0.0; 40];
            linear_input_gradient(1, 40, 20, &x, &[0.0; 800], &mut dx);
            assert!(dx.iter().all(|dx| dx.is_nan()), "{isa:?} {at}");
            let mut dw = [0.0; 400];
            linear_weight_gradient(1, 20, 20, &x, &[0.0; 20], &mut dw);
            let nans = (0..400).filter(|&i| dw[i].is_nan());
            assert!(nans.eq(at * 20..(at + 1) * 20), "{isa:?} {at}");
        }
    });
}

#[test]
fn threads_do_not_change_a_bit() {
    let mut random = Random(3);
    for [batch, inputs, outputs] in [[1, 2000, 700], [5, 3000, 300], [40, 100, 900]] {
        let [x, w, g] =
            [batch * inputs, inputs * outputs, batch * outputs].map(|len| random.values(len));
        assert_threads_change_nothing(|| {
            let [mut y, mut dx, mut dw] = [g.clone(), x.clone(), w.clone()];
            linear(batch, inputs, outputs, &x, &w, Some(&g[..outputs]), Activation::None, &mut y);
            linear_input_gradient(batch, inputs, outputs, &g, &w, &mut dx);
            linear_weight_gradient(batch, inputs, outputs, &x, &g, &mut dw);
            [y, dx, dw].concat()
        });
    }
}

#[test]
fn empty_layers() {
    for [batch, inputs, outputs] in [[0, 3, 4], [2, 0, 4], [2, 3, 0], [0, 0, 0]] {
        let [x, w, g] =
            [batch * inputs, inputs * outputs, batch * outputs].map(|len| vec![1.0; len]);
        let [mut y, mut dx, mut dw] = [g.clone(), x.clone(), w.clone()];
        let bias = vec![5.0; outputs];
        linear(batch, inputs, outputs, &x, &w, Some(&bias), Activation::Relu, &mut y);
        assert!(y.iter().all(|&y| y == 5.0), "the bias alone");
        linear_input_gradient(batch, inputs, outputs, &g, &w, &mut dx);
        linear_weight_gradient(batch, inputs, outputs, &x, &g, &mut dw);
        assert!(dx.iter().chain(&dw).all(|&g| g == 0.0), "no gradient");
    }
}

#[test]
fn wrong_sizes_are_refused() {
    let [x, w, g] = [6, 12, 8].map(|len| vec![1.0; len]);
    let [mut dx, mut dw, mut y] = [x.clone(), w.clone(), g.clone()];
    let none = Activation::None;
    assert_refused("elements in the input of", || linear(2, 3, 4, &x[1..], &w, None, none, &mut y));
    assert_refused("elements in the weight", || linear(2, 3, 4, &x, &w[1..], None, none, &mut y));
    assert_refused("elements in the bias", || linear(2, 3, 4, &x, &w, Some(&[]), none, &mut y));
    assert_refused("elements in the output", || linear(2, 3, 4, &x, &w, None, none, &mut y[1..]));
    assert_refused("in the output gradient", || {
        linear_input_gradient(2, 3, 4, &g[1..], &w, &mut dx);
    });
    assert_refused("in the weight of", || linear_input_gradient(2, 3, 4, &g, &w[1..], &mut dx));
    assert_refused("in the input gradient", || {
        linear_input_gradient(2, 3, 4, &g, &w, &mut dx[1..]);
    });
    assert_refused("in the weight gradient", || {
        linear_weight_gradient(2, 3, 4, &x, &g, &mut dw[1..]);
    });
    assert_refused("in the input of", || linear_weight_gradient(2, 3, 4, &x[1..], &g, &mut dw));
    // The products of these sizes wrap around to the lengths of the slices.
    let many = 1 << 32;
    assert_refused("sizes overflow", || linear(many, many, 0, &[], &[], None, none, &mut []));
    assert_refused("sizes overflow", || linear_input_gradient(0, many, many, &[], &[], &mut []));
    assert_refused("sizes overflow", || linear_weight_gradient(many, 0, many, &[], &[], &mut []));
}
