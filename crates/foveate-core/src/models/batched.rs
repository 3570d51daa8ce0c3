//! Many images through a network, a few at a time.

use std::convert::Infallible;
use std::ops::Range;

use burn::tensor::Tensor;

/// The rows that `forward` gives for ranges of `count` images, at most `at_once` of them long: the values of each of
/// its outputs, one row an image.
pub(crate) fn batched<const OUTPUTS: usize>(
    count: usize,
    at_once: usize,
    mut forward: impl FnMut(Range<usize>) -> [Tensor<2>; OUTPUTS],
) -> [Vec<f32>; OUTPUTS] {
    let Ok(values) = try_batched(count, at_once, |some| Ok::<_, Infallible>(forward(some)));
    values
}

/// As [`batched`], up to the first error.
pub(crate) fn try_batched<const OUTPUTS: usize, E>(
    count: usize,
    at_once: usize,
    mut forward: impl FnMut(Range<usize>) -> Result<[Tensor<2>; OUTPUTS], E>,
) -> Result<[Vec<f32>; OUTPUTS], E> {
    let mut all = [const { Vec::new() }; OUTPUTS];
    for start in (0..count).step_by(at_once) {
        let outputs = forward(start..count.min(start + at_once))?;
        for (values, output) in all.iter_mut().zip(outputs) {
            values.extend(output.into_data().iter::<f32>());
        }
    }
    Ok(all)
}

/// How many images of some height and width pass a network together: `most` of up to `side` x `side` pixels, of
/// larger ones fewer.
pub(crate) fn at_once([height, width]: [usize; 2], most: usize, side: usize) -> usize {
    (most * side * side / (height * width).max(1)).clamp(1, most)
}
