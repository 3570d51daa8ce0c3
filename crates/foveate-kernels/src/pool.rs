//! Pooling: the largest or the average value of windows, plane by plane.

use rayon::prelude::*;

use crate::dispatch;
use crate::lanes::{Sum, update};
use crate::sizes::{positive, product, span_and_reach};

/// Output values of one task, about.
const CHUNK: usize = 1 << 13;

/// The sizes of a 2-d pooling; the arithmetic of PyTorch's `MaxPool2d` and `AvgPool2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2d {
    /// Pictures times channels.
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
struct Window {
    /// Where the first tap inside the input is.
    start: usize,
    /// Taps inside the input.
    taps: usize,
    /// Taps inside the input or its padding.
    padded: usize,
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

    /// Numbers in the input.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have.
    pub fn input_len(&self) -> usize {
        product(&[self.planes, self.input[0], self.input[1]], self)
    }

    /// Numbers in the output.
    ///
    /// # Panics
    ///
    /// As [`output`](Pool2d::output), or if there are more than a slice can have.
    pub fn output_len(&self) -> usize {
        let [h, w] = self.output();
        product(&[self.planes, h, w], self)
    }

    /// Pixels from the first to the last tap of a window, both included.
    fn reach(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    fn check(&self, input: (&str, usize), output: (&str, usize)) {
        let [from, to] = [self.input_len(), self.output_len()];
        assert!(
            [0, 1].iter().all(|&i| self.padding[i] <= self.reach(i) / 2),
            "the padding is at most half a window: {self:?}"
        );
        assert_eq!(input.1, from, "numbers in the {} of {self:?}", input.0);
        assert_eq!(output.1, to, "numbers in the {} of {self:?}", output.0);
    }

    fn windows(&self, axis: usize) -> Vec<Window> {
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
    fn line(&self, value: f32) -> Vec<f32> {
        let [_, width] = self.output();
        let windows = width.saturating_sub(1) * self.stride[1] + self.reach(1) + 1;
        vec![value; windows.max(self.padding[1] + self.input[1])]
    }

    /// Whether the windows are 2x2 and side by side, all inside the input.
    fn is_tiled_by_fours(&self) -> bool {
        let two = [2, 2];
        self.kernel == two
            && self.stride == two
            && self.dilation == [1, 1]
            && self.padding == [0, 0]
            && [0, 1].iter().all(|&i| 2 * self.output()[i] <= self.input[i])
    }

    /// The part of [`Pool2d::line`] that is the input.
    fn inside<'a>(&self, line: &'a mut [f32]) -> &'a mut [f32] {
        &mut line[self.padding[1]..][..self.input[1]]
    }

    /// Rows of `plane` that a window has.
    fn rows<'a>(&self, plane: &'a [f32], window: Window) -> impl Iterator<Item = &'a [f32]> {
        let (width, step) = (self.input[1], self.dilation[0]);
        (0..window.taps).map(move |tap| &plane[(window.start + tap * step) * width..][..width])
    }
}

/// Max pooling. NaN is larger than any number.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`
/// - `output`: `[planes, output height, output width]`, overwritten
///
/// # Panics
///
/// If a slice has another length, a kernel side, stride or dilation is 0, or the padding is more
/// than half a window.
pub fn max_pool2d(spec: &Pool2d, input: &[f32], output: &mut [f32]) {
    spec.check(("input", input.len()), ("output", output.len()));
    let windows = spec.windows(0);
    let isa = dispatch::current();
    for_each_rows(spec.output(), output, |first, output| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = spec.line(f32::NEG_INFINITY);
                for (plane, y, output) in rows(spec.output(), first, output) {
                    let plane = &input[plane * spec.input[0] * spec.input[1]..];
                    fold_rows(spec, plane, windows[y], &mut line, f32::NEG_INFINITY, larger);
                    fold_taps(spec, &line, output, larger);
                }
            },
        );
    });
}

