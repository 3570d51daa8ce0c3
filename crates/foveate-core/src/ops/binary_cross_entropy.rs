//! Binary cross-entropy of logits, with targets between 0 and 1.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

/// The mean over all logits z and targets y of `-y ln s(z) - (1 - y) ln (1 - s(z))`, with the logistic
/// function s, in nats: PyTorch's `binary_cross_entropy_with_logits`. A logit of any size gives a
/// finite loss.
///
/// # Shapes
///
/// - logits, targets: any, the same
/// - output: `[1]`
pub fn binary_cross_entropy<const D: usize>(logits: Tensor<D>, targets: Tensor<D>) -> Tensor<1> {
    // ln (1 - s(z)) = ln s(-z) = ln s(z) - z.
    let log = log_sigmoid(logits.clone());
    ((targets.neg() + 1.0) * logits - log).mean()
}
