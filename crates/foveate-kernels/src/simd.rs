//! Vectors of 16 `f32` and the product of small tiles, for each instruction set.

use crate::conv::Activation;
use crate::isa::Isa;

/// Numbers in a vector.
pub(crate) const LANES: usize = 16;

/// Most rows of a tile.
pub(crate) const ROWS: usize = 14;

/// Most columns of a tile: two vectors.
pub(crate) const COLUMNS: usize = 2 * LANES;

/// The product of two thin matrices, the work that everything here comes down to:
/// `c[i][j] = sum over k < depth of a[i][k] * b[k][j]`, for up to [`ROWS`] `i` and 16 or 32 `j`.
/// Distances are counted in numbers.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    /// `a[0][0]`.
    pub a: *const f32,
    /// From `a[i]` to `a[i + 1]`.
    pub a_row: usize,
    /// From `a[i][k]` to `a[i][k + 1]`.
    pub a_step: usize,
    /// `b[0][0]`; the columns of a row lie side by side.
    pub b: *const f32,
    /// From `b[k]` to `b[k + 1]`.
    pub b_row: usize,
    /// Number of `k`.
    pub depth: usize,
    /// `c[0][0]`; the columns of a row lie side by side.
    pub c: *mut f32,
    /// From `c[i]` to `c[i + 1]`.
    pub c_row: usize,
    /// Adds to `c` instead of overwriting it.
    pub accumulate: bool,
}

/// Which of 16 numbers `from[i * step]` are read, one bit each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    /// Bit `i`: number `i`.
    pub inside: u16,
    /// For a step of 2, bit `i` of `inside` at place `2 i`.
    pub spread: u32,
}

impl Lanes {
    /// The numbers `inside[0]..inside[1]`, for a step.
    pub fn new([begin, end]: [usize; 2], step: usize) -> Self {
        let below = |n: usize| (1_u32 << n) - 1;
        let inside = if begin < end { below(end) & !below(begin) } else { 0 };
        let mut spread = if step == 2 { inside } else { 0 };
        spread = (spread | spread << 8) & 0x00ff_00ff;
        spread = (spread | spread << 4) & 0x0f0f_0f0f;
        spread = (spread | spread << 2) & 0x3333_3333;
        spread = (spread | spread << 1) & 0x5555_5555;
        Self { inside: inside as u16, spread }
    }
}

/// 16 numbers.
///
/// # Safety
///
/// An implementation may use instructions that only some processors have: its methods are called
/// only inside [`run`].
pub(crate) unsafe trait Simd: Copy {
    /// The same number 16 times.
    unsafe fn splat(x: f32) -> Self;

    /// Loads 16 numbers.
    ///
    /// # Safety
    ///
    /// `from` is valid for reading 16 numbers.
    unsafe fn load(from: *const f32) -> Self;

    /// Stores 16 numbers.
    ///
    /// # Safety
    ///
    /// `to` is valid for writing 16 numbers.
    unsafe fn store(self, to: *mut f32);

    /// `self + x * y`.
    unsafe fn add_product(self, x: Self, y: Self) -> Self;

    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;

    /// `self - other`.
    unsafe fn sub(self, other: Self) -> Self;

    /// [`Activation::of`].
    unsafe fn activate(self, activation: Activation) -> Self;

    /// `from[i * step]` in the lanes `i` that are inside, 0 in the others.
    ///
    /// # Safety
    ///
    /// The places inside are valid for reading; `from` itself need not be. The lanes were made for
    /// this step.
    #[inline(always)]
    unsafe fn gather(from: *const f32, step: usize, lanes: Lanes) -> Self {
        // SAFETY: by the contract of this method.
        unsafe {
            if step == 1 && lanes.inside == !0 {
                return Self::load(from);
            }
            let mut values = [0.0; LANES];
            for (i, value) in values.iter_mut().enumerate() {
                if lanes.inside >> i & 1 == 1 {
                    *value = *from.wrapping_add(i * step);
                }
            }
            Self::load(values.as_ptr())
        }
    }

    /// `to[column * to_row + row] = from[row * from_row + column]` for up to 16 rows and columns,
    /// and 0 for the rows from `rows` to `width`, up to 16.
    ///
    /// # Safety
    ///
    /// All these places are valid, and do not overlap.
    #[inline(always)]
    unsafe fn transpose(
        [rows, columns]: [usize; 2],
        width: usize,
        from: *const f32,
        from_row: usize,
        to: *mut f32,
        to_row: usize,
    ) {
        for column in 0..columns {
            for row in 0..width {
                // SAFETY: by the contract of this method.
                unsafe {
                    let value = if row < rows { *from.add(row * from_row + column) } else { 0.0 };
                    *to.add(column * to_row + row) = value;
                }
            }
        }
    }

    /// A [`Product`] of `rows` rows and `16 * vectors` columns.
    ///
    /// # Safety
    ///
    /// All that the product tells to read and write is there; `rows` is at most [`ROWS`],
    /// `vectors` 1 or 2.
    unsafe fn product(rows: usize, vectors: usize, product: &Product);
}

/// Work to be compiled for every instruction set.
pub(crate) trait Work {
    /// Does it.
    ///
    /// # Safety
    ///
    /// Called by [`run`] alone. Implementations are `#[inline(always)]`, and so is all they call
    /// that handles vectors: only then does the instruction set reach it.
    unsafe fn run<S: Simd>(self);
}

/// Does the work with an instruction set.
///
/// # Panics
///
/// If the processor lacks it.
pub(crate) fn run(isa: Isa, work: impl Work) {
    assert!(isa.is_available(), "this processor has no {isa:?}");
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has it.
        Isa::Avx512 => unsafe { x86::with_avx512(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has it.
        Isa::Avx2 => unsafe { x86::with_avx2(work) },
        // SAFETY: arrays need no instruction set.
        _ => unsafe { work.run::<Portable>() },
    }
}

/// A [`Product`] in vectors, `P` rows and `V` vectors of columns at a time: as many sums as there
/// are registers for.
///
/// # Safety
///
/// As for [`Simd::product`].
#[inline(always)]
unsafe fn product<S: Simd, const P: usize, const V: usize>(
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

/// Arrays, for every processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn zip(mut self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        for (x, y) in self.0.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        self
    }
}

// SAFETY: no special instructions.
unsafe impl Simd for Portable {
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the contract of the method.
        Self(unsafe { from.cast::<[f32; LANES]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the contract of the method.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(mut self, x: Self, y: Self) -> Self {
        for (sum, (x, y)) in self.0.iter_mut().zip(x.0.into_iter().zip(y.0)) {
            // One instruction where the processor surely has it, a slow function elsewhere.
            *sum = if cfg!(target_arch = "aarch64") { x.mul_add(y, *sum) } else { x * y + *sum };
        }
        self
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |x, y| x + y)
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |x, y| x - y)
    }

    #[inline(always)]
    unsafe fn activate(mut self, activation: Activation) -> Self {
        for x in &mut self.0 {
            *x = activation.of(*x);
        }
        self
    }

    #[inline(always)]
    unsafe fn product(rows: usize, vectors: usize, p: &Product) {
        // 16 registers of 4 numbers, or 32.
        const P: usize = if cfg!(target_arch = "aarch64") { 6 } else { 3 };
        // SAFETY: by the contract of the method.
        unsafe { product::<Self, P, 1>(rows, vectors, p) }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86;
