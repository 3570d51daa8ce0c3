//! Pooling on the kernels.

use foveate_kernels::{self as kernels, Pool2d};

use crate::host::{HostTensor, room};

/// How a window moves over planes; `None` where it is not for the kernels: no values at all.
fn pool(
    [batch, channels, height, width]: [usize; 4],
    [kernel, stride, padding, dilation]: [[usize; 2]; 4],
    ceil_mode: bool,
) -> Option<Pool2d> {
    let (planes, input) = (batch * channels, [height, width]);
    let pool = Pool2d { planes, input, kernel, stride, padding, dilation, ceil_mode };
    (pool.input_len() > 0 && pool.output_len() > 0).then_some(pool)
}

/// The largest value of each window, of given kernel, stride, padding and dilation; `None` where burn has to do it: for element types other than
/// `f32` and empty tensors.
pub fn max_pool2d<T: HostTensor>(input: &T, window: [[usize; 2]; 4], ceil_mode: bool) -> Option<T> {
    let shape @ [batch, channels, _, _] = input.shape().dims::<4>();
    let pool = pool(shape, window, ceil_mode)?;
    let input = input.values()?;
    let mut output = room(pool.output_len());
    kernels::max_pool2d(&pool, &input, &mut output);
    let [height, width] = pool.output();
    Some(T::from_values(output, [batch, channels, height, width]))
}

/// The gradient of [`max_pool2d`]; `None` as there.
pub fn max_pool2d_gradient<T: HostTensor>(
    input: &T,
    gradient: &T,
    window: [[usize; 2]; 4],
    ceil_mode: bool,
) -> Option<T> {
    let shape = input.shape().dims();
    let pool = pool(shape, window, ceil_mode)?;
    let (input, gradient) = (input.values()?, gradient.values()?);
    let mut input_gradient = room(pool.input_len());
    kernels::max_pool2d_gradient(&pool, &input, &gradient, &mut input_gradient);
    Some(T::from_values(input_gradient, shape))
}

/// The mean of each of `output` windows that cover the input; `None` as [`max_pool2d`].
pub fn adaptive_avg_pool2d<T: HostTensor>(input: &T, output: [usize; 2]) -> Option<T> {
    let [batch, channels, height, width] = input.shape().dims();
    let planes = batch * channels;
    let values = input.values().filter(|values| !values.is_empty())?;
    let mut means = room(planes * output[0] * output[1]);
    kernels::adaptive_avg_pool2d(planes, [height, width], output, &values, &mut means);
    Some(T::from_values(means, [batch, channels, output[0], output[1]]))
}

/// The gradient of [`adaptive_avg_pool2d`] for an input of shape `input`; `None` as there.
pub fn adaptive_avg_pool2d_gradient<T: HostTensor>(input: [usize; 4], gradient: &T) -> Option<T> {
    let [batch, channels, height, width] = input;
    let [_, _, rows, columns] = gradient.shape().dims();
    let gradient = gradient.values().filter(|values| !values.is_empty())?;
    let planes = batch * channels;
    let mut input_gradient = room(planes * height * width);
    kernels::adaptive_avg_pool2d_gradient(
        planes,
        [height, width],
        [rows, columns],
        &gradient,
        &mut input_gradient,
    );
    Some(T::from_values(input_gradient, input))
}
