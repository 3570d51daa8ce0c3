//! Layer-wise relevance propagation; see [`Lrp`].

use burn::tensor::Tensor;

use super::Attribution;
use crate::explain::error::ExplainError;
use crate::explain::gradient::scored_by;
use crate::explain::model::{LayeredModel, checked};
use crate::explain::target::Target;
use crate::models::BackwardRule;
use crate::setting::positive;

/// The score, handed back layer by layer to the pixels.
///
/// Sebastian Bach et al., *On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise
/// Relevance Propagation*, 2015, <https://doi.org/10.1371/journal.pone.0130140>. Equations and deviations
/// stand with the [`BackwardRule`]s.
///
/// The relevance is that of the network's normalized input, whose channels are those of the pixels. It
/// starts from each logit times the score's slope with respect to it: for a class, from its logit, and for
/// [`Target::score`] from another sum than the score, unless that is linear. What arrives is that less
/// what the biases, those of merged batch norms included, and `epsilon` take; and what is lost where an
/// activation is 0 (see [`BackwardRule`]).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Lrp {
    /// [`BackwardRule::Epsilon`]; captum's epsilon is 1e-9.
    Epsilon(f32),
    /// [`BackwardRule::Composite`], with this epsilon where no convolution is.
    Composite(f32),
}

impl<M: LayeredModel + ?Sized> Attribution<M> for Lrp {
    fn attribute(
        &self,
        model: &M,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let (rule, epsilon) = match *self {
            Self::Epsilon(epsilon) => (BackwardRule::Epsilon(epsilon), epsilon),
            Self::Composite(epsilon) => (BackwardRule::Composite(epsilon), epsilon),
        };
        positive("epsilon", epsilon)?;
        let normalized = model.normalized(checked(model, input)?);
        let logits = |x| Ok(model.logits_with_rule(x, rule)?);
        Ok(scored_by(logits, &normalized, target)?.gradient * normalized)
    }
}
