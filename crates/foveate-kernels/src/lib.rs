//! CPU kernels for convolutional networks, on plain `f32` slices; no framework.
//!
//! [`conv2d`] is the forward pass of a 2-d convolution of any kernel, stride, padding, dilation and
//! number of groups, with bias and [`Activation`] fused into its last step; [`conv_transpose2d`] is
//! its adjoint, [`conv2d_input_gradient`] and [`conv2d_weight_gradient`] are its gradients. [`Plan`]
//! runs these with an algorithm and an instruction set of the caller's choice. Beside them stand
//! pooling, batch normalisation, local response normalisation, fully connected layers and activations
//! on their own, each with its gradient. Tensors are contiguous, in PyTorch's order: `[n, c, h, w]`
//! and `[out, in / groups, kh, kw]`.
//!
//! Work is split over the current rayon pool (`RAYON_NUM_THREADS`). Every output value is summed up
//! by one thread in one order: results do not depend on the number of threads, bit for bit. They do
//! depend on the instruction set ([`Isa`]) and the algorithm ([`Algorithm`]), by rounding.

mod activation;
mod conv;
mod direct;
mod dispatch;
mod gather;
mod isa;
mod lanes;
mod linear;
mod lrn;
mod norm;
mod pool;
mod scatter;
mod scratch;
mod simd;
mod weight;
mod winograd;

pub use activation::{activate, activation_gradient};
pub use conv::{
    Activation, Algorithm, Conv2d, Plan, conv_transpose2d, conv2d, conv2d_input_gradient,
    conv2d_weight_gradient,
};
#[doc(hidden)]
pub use dispatch::with_isa;
pub use isa::Isa;
pub use linear::{linear, linear_input_gradient, linear_weight_gradient};
pub use lrn::{Lrn, lrn, lrn_gradient};
pub use norm::{
    BatchNorm, BatchStatistics, batch_norm_inference, batch_norm_inference_gradient,
    batch_norm_inference_in_place, batch_norm_parameter_gradient, batch_norm_training,
    batch_norm_training_gradient, batch_statistics, channel_sums,
};
pub use pool::{
    Pool2d, adaptive_avg_pool2d, adaptive_avg_pool2d_gradient, avg_pool2d, avg_pool2d_gradient,
    max_pool2d, max_pool2d_gradient,
};
