//! [`Avx512`]: a vector is one register.

mod tile;

use std::arch::x86_64::*;

use self::tile::tile;
use super::vector::{LANES, Lanes, Product, Simd, Work};
use crate::activation::Activation;

/// # Safety
///
/// The processor has AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn with_avx512(work: impl Work) {
    // SAFETY: the instruction set is enabled here.
    unsafe { work.run::<Avx512>() }
}

/// One register of AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

/// The lowest `count` lanes, all from 16 on.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    if count >= LANES { !0 } else { (1 << count) - 1 }
}

// SAFETY: used inside `with_avx512`.
unsafe impl Simd for Avx512 {
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: by the contract of the trait.
        Self(unsafe { _mm512_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the contract of the trait and the method.
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the contract of the trait and the method.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add_product(self, x: Self, y: Self) -> Self {
        // SAFETY: by the contract of the trait.
        Self(unsafe { _mm512_fmadd_ps(x.0, y.0, self.0) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: by the contract of the trait.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: by the contract of the trait.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn activate(self, activation: Activation) -> Self {
        // SAFETY: by the contract of the trait.
        unsafe {
            match activation {
                Activation::None => self,
                // The second where one is NaN.
                Activation::Relu => Self(_mm512_max_ps(_mm512_setzero_ps(), self.0)),
                Activation::LeakyRelu(slope) => {
                    let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, _mm512_setzero_ps());
                    let scaled = _mm512_mul_ps(self.0, _mm512_set1_ps(slope));
                    Self(_mm512_mask_mov_ps(scaled, positive, self.0))
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn gather(from: *const f32, step: usize, lanes: Lanes) -> Self {
        // SAFETY: masked lanes are not read; the others by the contract.
        Self(unsafe {
            match step {
                1 => _mm512_maskz_loadu_ps(lanes.inside, from),
                2 => {
                    let even =
                        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
                    let low = _mm512_maskz_loadu_ps(lanes.spread as u16, from);
                    let high = (lanes.spread >> LANES) as u16;
                    let high = _mm512_maskz_loadu_ps(high, from.wrapping_add(LANES));
                    _mm512_permutex2var_ps(low, even, high)
                }
                _ => {
                    let mut values = [0.0; LANES];
                    for (i, value) in values.iter_mut().enumerate() {
                        if lanes.inside >> i & 1 == 1 {
                            *value = *from.wrapping_add(i * step);
                        }
                    }
                    _mm512_loadu_ps(values.as_ptr())
                }
            }
        })
    }

    #[inline(always)]
    unsafe fn transpose(
        [rows, columns]: [usize; 2],
        width: usize,
        from: *const f32,
        from_row: usize,
        to: *mut f32,
        to_row: usize,
    ) {
        // SAFETY: masked lanes are neither read nor written; the others by the contract.
        unsafe {
            let mut r = [_mm512_setzero_ps(); LANES];
            for (i, r) in r.iter_mut().enumerate() {
                if i < rows {
                    *r = _mm512_maskz_loadu_ps(first(columns), from.add(i * from_row));
                }
            }
            // Pairs, then fours, then the quarters of the registers.
            let mut t = r;
            for i in 0..8 {
                t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            for i in 0..4 {
                let (a, b) = (_mm512_castps_pd(t[4 * i]), _mm512_castps_pd(t[4 * i + 1]));
                let (c, d) = (_mm512_castps_pd(t[4 * i + 2]), _mm512_castps_pd(t[4 * i + 3]));
                r[4 * i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
                r[4 * i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
                r[4 * i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
                r[4 * i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
            }
            for i in 0..4 {
                let low = _mm512_shuffle_f32x4::<0x88>(r[i], r[4 + i]);
                let high = _mm512_shuffle_f32x4::<0xdd>(r[i], r[4 + i]);
                let low2 = _mm512_shuffle_f32x4::<0x88>(r[8 + i], r[12 + i]);
                let high2 = _mm512_shuffle_f32x4::<0xdd>(r[8 + i], r[12 + i]);
                t[i] = _mm512_shuffle_f32x4::<0x88>(low, low2);
                t[4 + i] = _mm512_shuffle_f32x4::<0x88>(high, high2);
                t[8 + i] = _mm512_shuffle_f32x4::<0xdd>(low, low2);
                t[12 + i] = _mm512_shuffle_f32x4::<0xdd>(high, high2);
            }
            for (i, &t) in t.iter().enumerate() {
                if i < columns {
                    _mm512_mask_storeu_ps(to.add(i * to_row), first(width), t);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn product(rows: usize, vectors: usize, product: &Product) {
        // SAFETY: by the contract of the method.
        unsafe { tile(rows, vectors, product) }
    }
}
