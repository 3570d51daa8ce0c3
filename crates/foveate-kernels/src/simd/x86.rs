//! AVX-512 and AVX2.

use std::arch::asm;
use std::arch::x86_64::*;

use crate::conv::Activation;

use super::{LANES, Lanes, Product, Simd, Work, product};

/// # Safety
///
/// The processor has AVX-512F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn with_avx512(work: impl Work) {
    // SAFETY: the instruction set is enabled here.
    unsafe { work.run::<Avx512>() }
}

/// # Safety
///
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn with_avx2(work: impl Work) {
    // SAFETY: the instruction set is enabled here.
    unsafe { work.run::<Avx2>() }
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

/// A [`Product`] in assembly: the compiler loads the whole column of `a` before the first product
/// and then lacks registers for the sums, 45 instead of 110 GFLOP/s a core (Zen 4).
///
/// # Safety
///
/// As for [`Simd::product`]; the processor has AVX-512F.
#[target_feature(enable = "avx512f")]
unsafe fn tile(rows: usize, vectors: usize, product: &Product) {
    // The lines for row `$i` and all before it. Sums of row i: registers 2 i and 2 i + 1.
    macro_rules! lines {
        ($line:ident 1) => { $line!("[{a}]" 0 1) };
        ($line:ident 2) => { concat!(lines!($line 1), $line!("[{a} + {s}]" 2 3)) };
        ($line:ident 3) => { concat!(lines!($line 2), $line!("[{a} + 2 * {s}]" 4 5)) };
        ($line:ident 4) => { concat!(lines!($line 3), $line!("[{a} + {s3}]" 6 7)) };
        ($line:ident 5) => { concat!(lines!($line 4), $line!("next"), $line!("[{t}]" 8 9)) };
        ($line:ident 6) => { concat!(lines!($line 5), $line!("[{t} + {s}]" 10 11)) };
        ($line:ident 7) => { concat!(lines!($line 6), $line!("[{t} + 2 * {s}]" 12 13)) };
        ($line:ident 8) => { concat!(lines!($line 7), $line!("[{t} + {s3}]" 14 15)) };
        ($line:ident 9) => { concat!(lines!($line 8), $line!("then"), $line!("[{t}]" 16 17)) };
        ($line:ident 10) => { concat!(lines!($line 9), $line!("[{t} + {s}]" 18 19)) };
        ($line:ident 11) => { concat!(lines!($line 10), $line!("[{t} + 2 * {s}]" 20 21)) };
        ($line:ident 12) => { concat!(lines!($line 11), $line!("[{t} + {s3}]" 22 23)) };
        ($line:ident 13) => { concat!(lines!($line 12), $line!("then"), $line!("[{t}]" 24 25)) };
        ($line:ident 14) => { concat!(lines!($line 13), $line!("[{t} + {s}]" 26 27)) };
    }
    macro_rules! zero {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vpxord zmm",
                $i,
                ", zmm",
                $i,
                ", zmm",
                $i,
                "\n",
                "vpxord zmm",
                $j,
                ", zmm",
                $j,
                ", zmm",
                $j,
                "\n",
            )
        };
    }
    macro_rules! multiply1 {
        ("next") => {
            "lea {t}, [{a} + 4 * {s}]\n"
        };
        ("then") => {
            "lea {t}, [{t} + 4 * {s}]\n"
        };
        ($at:literal $i:literal $j:literal) => {
            concat!("vbroadcastss zmm31, ", $at, "\nvfmadd231ps zmm", $i, ", zmm28, zmm31\n")
        };
    }
    macro_rules! multiply2 {
        ("next") => {
            "lea {t}, [{a} + 4 * {s}]\n"
        };
        ("then") => {
            "lea {t}, [{t} + 4 * {s}]\n"
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vbroadcastss zmm31, ",
                $at,
                "\n",
                "vfmadd231ps zmm",
                $i,
                ", zmm28, zmm31\n",
                "vfmadd231ps zmm",
                $j,
                ", zmm29, zmm31\n",
            )
        };
    }
    macro_rules! load1 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!("vmovups zmm", $i, ", [{t}]\nadd {t}, {q}\n")
        };
    }
    macro_rules! load2 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vmovups zmm",
                $i,
                ", [{t}]\n",
                "vmovups zmm",
                $j,
                ", [{t} + 64]\nadd {t}, {q}\n",
            )
        };
    }
    macro_rules! store1 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!("vmovups [{t}], zmm", $i, "\nadd {t}, {q}\n")
        };
    }
    macro_rules! store2 {
        ($base:literal) => {
            ""
        };
        ($at:literal $i:literal $j:literal) => {
            concat!(
                "vmovups [{t}], zmm",
                $i,
                "\n",
                "vmovups [{t} + 64], zmm",
                $j,
                "\nadd {t}, {q}\n",
            )
        };
    }
    macro_rules! tile {
        ($rows:tt $load:ident $store:ident $multiply:ident $second:literal) => {
            asm!(
                "/* {s} {s3}: not every height has a use for them */",
                "test {accumulate:e}, {accumulate:e}",
                "jnz 3f",
                lines!(zero $rows),
                "jmp 4f",
                "3:",
                "mov {t}, {c}",
                lines!($load $rows),
                "4:",
                "test {n}, {n}",
                "jz 5f",
                "2:",
                "vmovups zmm28, [{b}]",
                $second,
                lines!($multiply $rows),
                "add {b}, {b_row}",
                "add {a}, {step}",
                "dec {n}",
                "jnz 2b",
                "5:",
                "mov {t}, {c}",
                lines!($store $rows),
                a = inout(reg) product.a => _,
                b = inout(reg) product.b => _,
                c = in(reg) product.c,
                n = inout(reg) product.depth => _,
                s = in(reg) product.a_row * 4,
                s3 = in(reg) product.a_row * 12,
                q = in(reg) product.c_row * 4,
                step = in(reg) product.a_step * 4,
                b_row = in(reg) product.b_row * 4,
                accumulate = in(reg) u32::from(product.accumulate),
                t = out(reg) _,
                out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
                out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
                out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _,
                out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _,
                out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _,
                out("zmm25") _, out("zmm26") _, out("zmm27") _, out("zmm28") _, out("zmm29") _,
                out("zmm30") _, out("zmm31") _,
                options(nostack),
            )
        };
    }
    macro_rules! of {
        ($($rows:tt)*) => {
            match (vectors, rows) {
                $((1, $rows) => tile!($rows load1 store1 multiply1 ""),
                (2, $rows) => tile!($rows load2 store2 multiply2 "vmovups zmm29, [{b} + 64]"),)*
                _ => unreachable!("a tile has 1 to 14 rows and 1 or 2 vectors"),
            }
        };
    }
    // SAFETY: it reads `depth` times a vector or two of `b` and a number of each row of `a`, and
    // reads and writes a vector or two of each row of `c`, which are there by the contract.
    unsafe { of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14) }
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
