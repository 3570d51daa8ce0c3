//! [`Pool2d`]: the sizes of a pooling, its windows, and how rows and taps of them are folded.

use rayon::prelude::*;

use crate::lanes::update;
use crate::sizes::{positive, product, span_and_reach};

/// Output values of one task, about.
pub(super) const CHUNK: usize = 1 << 13;

/// The sizes of a 2-d pooling; the arithmetic of PyTorch's `MaxPool2d` and `AvgPool2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2d {
    /// Images times channels.
    pub planes: usize,
    /// Height and width of the input, in pixels.
    pub input: [usize; 2],
    /// Height and width of a window, in taps.
    pub kernel: [usize; 2],
    /// Pixels between two windows, down and across.
    pub stride: [usize; 2],
    /// Pixels around the input, above and below, left and right: at most half a window.
    pub padding: [usize; 2],
    /// Pixels from one tap of the window to the next, down and across.
    pub dilation: [usize; 2],
    /// Whether a last window may reach beyond the padding; it then still starts inside the input
    /// or the padding before it.
    pub ceil_mode: bool,
}

/// The taps of a window along one axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Where the first tap inside the input is.
    pub start: usize,
    /// Taps inside the input.
    pub taps: usize,
    /// Taps inside the input or its padding.
    pub padded: usize,
}

impl Pool2d {
    /// Height and width of the output: `(input + 2 padding - dilation (kernel - 1) - 1) / stride +
    /// 1`, rounded down, or up in ceil mode; 0 where the window is larger than the padded input.
    ///
    /// # Panics
    ///
    /// If a kernel side, stride or dilation is 0, or a size is beyond this machine's memory.
    pub fn output(&self) -> [usize; 2] {
        let Self { kernel, stride, dilation, .. } = *self;
        positive(&[("kernel", kernel), ("stride", stride), ("dilation", dilation)], self);
        [0, 1].map(|i| {
            let [size, stride, padding] = [self.input[i], self.stride[i], self.padding[i]];
            let [span, reach] = span_and_reach(size, padding, kernel[i], dilation[i], self);
            let span = span.saturating_add(if self.ceil_mode { stride - 1 } else { 0 });
            if span < reach {
                return 0;
            }
            let count = (span - reach) / stride + 1;
            let outside = self.ceil_mode && (count - 1) * stride >= size + padding;
            count - usize::from(outside)
        })
    }

    /// Values in the input.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have.
    pub fn input_len(&self) -> usize {
        product(&[self.planes, self.input[0], self.input[1]], self)
    }

    /// Values in the output.
    ///
    /// # Panics
    ///
    /// As [`output`](Pool2d::output), or if there are more than a slice can have.
    pub fn output_len(&self) -> usize {
        let [h, w] = self.output();
        product(&[self.planes, h, w], self)
    }

    /// Pixels from the first to the last tap of a window, both included.
    pub(super) fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    pub(super) fn check(&self, input: (&str, usize), output: (&str, usize)) {
        let [from, to] = [self.input_len(), self.output_len()];
        assert!(
            [0, 1].iter().all(|&i| self.padding[i] <= self.reach(i) / 2),
            "the padding is at most half a window: {self:?}"
        );
        assert_eq!(input.1, from, "elements in the {} of {self:?}", input.0);
        assert_eq!(output.1, to, "elements in the {} of {self:?}", output.0);
    }

    pub(super) fn windows(&self, axis: usize) -> Vec<Window> {
        let [size, padding] = [self.input[axis], self.padding[axis]];
        let [kernel, dilation] = [self.kernel[axis], self.dilation[axis]];
        (0..self.output()[axis])
            .map(|i| {
                // Counted from where the padding begins.
                let origin = i * self.stride[axis];
                let before = |end: usize| end.saturating_sub(origin).div_ceil(dilation).min(kernel);
                let first = before(padding);
                Window {
                    start: (origin + first * dilation).saturating_sub(padding),
                    taps: before(padding + size) - first,
                    padded: before(size + 2 * padding),
                }
            })
            .collect()
    }

