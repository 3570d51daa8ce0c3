//! A [`Product`] in vectors, for any instruction set.

use super::vector::{LANES, Product, Simd};

/// A [`Product`] in vectors, `P` rows and `V` vectors of columns at a time: as many sums as there
/// are registers for.
///
/// # Safety
///
/// As for [`Simd::product`].
#[inline(always)]
pub(super) unsafe fn product<S: Simd, const P: usize, const V: usize>(
    rows: usize,
    vectors: usize,
    product: &Product,
) {
    let mut i = 0;
    while i < rows {
        let mut v = 0;
        while v < vectors {
            // SAFETY: by the contract of this function; these rows and columns are part of it.
            unsafe {
                let part = Product {
                    a: product.a.add(i * product.a_row),
                    b: product.b.add(v * LANES),
                    c: product.c.add(i * product.c_row + v * LANES),
                    ..*product
                };
                match rows - i {
                    n if n >= P => sums::<S, P, V>(&part),
                    // Widths that an instruction set does not have are left out of its code.
                    5 if 5 < P => sums::<S, 5, V>(&part),
                    4 if 4 < P => sums::<S, 4, V>(&part),
                    3 if 3 < P => sums::<S, 3, V>(&part),
                    2 if 2 < P => sums::<S, 2, V>(&part),
                    _ => sums::<S, 1, V>(&part),
                }
            }
            v += V;
        }
        i += P.min(rows - i);
    }
}

/// # Safety
///
/// As for [`Simd::product`], for `P` rows and `V` vectors.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "constant indices keep the sums in registers")]
unsafe fn sums<S: Simd, const P: usize, const V: usize>(product: &Product) {
    // SAFETY: by the contract of this function.
    unsafe {
        let mut sums = [[S::splat(0.0); V]; P];
        for k in 0..product.depth {
            let a = product.a.add(k * product.a_step);
            let mut b = [S::splat(0.0); V];
            for v in 0..V {
                b[v] = S::load(product.b.add(k * product.b_row + v * LANES));
            }
            for p in 0..P {
                let x = S::splat(*a.add(p * product.a_row));
                for v in 0..V {
                    sums[p][v] = sums[p][v].add_product(x, b[v]);
                }
            }
        }
        for p in 0..P {
            for v in 0..V {
                let c = product.c.add(p * product.c_row + v * LANES);
                let sum = sums[p][v];
                let sum = if product.accumulate { S::load(c).add(sum) } else { sum };
                sum.store(c);
            }
        }
    }
}
