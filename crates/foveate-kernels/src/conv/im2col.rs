//! The pixels that a convolution multiplies, row by row in the order of a matrix product (im2col),
//! for a stretch of output pixels at a time.

use super::spec::Conv2d;
use crate::simd::{LANES, Lanes, Simd};

/// Output pixels on a grid, each seeing input pixels at fixed distances: pixel `[y, x]` of the grid
/// sees `[y * stride + tap, x * stride + tap]` of the input, and 0 outside of it.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Images.
    pub batch: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    /// Height and width of the grid.
    pub grid: [usize; 2],
    /// Input pixels from one pixel of the grid to the next.
    pub stride: [usize; 2],
    /// Where each tap lies.
    pub taps: Vec<[isize; 2]>,
    /// The order of the matrix's rows.
    pub order: Order,
}

/// Which goes first, tap after tap or channel after channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `channel * taps + tap`, as weights lie.
    Channels,
    /// `tap * channels + channel`.
    Taps,
}

impl View {
    /// The forward pass.
    pub fn of(spec: &Conv2d) -> Self {
        let Conv2d { batch, input, kernel, stride, padding, dilation, .. } = *spec;
        let tap = |ky: usize, kx: usize| {
            let at = [ky * dilation[0], kx * dilation[1]];
            [0, 1].map(|i| at[i] as isize - padding[i] as isize)
        };
        let taps = (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| tap(ky, kx)));
        Self {
            batch,
            size: input,
            grid: spec.output(),
            stride,
            taps: taps.collect(),
            order: Order::Channels,
        }
        .flat()
    }

    /// A 1x1 convolution sees no neighbors: an image is one long row.
    pub fn flat(mut self) -> Self {
        if self.taps == [[0, 0]] && self.stride == [1, 1] && self.size == self.grid {
            self.size = [1, self.size[0] * self.size[1]];
            self.grid = self.size;
        }
        self
    }

    /// Pixels of the grid, of all images.
    pub fn pixels(&self) -> usize {
        self.batch * self.grid[0] * self.grid[1]
    }
}

/// Pixels of the grid side by side in a row of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Its place in the stretch.
    pub at: usize,
    pub len: usize,
    pub image: usize,
    pub y: usize,
    pub x: usize,
}

/// The pixels `from..to` of the grid, all images one after the other, as runs.
pub(crate) fn runs(grid: [usize; 2], from: usize, to: usize) -> Vec<Run> {
    let [height, width] = grid;
    let mut runs = Vec::new();
    let mut pixel = from;
    while pixel < to {
        let (row, x) = (pixel / width, pixel % width);
        let len = (width - x).min(to - pixel);
        runs.push(Run { at: pixel - from, len, image: row / height, y: row % height, x });
        pixel += len;
    }
    runs
}

/// Stretches of about `most` pixels, as even as whole tiles of 32 allow.
pub(crate) fn stretch(pixels: usize, most: usize) -> usize {
    let parts = pixels.div_ceil(most).max(1);
    pixels.div_ceil(parts).next_multiple_of(2 * LANES)
}

/// At most 16 pixels side by side as a tap sees them: `to[at + i] = from[from + i * stride]` for the
/// lanes `i` that are inside the image, else 0.
#[derive(Debug, Clone, Copy)]
struct Piece {
    at: usize,
    /// From the first value of the channel's plane of the first image.
    from: isize,
    lanes: Lanes,
}

/// A stretch of pixels, ready to be gathered from one channel after the other.
pub(crate) struct Gather<'a> {
    view: &'a View,
    /// Those of each tap, one after the other.
    pieces: Vec<Piece>,
    /// Of a tap.
    count: usize,
}

impl<'a> Gather<'a> {
    /// The runs in images that are `image_len` values apart.
    pub fn new(view: &'a View, image_len: usize, runs: &[Run]) -> Self {
        let [height, width] = view.size.map(|n| n as isize);
        let [down, across] = view.stride.map(|n| n as isize);
        let count = runs.iter().map(|run| run.len.div_ceil(LANES)).sum();
        let mut pieces = Vec::with_capacity(view.taps.len() * count);
        for [dy, dx] in &view.taps {
            // The columns x of the grid whose x * across + dx lies in the image.
            let up = |x: isize| x.max(0).unsigned_abs().div_ceil(across.unsigned_abs());
            let [begin, end] = [up(-dx), up(width - dx)];
            let lanes = |x: usize, many: usize| {
                let inside = [begin, end].map(|column| column.saturating_sub(x).min(many));
                Lanes::new(inside, view.stride[1])
            };
            // Most runs are whole rows: where they begin is the same for all.
            let whole: Vec<_> = (0..view.grid[1])
                .step_by(LANES)
                .map(|x| lanes(x, LANES.min(view.grid[1] - x)))
                .collect();
            for run in runs {
                let y = run.y as isize * down + dy;
                let row = (run.image * image_len) as isize + y * width + dx;
                for first in (0..run.len).step_by(LANES) {
                    let x = run.x + first;
                    let lanes = if y < 0 || y >= height {
                        Lanes::new([0, 0], 1)
                    } else if run.len == view.grid[1] {
                        whole[first / LANES]
                    } else {
                        lanes(x, LANES.min(run.len - first))
                    };
                    let from = row + x as isize * across;
                    pieces.push(Piece { at: run.at + first, from, lanes });
                }
            }
        }
        Self { view, pieces, count }
    }

    /// Writes what the pixels see, `matrix[row][pixel]` for the rows `rows.0..rows.1`: a row is a tap
    /// of a channel. `planes` are the `channels` planes of a group, in all images.
    ///
    /// # Safety
    ///
    /// As for [`Simd`]; the matrix has `pitch` values for each row and 16 behind the last, and the
    /// runs fit in.
    #[inline(always)]
    pub unsafe fn write<S: Simd>(
        &self,
        planes: &[f32],
        channels: usize,
        rows: [usize; 2],
        matrix: *mut f32,
        pitch: usize,
    ) {
        let taps = self.view.taps.len();
        let plane = self.view.size[0] * self.view.size[1];
        let step = self.view.stride[1];
        for row in rows[0]..rows[1] {
            let (channel, tap) = match self.view.order {
                Order::Channels => (row / taps, row % taps),
                Order::Taps => (row % channels, row / channels),
            };
            // SAFETY: the row is part of the matrix, the pieces of the row: each writes 16 values,
            // those beyond its own before the next piece or row does. The lanes inside are part of
            // the plane.
            unsafe {
                let line = matrix.add((row - rows[0]) * pitch);
                let plane = channel * plane;
                for piece in &self.pieces[tap * self.count..][..self.count] {
                    let from = plane.wrapping_add_signed(piece.from);
                    // (The first lane may be before the plane, if it is not inside.)
                    debug_assert!(
                        piece.lanes.inside == 0 || {
                            let [first, last] =
                                [piece.lanes.inside.trailing_zeros(), piece.lanes.inside.ilog2()]
                                    .map(|lane| from.wrapping_add(lane as usize * step));
                            first <= last && last < planes.len()
                        }
                    );
                    let from = planes.as_ptr().wrapping_add(from);
                    S::gather(from, step, piece.lanes).store(line.add(piece.at));
                }
            }
        }
    }
}
