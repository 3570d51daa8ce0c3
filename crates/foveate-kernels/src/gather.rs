//! The pixels that a convolution multiplies, row by row in the order of a matrix product (im2col),
//! for a stretch of output pixels at a time.

use crate::conv::Conv2d;
use crate::simd::{LANES, Simd};

/// Output pixels on a grid, each seeing input pixels at fixed distances: pixel `[y, x]` of the grid
/// sees `[y * stride + tap, x * stride + tap]` of the input, and 0 outside of it.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Pictures.
    pub batch: usize,
    /// Height and width of the input.
    pub size: [usize; 2],
    /// Height and width of the grid.
    pub grid: [usize; 2],
    /// Input pixels from one pixel of the grid to the next.
    pub stride: [usize; 2],
    /// Where each tap lies.
    pub taps: Vec<[isize; 2]>,
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
        Self { batch, size: input, grid: spec.output(), stride, taps: taps.collect() }.flat()
    }

    /// A 1x1 convolution sees no neighbours: a picture is one long row.
    pub fn flat(mut self) -> Self {
        if self.taps == [[0, 0]] && self.stride == [1, 1] && self.size == self.grid {
            self.size = [1, self.size[0] * self.size[1]];
            self.grid = self.size;
        }
        self
    }

    /// Pixels of the grid, of all pictures.
    pub fn pixels(&self) -> usize {
        self.batch * self.grid[0] * self.grid[1]
    }
}

/// Pixels of the grid side by side in a row of a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Its place in the stretch.
    pub at: usize,
    pub len: usize,
    pub image: usize,
    pub y: usize,
    pub x: usize,
}

/// The pixels `from..to` of the grid, all pictures one after the other, as runs.
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

/// Writes what the pixels of the runs see, `matrix[row][pixel]` for the rows `rows.0..rows.1`: a row
/// is a tap of a channel, `channel * taps + tap`. `channels` are the input's planes of the group,
/// those of picture `i` from `i * picture` on.
///
/// # Safety
///
/// As for [`Simd`]; the matrix has a row of `pitch` numbers for each row, and the runs fit in.
#[inline(always)]
pub(crate) unsafe fn gather<S: Simd>(
    view: &View,
    channels: &[f32],
    picture: usize,
    rows: [usize; 2],
    runs: &[Run],
    matrix: *mut f32,
    pitch: usize,
) {
    let [height, width] = view.size.map(|n| n as isize);
    let [down, across] = view.stride.map(|n| n as isize);
    let taps = view.taps.len();
    for row in rows[0]..rows[1] {
        let (channel, [dy, dx]) = (row / taps, view.taps[row % taps]);
        // The columns x of the grid whose x * across + dx lies in the picture.
        let begin =
            (-dx).max(0).div_euclid(across) + ((-dx).max(0).rem_euclid(across) > 0) as isize;
        let end = (width - dx).max(0);
        let end = end.div_euclid(across) + (end.rem_euclid(across) > 0) as isize;
        // SAFETY: the row is part of the matrix.
        let line = unsafe { matrix.add((row - rows[0]) * pitch) };
        for run in runs {
            let y = run.y as isize * down + dy;
            let inside = y >= 0 && y < height;
            let clamp = |x: isize| (x - run.x as isize).clamp(0, run.len as isize) as usize;
            let (begin, end) = if inside { (clamp(begin), clamp(end)) } else { (0, 0) };
            // SAFETY: the run is part of the line; begin..end are the pixels of it that lie inside
            // the picture, and the slice holds all pictures.
            unsafe {
                let to = line.add(run.at);
                for i in (0..begin).chain(end.max(begin)..run.len) {
                    *to.add(i) = 0.0;
                }
                if begin < end {
                    let x = (run.x + begin) as isize * across + dx;
                    let from = run.image * picture
                        + channel * view.size[0] * view.size[1]
                        + (y * width + x) as usize;
                    debug_assert!(from + (end - begin - 1) * view.stride[1] < channels.len());
                    S::copy(
                        channels.as_ptr().add(from),
                        view.stride[1],
                        to.add(begin),
                        end - begin,
                    );
                }
            }
        }
    }
}
