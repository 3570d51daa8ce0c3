//! The transforms of inputs, kernels and outputs: `B' d B`, `G g G'` and `A' m A`.

use crate::simd::Simd;

/// The three transforms.
pub(super) const INPUTS: u8 = 0;
pub(super) const KERNELS: u8 = 1;
pub(super) const OUTPUTS: u8 = 2;

/// `T x T'`: the transform of the columns, then of the rows.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "columns and rows look alike")]
pub(super) unsafe fn both<S: Simd, const M: usize, const R: usize, const T: u8>(
    mut x: [[S; 6]; 6],
) -> [[S; 6]; 6] {
    let [from, to] = match T {
        INPUTS => [M + R - 1, M + R - 1],
        KERNELS => [R, M + R - 1],
        _ => [M + R - 1, M],
    };
    for j in 0..from {
        // SAFETY: by the contract of this function.
        let column = unsafe {
            transform::<S, M, R, T>([x[0][j], x[1][j], x[2][j], x[3][j], x[4][j], x[5][j]])
        };
        for i in 0..to {
            x[i][j] = column[i];
        }
    }
    for i in 0..to {
        // SAFETY: as above.
        x[i] = unsafe { transform::<S, M, R, T>(x[i]) };
    }
    x
}

/// `T x` for F(2x2, 3x3) and F(4x4, 3x3), section 4.1 and the authors' code, interpolation at
/// 0, 1, -1 (, 2, -2) and infinity; and in the same way for F(2x2, 2x2), at 0, 1 and infinity, and
/// F(4x4, 2x2), at 0, 1, -1, 2 and infinity.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn transform<S: Simd, const M: usize, const R: usize, const T: u8>(x: [S; 6]) -> [S; 6] {
    let [a, b, c, d, e, f] = x;
    // SAFETY: by the contract of this function.
    unsafe {
        match (M, R, T) {
            (2, 2, INPUTS) => [a.sub(b), b, c.sub(b), d, e, f],
            (2, 2, KERNELS) => [a, a.add(b), b, d, e, f],
            (2, 2, _) => [a.add(b), b.add(c), c, d, e, f],
            (4, 2, INPUTS) => {
                let (outer, inner) = (d.sub(b), d.sub(c));
                [
                    plus::<S>(outer, a.sub(c), 2.0),
                    plus::<S>(inner, b, -2.0),
                    plus::<S>(inner, b.sub(c), 2.0),
                    outer,
                    plus::<S>(e.sub(c), outer, -2.0),
                    f,
                ]
            }
            (4, 2, KERNELS) => {
                let (half, sixth) = (times::<S>(a, 0.5), times::<S>(a, 1.0 / 6.0));
                [
                    half,
                    plus::<S>(times::<S>(a, -0.5), b, -0.5),
                    plus::<S>(times::<S>(a, -1.0 / 6.0), b, 1.0 / 6.0),
                    plus::<S>(sixth, b, 1.0 / 3.0),
                    b,
                    f,
                ]
            }
            (4, 2, _) => {
                let difference = b.sub(c);
                [
                    a.add(b).add(c).add(d),
                    plus::<S>(difference, d, 2.0),
                    plus::<S>(b.add(c), d, 4.0),
                    plus::<S>(difference, d, 8.0).add(e),
                    e,
                    f,
                ]
            }
            (2, _, INPUTS) => [a.sub(c), b.add(c), c.sub(b), b.sub(d), e, f],
            (2, _, KERNELS) => {
                let (sum, half) = (times::<S>(a.add(c), 0.5), times::<S>(b, 0.5));
                [a, sum.add(half), sum.sub(half), c, e, f]
            }
            (2, _, _) => [a.add(b).add(c), b.sub(c).sub(d), c, d, e, f],
            (_, _, INPUTS) => {
                let (even, odd) = (plus::<S>(e, c, -4.0), plus::<S>(d, b, -4.0));
                let (even2, odd2) = (e.sub(c), times::<S>(d.sub(b), 2.0));
                [
                    plus::<S>(plus::<S>(e, c, -5.0), a, 4.0),
                    even.add(odd),
                    even.sub(odd),
                    even2.add(odd2),
                    even2.sub(odd2),
                    plus::<S>(plus::<S>(f, d, -5.0), b, 4.0),
                ]
            }
            (_, _, KERNELS) => {
                let (even, odd) = (times::<S>(a.add(c), -1.0 / 6.0), times::<S>(b, -1.0 / 6.0));
                let (even2, odd2) =
                    (plus::<S>(times::<S>(a, 1.0 / 24.0), c, 1.0 / 6.0), times::<S>(b, 1.0 / 12.0));
                [
                    times::<S>(a, 0.25),
                    even.add(odd),
                    even.sub(odd),
                    even2.add(odd2),
                    even2.sub(odd2),
                    c,
                ]
            }
            (_, _, _) => {
                let (sum, difference) = (b.add(c), b.sub(c));
                let (sum2, difference2) = (d.add(e), d.sub(e));
                [
                    a.add(sum).add(sum2),
                    plus::<S>(difference, difference2, 2.0),
                    plus::<S>(sum, sum2, 4.0),
                    plus::<S>(difference, difference2, 8.0).add(f),
                    e,
                    f,
                ]
            }
        }
    }
}

/// `factor * x`.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn times<S: Simd>(x: S, factor: f32) -> S {
    // SAFETY: by the contract of this function.
    unsafe { S::splat(0.0).add_product(x, S::splat(factor)) }
}

/// `x + factor * y`.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
unsafe fn plus<S: Simd>(x: S, y: S, factor: f32) -> S {
    // SAFETY: by the contract of this function.
    unsafe { x.add_product(y, S::splat(factor)) }
}
