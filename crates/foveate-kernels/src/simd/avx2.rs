//! [`Avx2`]: a vector is two registers.

use std::arch::x86_64::*;

use super::product::product;
use super::vector::{Product, Simd, Work};
use crate::activation::Activation;

/// # Safety
///
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn with_avx2(work: impl Work) {
    // SAFETY: the instruction set is enabled here.
    unsafe { work.run::<Avx2>() }
}

/// Two registers of AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256, __m256);

// SAFETY: used inside `with_avx2`.
unsafe impl Simd for Avx2 {
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: by the contract of the trait.
        unsafe { Self(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the contract of the trait and the method.
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the contract of the trait and the method.
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }

    #[inline(always)]
    unsafe fn add_product(self, x: Self, y: Self) -> Self {
        // SAFETY: by the contract of the trait.
        unsafe { Self(_mm256_fmadd_ps(x.0, y.0, self.0), _mm256_fmadd_ps(x.1, y.1, self.1)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: by the contract of the trait.
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: by the contract of the trait.
        unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }

    #[inline(always)]
    unsafe fn activate(self, activation: Activation) -> Self {
        // SAFETY: by the contract of the trait.
        unsafe {
            let zero = _mm256_setzero_ps();
            match activation {
                Activation::None => self,
                // The second where one is NaN.
                Activation::Relu => Self(_mm256_max_ps(zero, self.0), _mm256_max_ps(zero, self.1)),
                Activation::LeakyRelu(slope) => {
                    let slope = _mm256_set1_ps(slope);
                    let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, zero);
                    let low = _mm256_blendv_ps(_mm256_mul_ps(self.0, slope), self.0, positive);
                    let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(self.1, zero);
                    let high = _mm256_blendv_ps(_mm256_mul_ps(self.1, slope), self.1, positive);
                    Self(low, high)
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn product(rows: usize, vectors: usize, p: &Product) {
        // 12 sums, 2 of `b` and a broadcast in 16 registers.
        // SAFETY: by the contract of the method.
        unsafe { product::<Self, 6, 1>(rows, vectors, p) }
    }
}
