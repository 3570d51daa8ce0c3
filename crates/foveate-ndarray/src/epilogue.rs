//! Gradients of what follows a sum: bias and activation.

use foveate_kernels::{self as kernels, Activation};

use crate::host::{HostTensor, room};

/// The gradient of what comes before an activation, from that of its output; in place if `gradient`
/// is not shared.
///
/// # Errors
///
/// `gradient` itself where burn has to do it: for element types other than `f32`.
pub fn activation_gradient<T: HostTensor>(
    activation: Activation,
    output: &T,
    gradient: T,
) -> Result<T, T> {
    if activation == Activation::None {
        return Ok(gradient);
    }
    let Some(output) = output.values() else { return Err(gradient) };
    let shape = gradient.shape();
    let mut values = gradient.into_values()?;
    kernels::activation_gradient(activation, &output, &mut values);
    Ok(T::from_values(values, shape))
}

/// Sums `[c]` over all but the channels of `[n, c, h, w]`; `None` where burn has to do it: for
/// element types other than `f32` and empty tensors.
pub fn channel_sums<T: HostTensor>(tensor: &T) -> Option<T> {
    let [_, channels, height, width] = tensor.shape().dims();
    let values = tensor.values().filter(|values| !values.is_empty())?;
    let mut sums = room(channels);
    let batch = values.len() / (channels * height * width);
    kernels::channel_sums([batch, channels, height * width], &values, &mut sums);
    Some(T::from_values(sums, [channels]))
}
