//! The CPU backends of [`foveate`](https://docs.rs/foveate): burn-ndarray (feature `ndarray`) and
//! its successor burn-flex (feature `flex`).
//!
//! And foveate's kernels, bound to their tensors: the functions here take and give tensors of
//! either backend ([`HostTensor`]), share their memory, and decline what the kernels cannot do.
//!
//! burn deprecates burn-ndarray from 0.22 on; this crate and the list of backends in foveate-core's
//! operations are the places that name it.
//!
//! ```
//! # #[cfg(feature = "flex")]
//! # {
//! use burn::backend::flex::FlexTensor;
//! use burn::tensor::{Tensor, TensorData};
//! use foveate_ndarray::{Activation, HostTensor, linear};
//!
//! // A device, for all that burn does.
//! let ones = Tensor::<2>::ones([2, 2], &foveate_ndarray::flex());
//! assert_eq!(ones.sum().into_scalar::<f32>(), 4.0);
//!
//! // A kernel, of the backend's own tensors: the identity, and a ReLU.
//! let x = FlexTensor::from_values(vec![3.0, -2.0], [1, 2]);
//! let weight = FlexTensor::from_values(vec![1.0, 0.0, 0.0, 1.0], [2, 2]);
//! let y = linear(&x, &weight, None, Activation::Relu).expect("values are f32");
//! assert_eq!(*y.values().expect("values are f32"), [3.0, 0.0]);
//!
//! // What the kernels cannot do is left to burn.
//! let doubles = FlexTensor::from_data(TensorData::new(vec![1.0_f64, 2.0], [1, 2]));
//! assert!(linear(&doubles, &weight, None, Activation::None).is_none());
//! # }
//! ```

mod convolution;
mod epilogue;
mod host;
mod linear;
mod normalization;
mod pooling;

use burn::tensor::Device;

pub use convolution::{
    conv_transpose2d, conv_transpose2d_input_gradient, conv_transpose2d_weight_gradient, conv2d,
    conv2d_input_gradient, conv2d_weight_gradient,
};
pub use epilogue::{activation_gradient, channel_sums};
pub use foveate_kernels::{Activation, Algorithm};
pub use host::HostTensor;
pub use linear::{linear, linear_input_gradient, linear_weight_gradient};
pub use normalization::{batch_norm, batch_norm_gradients, batch_statistics, lrn, lrn_gradient};
pub use pooling::{
    adaptive_avg_pool2d, adaptive_avg_pool2d_gradient, max_pool2d, max_pool2d_gradient,
};

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
