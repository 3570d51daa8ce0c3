//! Vectors of 16 `f32`, and the micro kernel made of them, for each instruction set.

use crate::layout::BLOCK;

/// The sums of a tile: 32 channels out of each pixel.
pub(crate) type Sums = [[f32; 2 * BLOCK]; 14];

/// Where a tile reads.
#[derive(Clone, Copy)]
pub(crate) struct Tile {
    /// The first channel of the first pixel's first tap.
    pub input: *const f32,
    /// Numbers from one block of channels in to the next.
    pub plane: usize,
    /// Numbers from one tap to the next, down and across.
    pub taps: [usize; 2],
    /// Numbers from one pixel of the tile to the next.
    pub step: usize,
    /// The weights of this block of channels out.
    pub weights: *const f32,
    /// Channels in.
    pub channels: usize,
    /// Taps, down and across.
    pub kernel: [usize; 2],
}

/// 16 numbers, and the tile of outputs that fits into the registers beside them.
///
/// # Safety
///
/// An implementation may use instructions that only some processors have: its methods are called
/// only inside functions that enable them (`#[target_feature]`), on processors that have them.
pub(crate) unsafe trait Simd: Copy {
    /// Output pixels that one micro kernel holds in registers, times two vectors of channels.
    const PIXELS: usize;

    /// All zero.
    unsafe fn zero() -> Self;

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

    /// `self + x * y`, one `x` for all 16.
    ///
    /// # Safety
    ///
    /// `x` is valid for reading.
    unsafe fn add_scaled(self, x: *const f32, y: Self) -> Self;

    /// `sums[pixel][channel out] = sum over channels in and taps of input * weight`, for `P` pixels
    /// and `16 * V` channels out.
    ///
    /// # Safety
    ///
    /// All that the tile tells to read is there.
    #[inline(always)]
    unsafe fn micro<const V: usize, const P: usize>(tile: &Tile, sums: &mut Sums) {
        // SAFETY: by the contract of this method.
        unsafe { micro::<Self, V, P>(tile, sums) }
    }
}

/// [`Simd::micro`] in vectors.
///
/// # Safety
///
/// As there.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "constant indices keep the sums in registers")]
unsafe fn micro<S: Simd, const V: usize, const P: usize>(tile: &Tile, sums: &mut Sums) {
    // SAFETY: by the contract of this function.
    unsafe {
        let mut tiles = [[S::zero(); V]; P];
        let mut weights = tile.weights;
        for block in 0..tile.channels.div_ceil(BLOCK) {
            let channels = BLOCK.min(tile.channels - block * BLOCK);
            for ky in 0..tile.kernel[0] {
                for kx in 0..tile.kernel[1] {
                    let at = block * tile.plane + ky * tile.taps[0] + kx * tile.taps[1];
                    let input = tile.input.add(at);
                    for c in 0..channels {
                        let mut w = [S::zero(); V];
                        for v in 0..V {
                            w[v] = S::load(weights.add(v * BLOCK));
                        }
                        for p in 0..P {
                            let x = input.add(p * tile.step + c);
                            for v in 0..V {
                                tiles[p][v] = tiles[p][v].add_scaled(x, w[v]);
                            }
                        }
                        weights = weights.add(V * BLOCK);
                    }
                }
            }
        }
        for p in 0..P {
            for v in 0..V {
                tiles[p][v].store(sums[p].as_mut_ptr().add(v * BLOCK));
            }
        }
    }
}

/// Arrays, for every processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 16]);

