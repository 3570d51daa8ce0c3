//! [`Activation`]: what is done to each output value at the end.

/// What is done to each output value at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x` where positive, else this factor times `x`.
    LeakyRelu(f32),
}

impl Activation {
    /// The activation of a value; NaN stays NaN.
    #[inline(always)]
    pub fn of(self, x: f32) -> f32 {
        match self {
            Activation::None => x,
            Activation::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            // A choice of the factor, for which the compiler emits no branch.
            Activation::LeakyRelu(slope) => x * if x > 0.0 { 1.0 } else { slope },
        }
    }
}