/// The gradient of max pooling with respect to the input: each output's gradient goes to the first
/// of the largest values of its window, row by row, or to its last NaN.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`
/// - `output_gradient`: `[planes, output height, output width]`
/// - `input_gradient`: as the input, overwritten
///
/// # Panics
///
/// As [`max_pool2d`]; and if a plane has 2^32 numbers or more.
pub fn max_pool2d_gradient(
    spec: &Pool2d,
    input: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    spec.check(("input", input.len()), ("output gradient", output_gradient.len()));
    spec.check(
        ("input gradient", input_gradient.len()),
        ("output gradient", output_gradient.len()),
    );
    let [height, width] = spec.output();
    let pixels = spec.input[0] * spec.input[1];
    assert!(u32::try_from(pixels).is_ok(), "numbers in a plane of {spec:?} are below 2^32");
    input_gradient.fill(0.0);
    if input.is_empty() || output_gradient.is_empty() {
        return;
    }
    let windows = [0, 1].map(|axis| spec.windows(axis));
    let isa = dispatch::current();
    let planes = input.par_chunks(pixels).zip(output_gradient.par_chunks(height * width));
    planes.zip(input_gradient.par_chunks_mut(pixels)).for_each(|((x, g), input_gradient)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                if spec.is_tiled_by_fours() {
                    largest_of_fours(spec, x, g, input_gradient);
                } else {
                    scatter_to_largest(spec, &windows, x, g, input_gradient);
                }
            },
        );
    });
}

/// Average pooling. A window's sum is divided by its taps inside the input, with
/// `count_include_pad` by those inside the input or its padding; never by those beyond, which ceil
/// mode may add.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`
/// - `output`: `[planes, output height, output width]`, overwritten
///
/// # Panics
///
/// As [`max_pool2d`].
pub fn avg_pool2d(spec: &Pool2d, count_include_pad: bool, input: &[f32], output: &mut [f32]) {
    spec.check(("input", input.len()), ("output", output.len()));
    let windows = spec.windows(0);
    let [row_counts, column_counts] = counts(spec, count_include_pad);
    let isa = dispatch::current();
    for_each_rows(spec.output(), output, |first, output| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = spec.line(0.0);
                for (plane, row, output) in rows(spec.output(), first, output) {
                    let plane = &input[plane * spec.input[0] * spec.input[1]..];
                    fold_rows(spec, plane, windows[row], &mut line, 0.0, add);
                    fold_taps(spec, &line, output, add);
                    let rows = row_counts[row];
                    update(output, &column_counts, |y, columns| y / (rows * columns));
                }
            },
        );
    });
}

/// The gradient of average pooling with respect to the input.
///
/// # Shapes
///
/// - `output_gradient`: `[planes, output height, output width]`
/// - `input_gradient`: `[planes, height, width]`, overwritten
///
/// # Panics
///
/// As [`max_pool2d`].
pub fn avg_pool2d_gradient(
    spec: &Pool2d,
    count_include_pad: bool,
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    spec.check(
        ("input gradient", input_gradient.len()),
        ("output gradient", output_gradient.len()),
    );
    input_gradient.fill(0.0);
    if input_gradient.is_empty() || output_gradient.is_empty() {
        return;
    }
    let [height, width] = spec.output();
    let windows = spec.windows(0);
    let [row_counts, column_counts] = counts(spec, count_include_pad);
    let isa = dispatch::current();
    let planes = input_gradient.par_chunks_mut(spec.input[0] * spec.input[1]);
    planes.zip(output_gradient.par_chunks(height * width)).for_each(|(plane, gradient)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = spec.line(0.0);
                let mut shares = vec![0.0; width];
                let gradients = gradient.chunks_exact(width).zip(&row_counts).zip(&windows);
                for ((gradient, &rows), &window) in gradients {
                    let columns = gradient.iter().zip(&column_counts);
                    for (share, (&g, &columns)) in shares.iter_mut().zip(columns) {
                        *share = g / (rows * columns);
                    }
                    line.fill(0.0);
                    spread_taps(spec, &shares, &mut line);
                    for tap in 0..window.taps {
                        let at = (window.start + tap * spec.dilation[0]) * spec.input[1];
                        let row = &mut plane[at..][..spec.input[1]];
                        update(row, spec.inside(&mut line), add);
                    }
                }
            },
        );
    });
}

