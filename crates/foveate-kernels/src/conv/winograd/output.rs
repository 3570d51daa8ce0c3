//! Products of transformed tiles, and their outputs.

use super::pass::{CHANNELS, WinogradPass};
use super::transform::{OUTPUTS, both};
use crate::scratch;
use crate::simd::{COLUMNS, LANES, Product, Simd, Work};

/// Products and `A' m A` for 32 channels out.
pub(super) struct Outputs<'a, const M: usize, const R: usize> {
    pub pass: &'a WinogradPass<'a, M, R>,
    pub group: usize,
    pub tiles: [usize; 2],
    /// The first of the channels, in the group.
    pub channel: usize,
    /// Values of a tile of `inputs[phase][element][tile][channel]`.
    pub width: usize,
    pub inputs: &'a [f32],
}

impl<const M: usize, const R: usize> Work for Outputs<'_, M, R> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { pass, group, tiles, channel, .. } = self;
        let count = tiles[1] - tiles[0];
        let channels = COLUMNS.min(pass.channels_out - channel);
        let step = pass.axes[0].step_out;
        let elements = WinogradPass::<M, R>::ELEMENTS;
        let longest = step * M * pass.axes[1].tiles.min(count);
        let (products_len, weights_len) =
            (elements * count * COLUMNS, elements * CHANNELS * COLUMNS);
        let len = step * products_len + weights_len + M * longest * LANES;
        let mut memory = scratch::take(len);
        let (products, rest) = memory.split_at_mut(step * products_len);
        let (weights, pixels) = rest.split_at_mut(weights_len);
        for py in 0..step {
            for px in 0..step {
                let products = &mut products[px * products_len..][..products_len];
                // All phases make one output, or each its own.
                for (phase, tap) in pass.phases().enumerate() {
                    if step == 1 || tap == [py, px] {
                        let accumulate = step == 1 && phase > 0;
                        // SAFETY: by the contract of this method.
                        unsafe { self.multiply::<S>(phase, tap, weights, products, accumulate) };
                    }
                }
            }
            for vector in 0..channels.div_ceil(LANES) {
                // SAFETY: as many channels have products, and this task alone writes them.
                unsafe {
                    let channels = (channels - vector * LANES).min(LANES);
                    let products = products.as_ptr().add(vector * LANES);
                    let channel = channel + vector * LANES;
                    pass.write::<S>(py, group, tiles, [channel, channels], products, pixels);
                }
            }
        }
    }
}

impl<const M: usize, const R: usize> Outputs<'_, M, R> {
    /// `products[element][tile][32]` of one phase; with `accumulate` added to what is there.
    ///
    /// # Safety
    ///
    /// As for [`Simd`].
    #[inline(always)]
    unsafe fn multiply<S: Simd>(
        &self,
        phase: usize,
        tap: [usize; 2],
        weights: &mut [f32],
        products: &mut [f32],
        accumulate: bool,
    ) {
        let &Self { pass, group, tiles, channel, width, inputs } = self;
        let count = tiles[1] - tiles[0];
        let channels = COLUMNS.min(pass.channels_out - channel);
        let elements = WinogradPass::<M, R>::ELEMENTS;
        let inputs = &inputs[phase * elements * count * width..];
        for first in (0..pass.channels_in).step_by(CHANNELS) {
            let depth = CHANNELS.min(pass.channels_in - first);
            // SAFETY: there is room for the elements of CHANNELS x 32 kernels.
            unsafe {
                let channels = [channel, channels];
                pass.transform_weights::<S>(group, tap, [first, depth], channels, weights);
            }
            for element in 0..elements {
                let mut at = 0;
                for left in (1..=count.div_ceil(S::ROWS)).rev() {
                    let height = (count - at).div_ceil(left);
                    let product = Product {
                        a: inputs[(element * count + at) * width + first..].as_ptr(),
                        a_row: width,
                        a_step: 1,
                        b: weights[element * CHANNELS * COLUMNS..].as_ptr(),
                        b_row: COLUMNS,
                        depth,
                        c: products[(element * count + at) * COLUMNS..].as_mut_ptr(),
                        c_row: COLUMNS,
                        accumulate: accumulate || first > 0,
                    };
                    // SAFETY: these tiles have `depth` channels from `first` on.
                    unsafe { S::product(height, channels.div_ceil(LANES), &product) };
                    at += height;
                }
            }
        }
    }
}

impl<const M: usize, const R: usize> WinogradPass<'_, M, R> {
    /// `A' m A` of 16 channels and the phases of a row, `products[phase][element][tile][32]`, with
    /// bias and activation.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; no other thread has these tiles of these channels.
    #[inline(always)]
    unsafe fn write<S: Simd>(
        &self,
        phase: usize,
        group: usize,
        tiles: [usize; 2],
        [channel, channels]: [usize; 2],
        products: *const f32,
        pixels: &mut [f32],
    ) {
        let n = Self::N;
        let count = tiles[1] - tiles[0];
        let [down, across] = &self.axes;
        let step = across.step_out;
        let mut bias = [0.0; LANES];
        if let Some(given) = self.bias {
            let first = group * self.channels_out + channel;
            bias[..channels].copy_from_slice(&given[first..first + channels]);
        }
        // SAFETY: each tile has its products, and its pixels as far as the image reaches.
        unsafe {
            let bias = S::load(bias.as_ptr());
            for row in self.rows(tiles) {
                let len = step * M * row.count;
                for px in 0..step {
                    for tile in 0..row.count {
                        let mut m = [[S::splat(0.0); 6]; 6];
                        for (i, m) in m[..n].iter_mut().enumerate() {
                            for (j, m) in m[..n].iter_mut().enumerate() {
                                let at = ((px * n + i) * n + j) * count + row.at + tile;
                                *m = S::load(products.add(at * COLUMNS));
                            }
                        }
                        let y = both::<S, M, R, OUTPUTS>(m);
                        for (i, y) in y[..M].iter().enumerate() {
                            for (j, y) in y[..M].iter().enumerate() {
                                let x = step * (M * tile + j) + across.place[px];
                                let to = pixels.as_mut_ptr().add((i * len + x) * LANES);
                                y.add(bias).activate(self.activation).store(to);
                            }
                        }
                    }
                }
                let x = step * M * row.first;
                let width = len.min(across.to - x);
                let plane = down.to * across.to;
                let planes = (row.image * self.groups + group) * self.channels_out + channel;
                for i in 0..M {
                    let y = step * (M * row.y + i) + down.place[phase];
                    if y >= down.to {
                        break;
                    }
                    let at = planes * plane + y * across.to + x;
                    for j in (0..width).step_by(LANES) {
                        let size = [LANES.min(width - j), channels];
                        let from = pixels.as_ptr().add((i * len + j) * LANES);
                        let to = self.output.0.add(at + j);
                        S::transpose(size, size[0], from, LANES, to, plane);
                    }
                }
            }
        }
    }
}
