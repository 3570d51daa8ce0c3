//! Layer-wise relevance propagation; see [`Lrp`].

use burn::tensor::Tensor;

use super::attribution::Attribution;
use super::error::ExplainError;
use super::gradient::scored_by;
use super::model::{LayeredModel, checked};
use super::target::Target;
use crate::SettingError;
use crate::models::Rule;

/// The score, handed back layer by layer to the pixels.
///
/// Sebastian Bach et al., *On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise
/// Relevance Propagation*, 2015, <https://doi.org/10.1371/journal.pone.0130140>. Equations and deviations
/// stand with the [`Rule`]s.
///
/// The relevance is that of the network's normalised input, whose channels are those of the pixels. It
/// sums up to the score less what the biases (and, by LRP-epsilon, `epsilon`) take, if the score is
/// the logit of a class or a sum of such. Of another score, a probability say, what is handed back is
/// each logit times the score's derivative by it: their sum stands in the score's place.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Lrp {
    /// [`Rule::Epsilon`]; captum's epsilon is 1e-9.
    Epsilon(f32),
    /// [`Rule::Composite`], with this epsilon where no convolution is.
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
            Self::Epsilon(epsilon) => (Rule::Epsilon(epsilon), epsilon),
            Self::Composite(epsilon) => (Rule::Composite(epsilon), epsilon),
        };
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return SettingError::refuse("epsilon", epsilon, "a positive number");
        }
        let normalised = model.normalised(checked(model, input)?);
        let logits = |x| Ok(model.logits_by(x, rule));
        Ok(scored_by(logits, &normalised, target)?.gradient * normalised)
    }
}