/// Average pooling to a size: output `i` of `o` is the average of the pixels from `i * size / o`,
/// rounded down, to `(i + 1) * size / o`, rounded up.
///
/// # Shapes
///
/// - `input`: `[planes, height, width]`, of the size `input_size`
/// - `output`: `[planes, output height, output width]`, of the size `output_size`; overwritten
///
/// # Panics
///
/// If a slice has another length, or pixels are to be made of no pixels.
pub fn adaptive_avg_pool2d(
    planes: usize,
    input_size: [usize; 2],
    output_size: [usize; 2],
    input: &[f32],
    output: &mut [f32],
) {
    check_adaptive(planes, input_size, output_size, input.len(), output.len());
    if output.is_empty() {
        return;
    }
    let pixels = input_size[0] * input_size[1];
    let isa = dispatch::current();
    if output_size == [1, 1] {
        let planes = output.par_iter_mut().zip(input.par_chunks(pixels));
        planes.with_min_len(1 + CHUNK / pixels).for_each(|(mean, plane)| {
            dispatch::on(
                isa,
                #[inline(always)]
                |_| {
                    let mut sum = Sum::default();
                    sum.add(plane, f64::from);
                    *mean = (sum.total() / pixels as f64) as f32;
                },
            );
        });
        return;
    }
    let [rows_of, columns_of] = [0, 1].map(|i| ranges(input_size[i], output_size[i]));
    for_each_rows(output_size, output, |first, output| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = vec![0.0; input_size[1]];
                for (plane, y, output) in rows(output_size, first, output) {
                    let [start, end] = rows_of[y];
                    line.fill(0.0);
                    for row in start..end {
                        let row = &input[plane * pixels + row * input_size[1]..][..input_size[1]];
                        update(&mut line, row, add);
                    }
                    for (y, &[left, right]) in output.iter_mut().zip(&columns_of) {
                        let count = (end - start) * (right - left);
                        *y = line[left..right].iter().sum::<f32>() / count as f32;
                    }
                }
            },
        );
    });
}

/// The gradient of [`adaptive_avg_pool2d`] with respect to the input.
///
/// # Shapes
///
/// - `output_gradient`: `[planes, output height, output width]`, of the size `output_size`
/// - `input_gradient`: `[planes, height, width]`, of the size `input_size`; overwritten
///
/// # Panics
///
/// As [`adaptive_avg_pool2d`].
pub fn adaptive_avg_pool2d_gradient(
    planes: usize,
    input_size: [usize; 2],
    output_size: [usize; 2],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    check_adaptive(planes, input_size, output_size, input_gradient.len(), output_gradient.len());
    input_gradient.fill(0.0);
    if input_gradient.is_empty() || output_gradient.is_empty() {
        return;
    }
    let width = input_size[1];
    let pixels = input_size[0] * width;
    let [rows_of, columns_of] = [0, 1].map(|i| ranges(input_size[i], output_size[i]));
    let isa = dispatch::current();
    let gradients = output_gradient.par_chunks(output_size[0] * output_size[1]);
    let planes = input_gradient.par_chunks_mut(pixels).zip(gradients);
    planes.with_min_len(1 + CHUNK / pixels).for_each(|(plane, gradient)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let mut line = vec![0.0; width];
                for (gradient, &[start, end]) in gradient.chunks(output_size[1]).zip(&rows_of) {
                    line.fill(0.0);
                    for (&g, &[left, right]) in gradient.iter().zip(&columns_of) {
                        let share = g / ((end - start) * (right - left)) as f32;
                        for sum in &mut line[left..right] {
                            *sum += share;
                        }
                    }
                    for row in plane[start * width..end * width].chunks_mut(width) {
                        update(row, &line, add);
                    }
                }
            },
        );
    });
}

