//! Few images: products of a matrix and a few vectors (GEMV), bound by reading the weight.

use std::ops::Range;

use rayon::prelude::*;

use crate::activation::Activation;
use crate::dispatch;
use crate::isa::Isa;

/// Rows of the weight that are read side by side, and rows of its gradient in one task.
const ROWS: usize = 8;

/// Columns of the weight worked on at a time: `ROWS` times as many stay in the first cache.
const COLUMNS: usize = 512;

/// Tasks at most, and the weights of one at least.
const TASKS: usize = 64;
const TASK: usize = 1 << 16;

/// `input * weight + bias`, activated.
pub(super) fn output(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let rows = rows_of_task(inputs, outputs);
    // Each task multiplies some rows of the weight, for all outputs.
    let mut partial = vec![0.0; inputs.div_ceil(rows) * batch * outputs];
    partial.par_chunks_mut(batch * outputs).enumerate().for_each(|(task, sums)| {
        let rows = task * rows..inputs.min((task + 1) * rows);
        let product = Gemv {
            left: &input[rows.start..],
            strides: [inputs, 1],
            right: &weight[rows.start * outputs..rows.end * outputs],
            columns: outputs,
            terms: rows.len(),
        };
        product.add_to(isa, sums);
    });
    // Their sums are added in the order of the tasks.
    output.par_chunks_mut(COLUMNS.min(outputs)).enumerate().for_each(|(i, output)| {
        let first = i * COLUMNS.min(outputs);
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                output.fill(0.0);
                for sums in partial.chunks_exact(batch * outputs) {
                    for (y, &sum) in output.iter_mut().zip(&sums[first..]) {
                        *y += sum;
                    }
                }
                add_bias(bias, first, activation, output);
            },
        );
    });
}

/// `output_gradient * weight^T`, for an input gradient of zeros.
pub(super) fn input_gradient(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
) {
    let rows = rows_of_task(inputs, outputs);
    // Task by task, the gradients of some inputs for the whole batch, then put in their places.
    let mut transposed = vec![0.0; inputs * batch];
    transposed.par_chunks_mut(rows * batch).enumerate().for_each(|(task, dots)| {
        let weight = &weight[task * rows * outputs..][..dots.len() / batch * outputs];
        dispatch::on(
            isa,
            #[inline(always)]
            |isa| match isa {
                Isa::Avx512 => {
                    dots_of::<4, 4, 16, true>(outputs, weight, output_gradient, batch, dots);
                }
                Isa::Avx2 => {
                    dots_of::<4, 2, 8, true>(outputs, weight, output_gradient, batch, dots);
                }
                Isa::Portable => {
                    dots_of::<4, 2, 4, false>(outputs, weight, output_gradient, batch, dots);
                }
            },
        );
    });
    input_gradient.par_chunks_mut(inputs).enumerate().for_each(|(image, gradient)| {
        for (gradient, dots) in gradient.iter_mut().zip(transposed.chunks_exact(batch)) {
            *gradient = dots[image];
        }
    });
}

/// `input^T * output_gradient`.
pub(super) fn weight_gradient(
    isa: Isa,
    [batch, inputs, outputs]: [usize; 3],
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    // Few rows a task: they stay in the second cache while the batch is added.
    weight_gradient.par_chunks_mut(ROWS * outputs).enumerate().for_each(|(task, gradient)| {
        gradient.fill(0.0);
        if batch > 0 {
            let product = Gemv {
                left: &input[task * ROWS..],
                strides: [1, inputs],
                right: output_gradient,
                columns: outputs,
                terms: batch,
            };
            product.add_to(isa, gradient);
        }
    });
}

/// Adds the bias to the values from index `first` of an output on, and activates them.
#[inline(always)]
pub(super) fn add_bias(
    bias: Option<&[f32]>,
    first: usize,
    activation: Activation,
    output: &mut [f32],
) {
    if let Some(bias) = bias {
        for (i, y) in output.iter_mut().enumerate() {
            *y += bias[(first + i) % bias.len()];
        }
    }
    for y in output {
        *y = activation.of(*y);
    }
}

/// Rows of the weight of one task: by the sizes alone, so that sums do not depend on the number of
/// threads.
fn rows_of_task(inputs: usize, outputs: usize) -> usize {
    inputs.div_ceil(TASKS).max(TASK.div_ceil(outputs)).next_multiple_of(ROWS)
}

