//! 2-d convolution: its sizes ([`spec`]), the choice of an algorithm ([`choice`]), and the algorithms.

mod border;
pub(crate) mod choice;
pub(crate) mod col2im;
pub(crate) mod direct;
mod gathered_product;
mod im2col;
pub(crate) mod spec;
pub(crate) mod weight_gradient;
pub(crate) mod winograd;