fn check_adaptive(planes: usize, from: [usize; 2], to: [usize; 2], input: usize, output: usize) {
    let text = format_args!("{planes} planes of {from:?} pooled to {to:?}");
    let [expected, made] = [from, to].map(|[h, w]| product(&[planes, h, w], &text));
    assert_eq!(input, expected, "numbers in the input of {text}");
    assert_eq!(output, made, "numbers in the output of {text}");
    assert!(output == 0 || input > 0, "pixels are made of pixels: {text}");
    for i in [0, 1] {
        product(&[from[i], to[i]], &text); // of which the windows' bounds are made
    }
}

/// Where adaptive windows start and end along an axis.
fn ranges(from: usize, to: usize) -> Vec<[usize; 2]> {
    (0..to).map(|i| [i * from / to, ((i + 1) * from).div_ceil(to)]).collect()
}

/// What sums are divided by, down and across. Windows without taps, whose sum is 0, count one.
fn counts(spec: &Pool2d, count_include_pad: bool) -> [Vec<f32>; 2] {
    [0, 1].map(|axis| {
        let count = |window: Window| if count_include_pad { window.padded } else { window.taps };
        spec.windows(axis).into_iter().map(|window| count(window).max(1) as f32).collect()
    })
}

/// Splits the output between two rows, into tasks told the number of their first row, counted
/// through all planes.
fn for_each_rows(size: [usize; 2], output: &mut [f32], task: impl Fn(usize, &mut [f32]) + Sync) {
    if output.is_empty() {
        return;
    }
    let rows = CHUNK.div_ceil(size[1]);
    let tasks = output.par_chunks_mut(rows * size[1]).enumerate();
    tasks.for_each(|(i, output)| task(i * rows, output));
}

/// The rows of a task: plane, row in the plane, values.
#[inline(always)]
fn rows(
    size: [usize; 2],
    first: usize,
    output: &mut [f32],
) -> impl Iterator<Item = (usize, usize, &mut [f32])> {
    let rows = output.chunks_exact_mut(size[1]).enumerate();
    rows.map(move |(i, row)| ((first + i) / size[0], (first + i) % size[0], row))
}

/// The larger, the first of equals; NaN if one is.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if (b > a) | b.is_nan() { b } else { a }
}

#[inline(always)]
fn add(a: f32, b: f32) -> f32 {
    a + b
}