    /// A row of the padded input, long enough for every tap of every window, and for one number more:
    /// strides of 2 are read in pairs.
    pub(super) fn line(&self, value: f32) -> Vec<f32> {
        let [_, width] = self.output();
        let windows = width.saturating_sub(1) * self.stride[1] + self.reach(1) + 1;
        vec![value; windows.max(self.padding[1] + self.input[1])]
    }

    /// Whether the windows are 2x2 and side by side, all inside the input.
    pub(super) fn is_tiled_by_fours(&self) -> bool {
        let two = [2, 2];
        self.kernel == two
            && self.stride == two
            && self.dilation == [1, 1]
            && self.padding == [0, 0]
            && [0, 1].iter().all(|&i| 2 * self.output()[i] <= self.input[i])
    }

    /// The part of [`Pool2d::line`] that is the input.
    pub(super) fn inside<'a>(&self, line: &'a mut [f32]) -> &'a mut [f32] {
        &mut line[self.padding[1]..][..self.input[1]]
    }

    /// Rows of `plane` that a window has.
    pub(super) fn rows<'a>(
        &self,
        plane: &'a [f32],
        window: Window,
    ) -> impl Iterator<Item = &'a [f32]> {
        let (width, step) = (self.input[1], self.dilation[0]);
        (0..window.taps).map(move |tap| &plane[(window.start + tap * step) * width..][..width])
    }
}

/// Splits the output between two rows, into tasks told the number of their first row, counted
/// through all planes.
pub(super) fn for_each_rows(
    size: [usize; 2],
    output: &mut [f32],
    task: impl Fn(usize, &mut [f32]) + Sync,
) {
    if output.is_empty() {
        return;
    }
    let rows = CHUNK.div_ceil(size[1]);
    let tasks = output.par_chunks_mut(rows * size[1]).enumerate();
    tasks.for_each(|(i, output)| task(i * rows, output));
}

/// The rows of a task: plane, row in the plane, values.
#[inline(always)]
pub(super) fn rows(
    size: [usize; 2],
    first: usize,
    output: &mut [f32],
) -> impl Iterator<Item = (usize, usize, &mut [f32])> {
    let rows = output.chunks_exact_mut(size[1]).enumerate();
    rows.map(move |(i, row)| ((first + i) / size[0], (first + i) % size[0], row))
}

#[inline(always)]
pub(super) fn add(a: f32, b: f32) -> f32 {
    a + b
}

/// Folds the rows of a window into the inside of the line.
#[inline(always)]
pub(super) fn fold_rows(
    spec: &Pool2d,
    plane: &[f32],
    window: Window,
    line: &mut [f32],
    empty: f32,
    fold: impl Fn(f32, f32) -> f32,
) {
    let line = spec.inside(line);
    let mut rows = spec.rows(plane, window);
    match rows.next() {
        Some(row) => line.copy_from_slice(row),
        None => line.fill(empty),
    }
    for row in rows {
        update(line, row, &fold);
    }
}

/// Folds the taps of each window of the line into an output.
#[inline(always)]
pub(super) fn fold_taps(
    spec: &Pool2d,
    line: &[f32],
    output: &mut [f32],
    fold: impl Fn(f32, f32) -> f32,
) {
    for tap in 0..spec.kernel[1] {
        let taps = &line[tap * spec.dilation[1]..];
        // The compiler makes vectors of these strides only if it knows them.
        match spec.stride[1] {
            1 if tap == 0 => update(output, taps, |_, x| x),
            1 => update(output, taps, &fold),
            2 if tap == 0 => update(output, taps.as_chunks::<2>().0, |_, x| x[0]),
            2 => update(output, taps.as_chunks::<2>().0, |y, x| fold(y, x[0])),
            stride => {
                for (y, &x) in output.iter_mut().zip(taps.iter().step_by(stride)) {
                    *y = if tap == 0 { x } else { fold(*y, x) };
                }
            }
        }
    }
}
