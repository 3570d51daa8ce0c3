//! CPU kernels for convolutional networks, on plain `f32` slices; no framework.
//!
//! [`conv2d`] is the forward pass of a 2-d convolution of any kernel, stride, padding, dilation and
//! number of groups, with bias and ReLU fused into its last step. Tensors are contiguous, in
//! PyTorch's order: `[n, c, h, w]` and `[out, in / groups, kh, kw]`.
//!
//! Work is split over the current rayon pool (`RAYON_NUM_THREADS`). Every output value is summed up
//! by one thread in one order: results do not depend on the number of threads, bit for bit. They do
//! depend on the instruction set ([`Isa`]), by rounding.

mod conv;
mod direct;
mod isa;
mod layout;
mod simd;

pub use conv::{Activation, Conv2d, conv2d, conv2d_with};
pub use isa::Isa;
