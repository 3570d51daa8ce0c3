//! CPU kernels for convolutional networks, on plain `f32` slices; no framework.
//!
//! [`conv2d`] is the forward pass of a 2-d convolution of any kernel, stride, padding, dilation and
//! number of groups, with bias and [`Activation`] fused into its last step; [`conv_transpose2d`] is
//! its adjoint, [`conv2d_input_gradient`] and [`conv2d_weight_gradient`] are its gradients. [`Plan`]
//! runs these with an algorithm and an instruction set of the caller's choice. Beside them stand
//! pooling, batch normalization, local response normalization, fully connected layers and activations
//! on their own, each with its gradient. Tensors are contiguous, in PyTorch's order: `[n, c, h, w]`
//! and `[out, in / groups, kh, kw]`.
//!
//! Work is split over the current rayon pool (`RAYON_NUM_THREADS`). Every output value is summed up
//! by one thread in one order: results do not depend on the number of threads, bit for bit. They do
//! depend on the instruction set ([`Isa`]) and the algorithm ([`Algorithm`]), by rounding.
//!
//! | file | what |
//! |---|---|
//! | `plan.rs` | a convolution's checks, and the way to its algorithm |
//! | `conv/choice.rs` | which algorithm, and Winograd's F(2x2) or F(4x4) |
//! | `conv/{direct, gathered_product, im2col, col2im, weight_gradient}.rs`, `conv/winograd/` | the algorithms |
//! | `linear/`, `pool/`, `norm/`, `lrn.rs`, `elementwise.rs` | the other layers |
//! | `simd/` | a vector and its tile for each instruction set: `avx512/tile.rs`, `avx2.rs`, `portable.rs` |
//!
//! ```text
//! y[n, o, i, j] = activation(bias[o] + sum over c, k, l of w[o, c, k, l] x[n, c, i', j'])
//! i' = stride i + dilation k - padding, j' likewise; x is 0 outside
//! ```
//!
//! ```
//! use foveate_kernels::{Activation, Conv2d, conv2d, conv2d_input_gradient};
//!
//! let sizes = Conv2d {
//!     batch: 1,
//!     channels_in: 1,
//!     channels_out: 1,
//!     input: [4, 4],
//!     kernel: [3, 3],
//!     stride: [1, 1],
//!     padding: [0, 0],
//!     dilation: [1, 1],
//!     groups: 1,
//! };
//! let (input, weight) = (vec![1.0; sizes.input_len()], vec![1.0; sizes.weight_len()]);
//! let mut output = vec![0.0; sizes.output_len()];
//! conv2d(&sizes, &input, &weight, Some(&[-8.0]), Activation::Relu, &mut output);
//! assert_eq!(output, [1.0; 4]); // nine ones less eight
//!
//! // The gradient counts the windows that see a pixel.
//! let mut gradient = vec![0.0; sizes.input_len()];
//! conv2d_input_gradient(&sizes, &[1.0; 4], &weight, &mut gradient);
//! let rows = [[1.0, 2.0, 2.0, 1.0], [2.0, 4.0, 4.0, 2.0], [2.0, 4.0, 4.0, 2.0], [1.0, 2.0, 2.0, 1.0]];
//! assert_eq!(gradient, rows.as_flattened());
//! ```

mod activation;
mod conv;
mod dispatch;
mod elementwise;
mod isa;
mod lanes;
mod linear;
mod lrn;
mod norm;
mod plan;
mod pool;
mod scratch;
mod shared;
mod simd;
mod sizes;

pub use activation::Activation;
pub use conv::choice::Algorithm;
pub use conv::spec::Conv2d;

#[doc(hidden)]
pub use dispatch::with_isa;
pub use elementwise::{activate, activation_gradient};
pub use isa::Isa;
pub use linear::{linear, linear_input_gradient, linear_weight_gradient};
pub use lrn::{Lrn, lrn, lrn_gradient};
pub use norm::{
    BatchNorm, BatchStatistics, batch_norm_inference, batch_norm_inference_gradient,
    batch_norm_inference_in_place, batch_norm_parameter_gradient, batch_norm_training,
    batch_norm_training_gradient, batch_statistics, channel_sums,
};
pub use plan::{Plan, conv_transpose2d, conv2d, conv2d_input_gradient, conv2d_weight_gradient};
pub use pool::{
    Pool2d, adaptive_avg_pool2d, adaptive_avg_pool2d_gradient, avg_pool2d, avg_pool2d_gradient,
    max_pool2d, max_pool2d_gradient,
};
