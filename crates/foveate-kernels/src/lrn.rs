//! Local response normalization across channels.

use rayon::prelude::*;

use crate::dispatch;
use crate::lanes::{map, update};
use crate::sizes::product;

/// Pixels worked on at a time: their window of channels stays in the first cache.
const TILE: usize = 512;

/// The sizes and constants of PyTorch's `LocalResponseNorm`: each value is divided by
/// `(k + alpha / size * sum of squares)^beta`, the sum over the `size / 2` channels before, its own
/// and the `(size - 1) / 2` after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lrn {
    /// Images.
    pub batch: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Pixels of a channel.
    pub pixels: usize,
    /// Channels in a window.
    pub size: usize,
    /// Factor of the mean square, taken over `size` channels even at the border.
    pub alpha: f32,
    /// Exponent of the divisor; 0.75 is fast.
    pub beta: f32,
    /// What is added to the mean square.
    pub k: f32,
}

impl Lrn {
    /// Values in the input, and in the output.
    ///
    /// # Panics
    ///
    /// If there are more than a slice can have.
    pub fn input_len(&self) -> usize {
        product(&[self.batch, self.channels, self.pixels], self)
    }

    fn check(&self, slices: &[(&str, usize)]) {
        assert!(self.size > 0, "a window has at least one channel: {self:?}");
        for &(name, len) in slices {
            assert_eq!(len, self.input_len(), "elements in the {name} of {self:?}");
        }
    }

    /// The planes in a window that reaches `before` and `after` a plane, within its image.
    fn window(&self, plane: usize, before: usize, after: usize) -> std::ops::Range<usize> {
        let (image, channel) = (plane / self.channels, plane % self.channels);
        let first = image * self.channels;
        first + channel.saturating_sub(before)..first + (channel + after + 1).min(self.channels)
    }

    /// The divisors, before the power, of some pixels of a plane.
    #[inline(always)]
    fn divisors(&self, input: &[f32], plane: usize, at: usize, divisors: &mut [f32]) {
        divisors.fill(0.0);
        for other in self.window(plane, self.size / 2, (self.size - 1) / 2) {
            let row = &input[other * self.pixels + at..][..divisors.len()];
            update(divisors, row, |sum, x| sum + x * x);
        }
        let factor = self.alpha / self.size as f32;
        map(divisors, |sum| self.k + factor * sum);
    }

    /// The divisors to the power of `beta`.
    #[inline(always)]
    fn powers(&self, divisors: &[f32], powers: &mut [f32]) {
        if self.beta == 0.75 {
            for (power, divisor) in powers.iter_mut().zip(divisors) {
                let root = divisor.sqrt();
                *power = root * root.sqrt();
            }
        } else {
            for (power, divisor) in powers.iter_mut().zip(divisors) {
                *power = divisor.powf(self.beta);
            }
        }
    }
}

/// Local response normalization.
///
/// # Shapes
///
/// - `input`: `[batch, channels, pixels]`
/// - `output`: as the input, overwritten
///
/// # Panics
///
/// If a slice has another length, or `size` is 0.
pub fn lrn(spec: &Lrn, input: &[f32], output: &mut [f32]) {
    spec.check(&[("input", input.len()), ("output", output.len())]);
    if output.is_empty() {
        return;
    }
    let isa = dispatch::current();
    output.par_chunks_mut(spec.pixels).enumerate().for_each(|(plane, output)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| {
                let x = &input[plane * spec.pixels..][..spec.pixels];
                let mut divisors = [0.0; TILE];
                let mut powers = [0.0; TILE];
                for (tile, (output, x)) in output.chunks_mut(TILE).zip(x.chunks(TILE)).enumerate() {
                    let divisors = &mut divisors[..x.len()];
                    spec.divisors(input, plane, tile * TILE, divisors);
                    spec.powers(divisors, &mut powers);
                    for ((y, &x), &power) in output.iter_mut().zip(x).zip(&powers) {
                        *y = x / power;
                    }
                }
            },
        );
    });
}