/// Folds the rows of a window into the inside of the line.
#[inline(always)]
fn fold_rows(
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
fn fold_taps(spec: &Pool2d, line: &[f32], output: &mut [f32], fold: impl Fn(f32, f32) -> f32) {
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

/// The adjoint of [`fold_taps`] with a sum.
#[inline(always)]
fn spread_taps(spec: &Pool2d, shares: &[f32], line: &mut [f32]) {
    for tap in 0..spec.kernel[1] {
        let taps = &mut line[tap * spec.dilation[1]..];
        match spec.stride[1] {
            1 => update(taps, shares, add),
            2 => spread_tap(shares, taps.as_chunks_mut::<2>().0.iter_mut().map(|x| &mut x[0])),
            stride => spread_tap(shares, taps.iter_mut().step_by(stride)),
        }
    }
}

#[inline(always)]
fn spread_tap<'a>(shares: &[f32], sums: impl Iterator<Item = &'a mut f32>) {
    for (sum, &share) in sums.zip(shares) {
        *sum += share;
    }
}

/// Marks a window without taps.
const NOWHERE: u32 = u32::MAX;

/// [`scatter_to_largest`] for windows of 2x2 side by side, in vectors.
#[inline(always)]
fn largest_of_fours(spec: &Pool2d, input: &[f32], gradient: &[f32], input_gradient: &mut [f32]) {
    let [_, width] = spec.output();
    let rows = input.chunks_exact(2 * spec.input[1]);
    let to = input_gradient.chunks_exact_mut(2 * spec.input[1]);
    for ((gradient, rows), to) in gradient.chunks_exact(width).zip(rows).zip(to) {
        let (top, bottom) = rows.split_at(spec.input[1]);
        let (to_top, to_bottom) = to.split_at_mut(spec.input[1]);
        let from = top.as_chunks::<2>().0.iter().zip(bottom.as_chunks::<2>().0);
        let to = to_top.as_chunks_mut::<2>().0.iter_mut().zip(to_bottom.as_chunks_mut::<2>().0);
        for ((&g, (top, bottom)), (to_top, to_bottom)) in gradient.iter().zip(from).zip(to) {
            let (mut most, mut place) = (top[0], 0);
            for (i, x) in [(1, top[1]), (2, bottom[0]), (3, bottom[1])] {
                let taken = (x > most) | x.is_nan();
                most = if taken { x } else { most };
                place = if taken { i } else { place };
            }
            let share = |i: i32| if place == i { g } else { 0.0 };
            *to_top = [share(0), share(1)];
            *to_bottom = [share(2), share(3)];
        }
    }
}

/// Adds each gradient to where the largest value of its window is, in one plane.
#[inline(always)]
fn scatter_to_largest(
    spec: &Pool2d,
    windows: &[Vec<Window>; 2],
    input: &[f32],
    gradient: &[f32],
    input_gradient: &mut [f32],
) {
    let [_, width] = spec.output();
    let mut line = spec.line(f32::NEG_INFINITY);
    let mut most = vec![0.0; width];
    let mut places = vec![0; width];
    for (gradient, &window) in gradient.chunks_exact(width).zip(&windows[0]) {
        // Where all is minus infinity, the first tap inside counts as the largest.
        most.fill(f32::NEG_INFINITY);
        for (place, columns) in places.iter_mut().zip(&windows[1]) {
            let first = window.start * spec.input[1] + columns.start;
            let none = window.taps == 0 || columns.taps == 0;
            *place = if none { NOWHERE } else { first as u32 };
        }
        for (i, row) in spec.rows(input, window).enumerate() {
            spec.inside(&mut line).copy_from_slice(row);
            let row = (window.start + i * spec.dilation[0]) * spec.input[1];
            for tap in 0..spec.kernel[1] {
                let taps = &line[tap * spec.dilation[1]..];
                // Padding is never larger than anything: places before the row are not taken.
                let first = (row + tap * spec.dilation[1]).wrapping_sub(spec.padding[1]) as u32;
                let best = most.iter_mut().zip(&mut places);
                match spec.stride[1] {
                    1 => take_largest(best, first, 1, taps.iter().copied()),
                    2 => {
                        let taps = taps.as_chunks::<2>().0.iter().map(|x| x[0]);
                        take_largest(best, first, 2, taps);
                    }
                    stride => {
                        let taps = taps.iter().copied().step_by(stride);
                        take_largest(best, first, stride as u32, taps);
                    }
                }
            }
        }
        for (&g, &place) in gradient.iter().zip(&places) {
            if place != NOWHERE {
                input_gradient[place as usize] += g;
            }
        }
    }
}

/// Where a value is larger than the most so far, or NaN, it and its place are taken. Both are asked
/// (`|`), since vectors do not jump.
#[inline(always)]
fn take_largest<'a>(
    best: impl Iterator<Item = (&'a mut f32, &'a mut u32)>,
    first: u32,
    stride: u32,
    values: impl Iterator<Item = f32>,
) {
    for (i, ((most, place), x)) in best.zip(values).enumerate() {
        let taken = (x > *most) | x.is_nan();
        *most = if taken { x } else { *most };
        *place = if taken { first.wrapping_add((i as u32).wrapping_mul(stride)) } else { *place };
    }
}
