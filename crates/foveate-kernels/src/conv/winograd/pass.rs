//! [`WinogradPass`]: a convolution, or its adjoint, cut into tiles.

use std::sync::atomic::AtomicBool;

use super::axis::{Axis, Direction};
use crate::activation::Activation;
use crate::shared::Output;
use crate::simd::ROWS;

/// Tiles and channels in worked on at a time: products and transformed weights stay in L2.
pub(super) const TILES: usize = 7 * ROWS;
pub(super) const CHANNELS: usize = 64;

pub(super) struct WinogradPass<'a, const M: usize, const R: usize> {
    pub direction: Direction,
    pub groups: usize,
    /// Of a group.
    pub channels_in: usize,
    pub channels_out: usize,
    pub stride: usize,
    /// Down and across.
    pub axes: [Axis; 2],
    pub input: &'a [f32],
    /// As the forward pass has it, `[out, in / groups, R * stride, R * stride]`.
    pub weight: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub activation: Activation,
    pub output: Output,
    /// Whether all transformed kernels are.
    pub finite: AtomicBool,
}

impl<const M: usize, const R: usize> WinogradPass<'_, M, R> {
    /// Side and number of the elements of a transformed tile.
    pub const N: usize = M + R - 1;
    pub const ELEMENTS: usize = Self::N * Self::N;

    /// The phases of the convolution, down and across.
    pub fn phases(&self) -> impl Iterator<Item = [usize; 2]> {
        let stride = self.stride;
        (0..stride * stride).map(move |i| [i / stride, i % stride])
    }

    /// The tiles as stretches of a row: image, row, columns, and the first one's number.
    pub fn rows(&self, tiles: [usize; 2]) -> impl Iterator<Item = Row> {
        let [down, across] = [self.axes[0].tiles, self.axes[1].tiles];
        let mut tile = tiles[0];
        std::iter::from_fn(move || {
            (tile < tiles[1]).then(|| {
                let (row, first) = (tile / across, tile % across);
                let count = (across - first).min(tiles[1] - tile);
                let at = tile - tiles[0];
                tile += count;
                Row { image: row / down, y: row % down, first, count, at }
            })
        })
    }
}

/// Tiles side by side.
pub(super) struct Row {
    pub image: usize,
    pub y: usize,
    pub first: usize,
    pub count: usize,
    /// Among the tiles of the stretch.
    pub at: usize,
}
