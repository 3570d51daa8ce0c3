//! Differentiable operations that burn lacks, or that are faster here, one file each.
//!
//! Most are a function of [`Tensor`]s over a backend extension: a trait whose default bodies are made of
//! burn's own operations and hold on every backend. Where there are kernels, the CPU backends override
//! them, and fall back on them for what the kernels decline (`f64`, say). `Autodiff` records the operation
//! as one step, with its gradients: those that nobody asks for are not computed.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::ops::gradient_reversal;
//!
//! let x = Tensor::<1>::from_floats([3.0], &Device::default()).autodiff().require_grad();
//! let y = gradient_reversal(x.clone() * 2.0, 0.5); // y = 2 x
//! let gradient = x.grad(&y.backward()).expect("x is tracked");
//! assert_eq!(gradient.into_scalar::<f32>(), -1.0); // -0.5 times 2
//! ```
//!
//! Operations with weights take the activation that follows, so that it costs no pass of its own:
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::ops::{Activation, ConvOptions, conv2d};
//!
//! let device = Device::default();
//! let x = Tensor::<4>::ones([1, 1, 4, 4], &device);
//! let weight = Tensor::<4>::ones([1, 1, 3, 3], &device);
//! let bias = Tensor::<1>::from_floats([-10.0], &device);
//! let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1); // stride, padding, dilation, groups
//! let run = |activation| {
//!     let y = conv2d(x.clone(), weight.clone(), Some(bias.clone()), options.clone(), activation);
//!     y.into_data().try_to_vec::<f32>().expect("values are f32")
//! };
//! assert_eq!(run(Activation::None), [-1.0; 4]); // nine ones less ten
//! assert_eq!(run(Activation::Relu), [0.0; 4]);
//! ```

// burn deprecates burn-ndarray, one of the backends.
#![allow(deprecated)]

mod activation;
mod algorithm;
mod batch_norm;
mod binary_cross_entropy;
mod conv2d;
mod conv_transpose2d;
mod gradient_reversal;
mod guided_relu;
mod linear;
mod lrn;
mod pool;
mod weighted;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, DispatchTensor, ExtensionType};
use burn::tensor::{DType, Tensor};

pub use activation::Activation;
pub(crate) use algorithm::exact;
pub use algorithm::{Algorithm, with_algorithm};
pub use batch_norm::{BatchNormMode, batch_norm, batch_statistics};
pub use binary_cross_entropy::binary_cross_entropy;
pub use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
pub use conv_transpose2d::conv_transpose2d;
pub use conv2d::conv2d;
pub use gradient_reversal::{GradientReversal, gradient_reversal};
pub use guided_relu::guided_relu;
pub use linear::linear;
pub use lrn::{LrnOptions, local_response_norm};
pub use pool::{PoolOptions, adaptive_avg_pool2d, max_pool2d};

/// Implements an operation's trait by kernels on the CPU backends, and by its default bodies on
/// the GPU.
macro_rules! backends {
    ($operation:ident { $($kernels:tt)* }) => {
        #[cfg(feature = "ndarray")]
        impl $operation for burn::backend::NdArray { $($kernels)* }

        #[cfg(feature = "flex")]
        impl $operation for burn::backend::Flex { $($kernels)* }

        #[cfg(feature = "wgpu")]
        impl $operation for burn::backend::Cube {}
    };
}
use backends;

/// An optional argument, in the form that crosses burn's dispatch.
#[derive(ExtensionType)]
pub(crate) enum Optional<B: Backend> {
    Given(FloatTensor<B>),
    Absent,
}

impl<B: Backend> Optional<B> {
    fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Given(tensor) => Some(tensor),
            Self::Absent => None,
        }
    }
}

/// What burn's dispatch takes; quantized values become floats.
fn dispatched<const D: usize>(tensor: Tensor<D>) -> DispatchTensor {
    match tensor.dtype() {
        DType::QFloat(_) => tensor.dequantize().into_dispatch(),
        _ => tensor.into_dispatch(),
    }
}