/// `a * b + c`, rounded once if `FUSED`: only for processors that can.
#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// A product of two matrices.
struct Gemv<'a> {
    left: &'a [f32],
    /// Values from one row of the left matrix to the next, and from one column.
    strides: [usize; 2],
    /// `[terms, columns]`
    right: &'a [f32],
    columns: usize,
    terms: usize,
}

impl Gemv<'_> {
    /// Adds the product to `sums`, `[rows, columns]`.
    fn add_to(&self, isa: Isa, sums: &mut [f32]) {
        dispatch::on(
            isa,
            #[inline(always)]
            |isa| match isa {
                Isa::Avx512 => self.add::<16, true>(sums),
                Isa::Avx2 => self.add::<8, true>(sums),
                Isa::Portable => self.add::<4, false>(sums),
            },
        );
    }

    #[inline(always)]
    fn add<const LANES: usize, const FUSED: bool>(&self, sums: &mut [f32]) {
        let (eights, fours) = (self.terms / 8 * 8, self.terms / 4 * 4);
        for start in (0..self.columns).step_by(self.tile(sums)) {
            let tile = start..self.columns.min(start + self.tile(sums));
            for term in (0..eights).step_by(8) {
                self.add_terms::<8, LANES, FUSED>(term, tile.clone(), sums);
            }
            for term in (eights..fours).step_by(4) {
                self.add_terms::<4, LANES, FUSED>(term, tile.clone(), sums);
            }
            for term in fours..self.terms {
                self.add_terms::<1, LANES, FUSED>(term, tile.clone(), sums);
            }
        }
    }

    /// Columns whose sums stay in the second cache.
    #[inline(always)]
    fn tile(&self, sums: &[f32]) -> usize {
        let rows = sums.len() / self.columns;
        ((1 << 15) / rows).next_multiple_of(COLUMNS)
    }

    /// Adds `TERMS` terms, in the columns of a tile.
    #[inline(always)]
    fn add_terms<const TERMS: usize, const LANES: usize, const FUSED: bool>(
        &self,
        term: usize,
        tile: Range<usize>,
        sums: &mut [f32],
    ) {
        for start in tile.clone().step_by(COLUMNS) {
            let columns = start..tile.end.min(start + COLUMNS);
            let right: [&[f32]; TERMS] = std::array::from_fn(|i| {
                &self.right[(term + i) * self.columns..][..self.columns][columns.clone()]
            });
            let left = |row: usize| -> [f32; TERMS] {
                std::array::from_fn(|i| {
                    self.left[row * self.strides[0] + (term + i) * self.strides[1]]
                })
            };
            for (pair, sums) in sums.chunks_mut(2 * self.columns).enumerate() {
                let (first, second) = sums.split_at_mut(self.columns);
                let first = &mut first[columns.clone()];
                if second.is_empty() {
                    add_scaled::<TERMS, 1, LANES, FUSED>([left(2 * pair)], right, [first]);
                } else {
                    let sums = [first, &mut second[columns.clone()]];
                    let left = [left(2 * pair), left(2 * pair + 1)];
                    add_scaled::<TERMS, 2, LANES, FUSED>(left, right, sums);
                }
            }
        }
    }
}

/// `sums[k] += sum of factors[k][i] * rows[i]`, in order.
#[inline(always)]
fn add_scaled<const TERMS: usize, const K: usize, const LANES: usize, const FUSED: bool>(
    factors: [[f32; TERMS]; K],
    rows: [&[f32]; TERMS],
    sums: [&mut [f32]; K],
) {
    let len = sums[0].len();
    let whole = len - len % LANES;
    let mut at = 0;
    while at < whole {
        let mut lanes = [Vector::<LANES>::splat(0.0); K];
        for k in 0..K {
            lanes[k] = Vector::load(&sums[k][at..at + LANES]);
        }
        for i in 0..TERMS {
            let row = Vector::load(&rows[i][at..at + LANES]);
            for k in 0..K {
                lanes[k] = lanes[k].add_product::<FUSED>(Vector::splat(factors[k][i]), row);
            }
        }
        for k in 0..K {
            sums[k][at..at + LANES].copy_from_slice(&lanes[k].0);
        }
        at += LANES;
    }
    for at in whole..len {
        for k in 0..K {
            for i in 0..TERMS {
                sums[k][at] = multiply_add::<FUSED>(factors[k][i], rows[i][at], sums[k][at]);
            }
        }
    }
}

