//! The CPU backends of [`foveate`](https://docs.rs/foveate): burn-ndarray (feature `ndarray`) and
//! its heir burn-flex (feature `flex`).
//!
//! burn deprecates burn-ndarray from 0.22 on; this is the one place that names it.

use burn::tensor::Device;

/// The device of burn-ndarray.
#[cfg(feature = "ndarray")]
#[allow(deprecated)]
pub fn ndarray() -> Device {
    burn_ndarray::NdArrayDevice::default().into()
}

/// The device of burn-flex.
#[cfg(feature = "flex")]
pub fn flex() -> Device {
    Device::flex()
}
