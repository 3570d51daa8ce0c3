//! [`Simd`]: a vector of 16 `f32`, and the product of small tiles.

use crate::activation::Activation;

/// Values in a vector.
pub(crate) const LANES: usize = 16;

/// Most rows of a tile, of any instruction set.
pub(crate) const ROWS: usize = 14;

/// Most columns of a tile: two vectors.
pub(crate) const COLUMNS: usize = 2 * LANES;

/// The product of two thin matrices, the work that everything here comes down to:
/// `c[i][j] = sum over k < depth of a[i][k] * b[k][j]`, for up to [`ROWS`] `i` and 16 or 32 `j`.
/// Distances are counted in elements.
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

/// Which of 16 values `from[i * step]` are read, one bit each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    /// Bit `i`: number `i`.
    pub inside: u16,
    /// For a step of 2, bit `i` of `inside` at place `2 i`.
    pub spread: u32,
}

impl Lanes {
    /// The values `inside[0]..inside[1]`, for a step.
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

/// 16 values.
///
/// # Safety
///
/// An implementation may use instructions that only some processors have: its methods are called
/// only inside [`run`](super::run).
pub(crate) unsafe trait Simd: Copy {
    /// Rows of a tile that the product takes at a time, [`ROWS`] at most.
    const ROWS: usize = ROWS;

    /// The same number 16 times.
    unsafe fn splat(x: f32) -> Self;

    /// Loads 16 values.
    ///
    /// # Safety
    ///
    /// `from` is valid for reading 16 values.
    unsafe fn load(from: *const f32) -> Self;

    /// Stores 16 values.
    ///
    /// # Safety
    ///
    /// `to` is valid for writing 16 values.
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
    /// Called by [`run`](super::run) alone. Implementations are `#[inline(always)]`, and so is all they call
    /// that handles vectors: only then does the instruction set reach it.
    unsafe fn run<S: Simd>(self);
}