/// `dots[row][image] = sum of weight[row] * gradient[image]`, `dots` being `[rows, batch]`;
/// `R` rows and `B` images at a time.
#[inline(always)]
fn dots_of<const R: usize, const B: usize, const LANES: usize, const FUSED: bool>(
    outputs: usize,
    weight: &[f32],
    gradient: &[f32],
    batch: usize,
    dots: &mut [f32],
) {
    for (weight, dots) in weight.chunks(R * outputs).zip(dots.chunks_mut(R * batch)) {
        for (i, gradient) in gradient.chunks(B * outputs).enumerate() {
            let dots = &mut dots[i * B..];
            match (weight.len() == R * outputs, gradient.len() == B * outputs) {
                (true, true) => dot::<R, B, LANES, FUSED>(outputs, weight, gradient, batch, dots),
                (true, false) => {
                    for (b, gradient) in gradient.chunks_exact(outputs).enumerate() {
                        let dots = &mut dots[b..];
                        dot::<R, 1, LANES, FUSED>(outputs, weight, gradient, batch, dots);
                    }
                }
                _ => {
                    for (r, weight) in weight.chunks_exact(outputs).enumerate() {
                        for (b, gradient) in gradient.chunks_exact(outputs).enumerate() {
                            let dots = &mut dots[r * batch + b..];
                            dot::<1, 1, LANES, FUSED>(outputs, weight, gradient, batch, dots);
                        }
                    }
                }
            }
        }
    }
}

/// The dot products of `R` rows and `B` gradients, of `len` elements each.
#[inline(always)]
fn dot<const R: usize, const B: usize, const LANES: usize, const FUSED: bool>(
    len: usize,
    rows: &[f32],
    gradients: &[f32],
    step: usize,
    dots: &mut [f32],
) {
    let mut rest = [[0.0; B]; R];
    let mut sums = [[Vector::<LANES>::splat(0.0); B]; R];
    let whole = len - len % LANES;
    let rows: [&[f32]; R] = std::array::from_fn(|i| &rows[i * len..][..len]);
    let gradients: [&[f32]; B] = std::array::from_fn(|i| &gradients[i * len..][..len]);
    let mut at = 0;
    while at < whole {
        let mut gradient = [Vector::splat(0.0); B];
        for b in 0..B {
            gradient[b] = Vector::load(&gradients[b][at..at + LANES]);
        }
        for r in 0..R {
            let row = Vector::load(&rows[r][at..at + LANES]);
            for b in 0..B {
                sums[r][b] = sums[r][b].add_product::<FUSED>(row, gradient[b]);
            }
        }
        at += LANES;
    }
    for at in whole..len {
        for r in 0..R {
            for b in 0..B {
                rest[r][b] = multiply_add::<FUSED>(rows[r][at], gradients[b][at], rest[r][b]);
            }
        }
    }
    for r in 0..R {
        for b in 0..B {
            dots[r * step + b] = rest[r][b];
        }
    }
    add_totals(sums, step, dots);
}

/// `dots[r * step + b] += sum of sums[r][b]`. Not inlined, so that sums are registers elsewhere.
#[inline(never)]
fn add_totals<const R: usize, const B: usize, const LANES: usize>(
    sums: [[Vector<LANES>; B]; R],
    step: usize,
    dots: &mut [f32],
) {
    for (dots, sums) in dots.chunks_mut(step).zip(sums) {
        for (dot, sum) in dots.iter_mut().zip(sums) {
            *dot += sum.0.iter().sum::<f32>();
        }
    }
}

/// Values side by side, which become registers.
#[derive(Clone, Copy)]
struct Vector<const N: usize>([f32; N]);

impl<const N: usize> Vector<N> {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let mut lanes = [0.0; N];
        lanes.copy_from_slice(&from[..N]);
        Self(lanes)
    }

    /// `self + x * y`.
    #[inline(always)]
    fn add_product<const FUSED: bool>(mut self, x: Self, y: Self) -> Self {
        for lane in 0..N {
            self.0[lane] = multiply_add::<FUSED>(x.0[lane], y.0[lane], self.0[lane]);
        }
        self
    }
}