// SAFETY: no special instructions.
unsafe impl Simd for Portable {
    const PIXELS: usize = 3;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([0.0; 16])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: by the contract of the method.
        Self(unsafe { from.cast::<[f32; 16]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: by the contract of the method.
        unsafe { to.cast::<[f32; 16]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn add_scaled(mut self, x: *const f32, y: Self) -> Self {
        // SAFETY: by the contract of the method.
        let x = unsafe { *x };
        for (sum, y) in self.0.iter_mut().zip(y.0) {
            *sum += x * y;
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;
    use std::arch::x86_64::*;

    use super::{Simd, Sums, Tile, micro};
    use crate::layout::BLOCK;

    /// One register of AVX-512.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    // SAFETY: used inside functions that enable avx512f.
    unsafe impl Simd for Avx512 {
        // 28 sums and 2 vectors of weights in 32 registers.
        const PIXELS: usize = 14;

        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: by the contract of the trait.
            Self(unsafe { _mm512_setzero_ps() })
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
        unsafe fn add_scaled(self, x: *const f32, y: Self) -> Self {
            // SAFETY: by the contract of the trait and the method.
            Self(unsafe { _mm512_fmadd_ps(_mm512_set1_ps(*x), y.0, self.0) })
        }

        #[inline(always)]
        unsafe fn micro<const V: usize, const P: usize>(tile: &Tile, sums: &mut Sums) {
            // SAFETY: by the contract of the trait and the method.
            unsafe {
                match (V, P) {
                    (2, 14) => micro_14x2(tile, sums),
                    _ => micro::<Self, V, P>(tile, sums),
                }
            }
        }
    }

    /// The whole tile, 14 pixels and 32 channels. In assembly, since the compiler loads all 14
    /// pixels before the first product and then lacks registers for the sums: 45 instead of 110
    /// GFLOP/s a core (Zen 4).
    ///
    /// # Safety
    ///
    /// The processor has AVX-512F; all that the tile tells to read is there.
    #[target_feature(enable = "avx512f")]
    unsafe fn micro_14x2(tile: &Tile, sums: &mut Sums) {
        let mut a = [_mm512_setzero_ps(); 28];
        let mut weights = tile.weights;
        for block in 0..tile.channels.div_ceil(BLOCK) {
            let channels = BLOCK.min(tile.channels - block * BLOCK);
            for ky in 0..tile.kernel[0] {
                for kx in 0..tile.kernel[1] {
                    let at = block * tile.plane + ky * tile.taps[0] + kx * tile.taps[1];
                    // SAFETY: by the contract of this function. The loop runs `channels` > 0 times;
                    // it reads two vectors of weights and one number of each of 14 pixels a time.
                    unsafe {
                        asm!(
                            "2:",
                            "vmovups {w0}, [{w}]",
                            "vmovups {w1}, [{w} + 64]",
                            "vbroadcastss {b}, [{x}]",
                            "vfmadd231ps {a0}, {w0}, {b}",
                            "vfmadd231ps {a1}, {w1}, {b}",
                            "vbroadcastss {b}, [{x} + {s}]",
                            "vfmadd231ps {a2}, {w0}, {b}",
                            "vfmadd231ps {a3}, {w1}, {b}",
                            "vbroadcastss {b}, [{x} + 2 * {s}]",
                            "vfmadd231ps {a4}, {w0}, {b}",
                            "vfmadd231ps {a5}, {w1}, {b}",
                            "vbroadcastss {b}, [{x} + {s3}]",
                            "vfmadd231ps {a6}, {w0}, {b}",
                            "vfmadd231ps {a7}, {w1}, {b}",
                            "lea {t}, [{x} + 4 * {s}]",
                            "vbroadcastss {b}, [{t}]",
                            "vfmadd231ps {a8}, {w0}, {b}",
                            "vfmadd231ps {a9}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + {s}]",
                            "vfmadd231ps {a10}, {w0}, {b}",
                            "vfmadd231ps {a11}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + 2 * {s}]",
                            "vfmadd231ps {a12}, {w0}, {b}",
                            "vfmadd231ps {a13}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + {s3}]",
                            "vfmadd231ps {a14}, {w0}, {b}",
                            "vfmadd231ps {a15}, {w1}, {b}",
                            "lea {t}, [{t} + 4 * {s}]",
                            "vbroadcastss {b}, [{t}]",
                            "vfmadd231ps {a16}, {w0}, {b}",
                            "vfmadd231ps {a17}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + {s}]",
                            "vfmadd231ps {a18}, {w0}, {b}",
                            "vfmadd231ps {a19}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + 2 * {s}]",
                            "vfmadd231ps {a20}, {w0}, {b}",
                            "vfmadd231ps {a21}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + {s3}]",
                            "vfmadd231ps {a22}, {w0}, {b}",
                            "vfmadd231ps {a23}, {w1}, {b}",
                            "lea {t}, [{t} + 4 * {s}]",
                            "vbroadcastss {b}, [{t}]",
                            "vfmadd231ps {a24}, {w0}, {b}",
                            "vfmadd231ps {a25}, {w1}, {b}",
                            "vbroadcastss {b}, [{t} + {s}]",
                            "vfmadd231ps {a26}, {w0}, {b}",
                            "vfmadd231ps {a27}, {w1}, {b}",
                            "add {w}, 128",
                            "add {x}, 4",
                            "dec {n}",
                            "jnz 2b",
                            w = inout(reg) weights,
                            x = inout(reg) tile.input.add(at) => _,
                            n = inout(reg) channels => _,
                            s = in(reg) tile.step * 4,
                            s3 = in(reg) tile.step * 12,
                            t = out(reg) _,
                            w0 = out(zmm_reg) _,
                            w1 = out(zmm_reg) _,
                            b = out(zmm_reg) _,
                            a0 = inout(zmm_reg) a[0],
                            a1 = inout(zmm_reg) a[1],
                            a2 = inout(zmm_reg) a[2],
                            a3 = inout(zmm_reg) a[3],
                            a4 = inout(zmm_reg) a[4],
                            a5 = inout(zmm_reg) a[5],
                            a6 = inout(zmm_reg) a[6],
                            a7 = inout(zmm_reg) a[7],
                            a8 = inout(zmm_reg) a[8],
                            a9 = inout(zmm_reg) a[9],
                            a10 = inout(zmm_reg) a[10],
                            a11 = inout(zmm_reg) a[11],
                            a12 = inout(zmm_reg) a[12],
                            a13 = inout(zmm_reg) a[13],
                            a14 = inout(zmm_reg) a[14],
                            a15 = inout(zmm_reg) a[15],
                            a16 = inout(zmm_reg) a[16],
                            a17 = inout(zmm_reg) a[17],
                            a18 = inout(zmm_reg) a[18],
                            a19 = inout(zmm_reg) a[19],
                            a20 = inout(zmm_reg) a[20],
                            a21 = inout(zmm_reg) a[21],
                            a22 = inout(zmm_reg) a[22],
                            a23 = inout(zmm_reg) a[23],
                            a24 = inout(zmm_reg) a[24],
                            a25 = inout(zmm_reg) a[25],
                            a26 = inout(zmm_reg) a[26],
                            a27 = inout(zmm_reg) a[27],
                            options(nostack, readonly)
                        );
                    }
                }
            }
        }
        for (i, sum) in a.into_iter().enumerate() {
            // SAFETY: a row of the sums holds two vectors.
            unsafe { _mm512_storeu_ps(sums[i / 2].as_mut_ptr().add(i % 2 * BLOCK), sum) };
        }
    }

    /// Two registers of AVX2.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256, __m256);

    // SAFETY: used inside functions that enable avx2 and fma.
    unsafe impl Simd for Avx2 {
        // 12 sums, a broadcast and weights from memory in 16 registers.
        const PIXELS: usize = 3;

        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: by the contract of the trait.
            unsafe { Self(_mm256_setzero_ps(), _mm256_setzero_ps()) }
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
        unsafe fn add_scaled(self, x: *const f32, y: Self) -> Self {
            // SAFETY: by the contract of the trait and the method.
            unsafe {
                let x = _mm256_set1_ps(*x);
                Self(_mm256_fmadd_ps(x, y.0, self.0), _mm256_fmadd_ps(x, y.1, self.1))
            }
        }
    }
}
