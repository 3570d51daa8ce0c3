//! What is explained: any differentiable function from pictures to logits.

use burn::tensor::Tensor;

use super::error::ExplainError;
use crate::image::Pixels;
use crate::models::{Classifier, Network, NoRule, Rule, UnknownLayer};

/// A differentiable function from inputs `[n, c, h, w]` to logits `[n, classes]`, each row of which
/// depends on its own input alone.
///
/// [`Classifier`]s are models of pixels in `[0, 1]`, their normalisation included; so is any closure:
///
/// ```
/// # use foveate_core as foveate;
/// use foveate::burn::tensor::{Device, Tensor};
/// use foveate::explain::{Saliency, Attribution, Target};
///
/// // Score of class 0: the sum of the input; of class 1: of its squares.
/// let model = |x: Tensor<4>| {
///     let x = x.flatten::<2>(1, 3);
///     Tensor::cat(vec![x.clone().sum_dim(1), x.powi_scalar(2).sum_dim(1)], 1)
/// };
/// let input = Tensor::<4>::full([1, 1, 2, 2], 3.0, &Device::default());
/// let map = Saliency.attribute(&model, &input, &Target::Class(1))?;
/// assert_eq!(map.into_data().to_vec::<f32>().unwrap(), [6.0; 4]);
/// # Ok::<(), foveate::explain::ExplainError>(())
/// ```
///
/// A network in a closure must be `network.valid()`: in training it would drop values and move its
/// running statistics. Tracked weights are [`ExplainError::Training`].
pub trait Model {
    /// Logits `[n, classes]` of inputs `[n, c, h, w]`.
    fn logits(&self, input: Tensor<4>) -> Tensor<2>;

    /// Whether no weight is known to be tracked; otherwise that is tried on a picture.
    #[doc(hidden)]
    fn is_frozen(&self) -> bool {
        false
    }
}

impl<F: Fn(Tensor<4>) -> Tensor<2>> Model for F {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        self(input)
    }
}

/// A [`Model`] that can be cut at a layer, and whose gradient can go back by other [`Rule`]s.
pub trait LayeredModel: Model {
    /// What the first layer gets: the normalised input.
    fn normalised(&self, input: Tensor<4>) -> Tensor<4>;

    /// Activations `[n, channels, height, width]` after a layer.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] names the layers there are.
    fn features(&self, normalised: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer>;

    /// Logits `[n, classes]` from the activations after a layer.
    ///
    /// # Errors
    ///
    /// As [`features`](LayeredModel::features).
    fn head(&self, activations: Tensor<4>, layer: &str) -> Result<Tensor<2>, UnknownLayer>;

    /// The logits, through which the gradient goes back by a rule.
    ///
    /// # Errors
    ///
    /// [`NoRule`] names a layer that has none.
    fn logits_by(&self, normalised: Tensor<4>, rule: Rule) -> Result<Tensor<2>, NoRule>;
}

/// The input is the tensor of [`Pixels`].
impl<N: Network> Model for Classifier<N> {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        Classifier::logits(self, &Pixels::new(input))
    }

    fn is_frozen(&self) -> bool {
        true
    }
}

impl<N: Network> LayeredModel for Classifier<N> {
    fn normalised(&self, pixels: Tensor<4>) -> Tensor<4> {
        self.preprocessing().normalise(&Pixels::new(pixels)).into_tensor()
    }

    fn features(&self, normalised: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer> {
        self.network().features(normalised, layer)
    }

    fn head(&self, activations: Tensor<4>, layer: &str) -> Result<Tensor<2>, UnknownLayer> {
        self.network().head(activations, layer)
    }

    fn logits_by(&self, normalised: Tensor<4>, rule: Rule) -> Result<Tensor<2>, NoRule> {
        self.network().forward_by(normalised, rule)
    }
}

/// Checks an input before anything is computed from it, and takes it off autodiff.
pub(super) fn checked<M: Model + ?Sized>(
    model: &M,
    input: &Tensor<4>,
) -> Result<Tensor<4>, ExplainError> {
    let found = input.dims();
    if found.contains(&0) {
        return Err(ExplainError::Empty { found });
    }
    let input = input.clone().inner();
    // A sum is finite only of finite numbers: the values themselves are rarely read back.
    let sum: f32 = input.clone().sum().into_scalar();
    if !sum.is_finite() {
        let odd = values(&input).into_iter().enumerate().find(|(_, value)| !value.is_finite());
        if let Some((index, value)) = odd {
            return Err(ExplainError::NotFinite { index, value });
        }
    }
    if !model.is_frozen() && model.logits(input.clone().narrow(0, 0, 1)).is_tracked() {
        return Err(ExplainError::Training);
    }
    Ok(input)
}

/// Checks that the logits are a row for each picture.
pub(super) fn rows(logits: Tensor<2>, pictures: usize) -> Result<Tensor<2>, ExplainError> {
    let found = logits.dims();
    if found[0] != pictures || found[1] == 0 {
        return Err(ExplainError::Logits { pictures, found });
    }
    Ok(logits)
}

/// The values of a tensor.
pub(super) fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}
