//! [`Portable`]: arrays, for every processor.

use super::product::product;
use super::vector::{LANES, Product, Simd};
use crate::activation::Activation;

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
        // 16 registers of 4 values, or 32.
        const P: usize = if cfg!(target_arch = "aarch64") { 6 } else { 3 };
        // SAFETY: by the contract of the method.
        unsafe { product::<Self, P, 1>(rows, vectors, p) }
    }
}