/// The gradient with respect to the input: what [`lrn`]'s output gradient becomes on the way back.
///
/// # Shapes
///
/// - `input`, `output_gradient`: `[batch, channels, pixels]`
/// - `input_gradient`: as the input, overwritten
///
/// # Panics
///
/// As [`lrn`].
pub fn lrn_gradient(
    spec: &Lrn,
    input: &[f32],
    output_gradient: &[f32],
    input_gradient: &mut [f32],
) {
    spec.check(&[
        ("input", input.len()),
        ("output gradient", output_gradient.len()),
        ("input gradient", input_gradient.len()),
    ]);
    if input.is_empty() {
        return;
    }
    // With d the divisors: dx = g / d^beta - 2 alpha beta / size * x * sum of (g x / d^(beta + 1)),
    // over the windows that x is in. What is summed is computed once, for all channels.
    let mut terms = vec![0.0; input.len()];
    let isa = dispatch::current();
    let planes = terms.par_chunks_mut(spec.pixels).zip(input_gradient.par_chunks_mut(spec.pixels));
    planes.enumerate().for_each(|(plane, (terms, input_gradient))| {
        let range = plane * spec.pixels..(plane + 1) * spec.pixels;
        let (x, g) = (&input[range.clone()], &output_gradient[range]);
        dispatch::on(
            isa,
            #[inline(always)]
            |_| own_gradient(spec, input, plane, x, g, terms, input_gradient),
        );
    });
    input_gradient.par_chunks_mut(spec.pixels).enumerate().for_each(|(plane, input_gradient)| {
        let x = &input[plane * spec.pixels..][..spec.pixels];
        dispatch::on(
            isa,
            #[inline(always)]
            |_| add_neighbors(spec, &terms, plane, x, input_gradient),
        );
    });
}

/// `gradient = g / d^beta` and `terms = gradient * x / d`.
#[inline(always)]
fn own_gradient(
    spec: &Lrn,
    input: &[f32],
    plane: usize,
    x: &[f32],
    g: &[f32],
    terms: &mut [f32],
    gradient: &mut [f32],
) {
    let mut divisors = [0.0; TILE];
    let mut powers = [0.0; TILE];
    let tiles = x.chunks(TILE).zip(g.chunks(TILE));
    let outputs = terms.chunks_mut(TILE).zip(gradient.chunks_mut(TILE));
    for (tile, ((x, g), (terms, gradient))) in tiles.zip(outputs).enumerate() {
        let divisors = &mut divisors[..x.len()];
        spec.divisors(input, plane, tile * TILE, divisors);
        spec.powers(divisors, &mut powers);
        let inputs = x.iter().zip(g).zip(divisors.iter().zip(&powers));
        for (((&x, &g), (&d, &power)), (term, gradient)) in
            inputs.zip(terms.iter_mut().zip(gradient))
        {
            *gradient = g / power;
            *term = *gradient * x / d;
        }
    }
}

/// `gradient -= 2 alpha beta / size * x * sum of terms`.
#[inline(always)]
fn add_neighbors(spec: &Lrn, terms: &[f32], plane: usize, x: &[f32], gradient: &mut [f32]) {
    let factor = 2.0 * spec.alpha * spec.beta / spec.size as f32;
    let mut sums = [0.0; TILE];
    for (tile, (x, gradient)) in x.chunks(TILE).zip(gradient.chunks_mut(TILE)).enumerate() {
        let sums = &mut sums[..x.len()];
        sums.fill(0.0);
        // The windows that a channel is in are those around the channels of its mirrored window.
        for other in spec.window(plane, (spec.size - 1) / 2, spec.size / 2) {
            let row = &terms[other * spec.pixels + tile * TILE..][..x.len()];
            update(sums, row, |sum, term| sum + term);
        }
        for ((gradient, &x), &sum) in gradient.iter_mut().zip(x).zip(&*sums) {
            *gradient -= factor * x * sum;
        }
    }
}
