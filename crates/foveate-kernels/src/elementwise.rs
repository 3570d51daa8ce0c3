//! Activations on their own, and their gradient.

use rayon::prelude::*;

use crate::activation::Activation;
use crate::dispatch;
use crate::lanes::{map, update};

/// Values of one task.
const CHUNK: usize = 1 << 14;

/// Replaces each value by its activation. NaN stays NaN.
///
/// # Shapes
///
/// - `values`: any
pub fn activate(activation: Activation, values: &mut [f32]) {
    if activation == Activation::None {
        return;
    }
    let isa = dispatch::current();
    values.par_chunks_mut(CHUNK).for_each(|values| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| match activation {
                // The compiler makes vectors of what it knows.
                Activation::Relu => map(values, |x| Activation::Relu.of(x)),
                _ => map(values, |x| activation.of(x)),
            },
        );
    });
}

/// Multiplies a gradient by the slope of the activation, judged from the activation's output: 0 or
/// the slope of [`Activation::LeakyRelu`] where `output <= 0`, else 1. For leaky slopes of at least 0.
///
/// # Shapes
///
/// - `output`: any
/// - `gradient`: as the output, overwritten
///
/// # Panics
///
/// If the slices differ in length.
pub fn activation_gradient(activation: Activation, output: &[f32], gradient: &mut [f32]) {
    assert_eq!(gradient.len(), output.len(), "elements in the gradient, as many as in the output");
    let slope = match activation {
        Activation::None => return,
        Activation::Relu => None,
        Activation::LeakyRelu(slope) => Some(slope),
    };
    let isa = dispatch::current();
    gradient.par_chunks_mut(CHUNK).zip(output.par_chunks(CHUNK)).for_each(|(gradient, output)| {
        dispatch::on(
            isa,
            #[inline(always)]
            |_| match slope {
                // A choice, not a product: an infinite gradient times 0 would be NaN.
                None => update(gradient, output, |g, y| if y <= 0.0 { 0.0 } else { g }),
                Some(slope) => {
                    update(gradient, output, |g, y| g * if y > 0.0 { 1.0 } else { slope });
                }
            },
        );
    });
}
