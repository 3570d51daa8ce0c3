//! Kernels to transformed weights.

use std::sync::atomic::Ordering;

use super::axis::Direction;
use super::pass::{CHANNELS, WinogradPass};
use super::transform::{KERNELS, both};
use crate::simd::{COLUMNS, LANES, Simd};

impl<const M: usize, const R: usize> WinogradPass<'_, M, R> {
    /// `G g G'` of the kernels of a phase, from `first` channels in on to 32 channels out:
    /// `to[element][channel in][channel out]`.
    ///
    /// # Safety
    ///
    /// As for [`Simd`].
    #[inline(always)]
    pub(super) unsafe fn transform_weights<S: Simd>(
        &self,
        group: usize,
        phase: [usize; 2],
        [first, depth]: [usize; 2],
        [channel, channels]: [usize; 2],
        to: &mut [f32],
    ) {
        let (n, side) = (Self::N, R * self.stride);
        let taps = side * side;
        for vector in 0..channels.div_ceil(LANES) {
            let out = channel + vector * LANES;
            let lanes = LANES.min(self.channels_out - out);
            // SAFETY: by the contract of this method.
            let mut zeros = unsafe { S::splat(0.0) };
            for c in (first..first + depth).step_by(LANES) {
                let many = LANES.min(first + depth - c);
                // [channel in][tap][channel out]
                let mut kernels = [[0.0; LANES]; 16 * LANES];
                let kernel = kernels.as_mut_ptr().cast::<f32>();
                // SAFETY: these kernels are part of the weight.
                unsafe {
                    self.load_kernels::<S>(group, [c, many], [out, lanes], kernel);
                    for i in 0..many {
                        let mut g = [[S::splat(0.0); 6]; 6];
                        for (y, g) in g[..R].iter_mut().enumerate() {
                            for (x, g) in g[..R].iter_mut().enumerate() {
                                let [y, x] = match self.direction {
                                    Direction::Forward => [y, x],
                                    // Turned by half a turn.
                                    Direction::Adjoint => [R - 1 - y, R - 1 - x],
                                };
                                let [y, x] =
                                    [phase[0] + self.stride * y, phase[1] + self.stride * x];
                                *g = S::load(kernel.add((taps * i + side * y + x) * LANES));
                            }
                        }
                        let g = both::<S, M, R, KERNELS>(g);
                        // In this element every tap has a part.
                        zeros = zeros.add_product(g[1][1], S::splat(0.0));
                        let at = (c - first + i) * COLUMNS + vector * LANES;
                        for (i, g) in g[..n].iter().enumerate() {
                            for (j, g) in g[..n].iter().enumerate() {
                                let element = i * n + j;
                                g.store(to.as_mut_ptr().add(element * CHANNELS * COLUMNS + at));
                            }
                        }
                    }
                }
            }
            let mut sums = [0.0; LANES];
            // SAFETY: there is room for 16 values.
            unsafe { zeros.store(sums.as_mut_ptr()) };
            if sums.iter().any(|sum| sum.is_nan()) {
                self.finite.store(false, Ordering::Relaxed);
            }
        }
    }

    /// The kernels from `many` channels in to `lanes` channels out, `kernel[channel in][tap][channel out]`.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; these kernels are part of the weight.
    #[inline(always)]
    unsafe fn load_kernels<S: Simd>(
        &self,
        group: usize,
        [c, many]: [usize; 2],
        [out, lanes]: [usize; 2],
        kernel: *mut f32,
    ) {
        let side = R * self.stride;
        let taps = side * side;
        let weight = self.weight.as_ptr();
        // SAFETY: by the contract of this method.
        unsafe {
            match self.direction {
                Direction::Forward => {
                    let row = self.channels_in * taps;
                    let from = weight.add((group * self.channels_out + out) * row + c * taps);
                    for k in (0..taps * many).step_by(LANES) {
                        let size = [lanes, LANES.min(taps * many - k)];
                        let to = kernel.add(k * LANES);
                        S::transpose(size, LANES, from.add(k), row, to, LANES);
                    }
                }
                Direction::Adjoint => {
                    let row = self.channels_out * taps;
                    let from = weight.add((group * self.channels_in + c) * row + out * taps);
                    for i in 0..many {
                        let (from, to) = (from.add(i * row), kernel.add(taps * i * LANES));
                        S::transpose([lanes, taps], LANES, from, taps, to, LANES);
                    }
                }
            }
        }
    }
}
