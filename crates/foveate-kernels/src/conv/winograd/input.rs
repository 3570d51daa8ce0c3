//! Inputs to transformed tiles.

use super::axis::Axis;
use super::pass::WinogradPass;
use super::transform::{INPUTS, both};
use crate::scratch;
use crate::shared::Output;
use crate::simd::{LANES, Simd, Work};

/// `B' d B` for 16 channels: `to[phase][element][tile][channel]`.
pub(super) struct Inputs<'a, const M: usize, const R: usize> {
    pub pass: &'a WinogradPass<'a, M, R>,
    pub group: usize,
    pub tiles: [usize; 2],
    /// The first of the channels, in the group.
    pub channel: usize,
    /// Values of a tile.
    pub width: usize,
    pub to: Output,
}

impl<const M: usize, const R: usize> Work for Inputs<'_, M, R> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Self { pass, group, tiles, channel, width, to } = self;
        let n = WinogradPass::<M, R>::N;
        let [down, across] = &pass.axes;
        let plane = down.from * across.from;
        let channels = LANES.min(pass.channels_in - channel);
        let count = tiles[1] - tiles[0];
        // Pixels from the first input to the last one of some tiles.
        let span = |axis: &Axis, tiles: usize| {
            axis.step_in * (M * tiles + R - 2) + 1 + axis.shift[..pass.stride].iter().max().unwrap()
        };
        let height = span(down, 1);
        let mut pixels = scratch::take(height * span(across, across.tiles.min(count)) * LANES);
        for row in pass.rows(tiles) {
            let len = span(across, row.count);
            let left = (across.step_in * M * row.first) as isize + across.origin;
            let first =
                (row.image * pass.groups + group) * pass.channels_in * plane + channel * plane;
            // [row][column][channel], zeros around the image.
            for i in 0..height {
                let line = &mut pixels[i * len * LANES..][..len * LANES];
                let y = (down.step_in * M * row.y + i) as isize + down.origin;
                let begin = (-left).clamp(0, len as isize) as usize;
                let end = (across.from as isize - left).clamp(0, len as isize) as usize;
                let inside = (0..down.from as isize).contains(&y);
                let end = if inside { end.max(begin) } else { begin };
                line[..begin * LANES].fill(0.0);
                line[end * LANES..].fill(0.0);
                for x in (begin..end).step_by(LANES) {
                    let at = first as isize + y * across.from as isize + left + x as isize;
                    // SAFETY: columns begin..end of row y lie inside the image.
                    unsafe {
                        S::transpose(
                            [channels, LANES.min(end - x)],
                            LANES,
                            pass.input.as_ptr().offset(at),
                            plane,
                            line.as_mut_ptr().add(x * LANES),
                            LANES,
                        );
                    }
                }
            }
            for (phase, [py, px]) in pass.phases().enumerate() {
                for tile in 0..row.count {
                    // SAFETY: each tile has its pixels, and its place in `to`.
                    unsafe {
                        let mut d = [[S::splat(0.0); 6]; 6];
                        for (i, d) in d[..n].iter_mut().enumerate() {
                            let line = (down.step_in * i + down.shift[py]) * len;
                            for (j, d) in d[..n].iter_mut().enumerate() {
                                let x = across.step_in * (M * tile + j) + across.shift[px];
                                *d = S::load(pixels.as_ptr().add((line + x) * LANES));
                            }
                        }
                        let d = both::<S, M, R, INPUTS>(d);
                        let to = to.0.add((row.at + tile) * width + channel);
                        for (i, d) in d[..n].iter().enumerate() {
                            for (j, d) in d[..n].iter().enumerate() {
                                let element = (phase * n + i) * n + j;
                                d.store(to.add(element * count * width));
                            }
                        }
                    }
                }
            }
        }
    }
}
