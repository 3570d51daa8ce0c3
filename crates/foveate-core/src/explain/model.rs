//! What is explained: any differentiable function from images to logits.

use burn::module::Module;
use burn::tensor::{Tensor, activation};

use super::error::ExplainError;
use crate::image::Pixels;
use crate::models::{
    BackwardRule, Classifier, Network, NoRule, PROBABILITIES, UnknownLayer, are_probabilities,
};
use crate::ops::exact;

/// A differentiable function from inputs `[n, c, h, w]` to logits `[n, classes]`, each row of which
/// depends on its own input alone.
///
/// [`Classifier`]s are models of pixels in `[0, 1]`, their normalization included; [`Frozen`] makes one of any
/// network of burn's; and any closure is one:
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
/// assert_eq!(map.into_data().try_to_vec::<f32>().unwrap(), [6.0; 4]);
/// # Ok::<(), foveate::explain::ExplainError>(())
/// ```
///
/// A network in a closure must be `network.valid()`: burn builds it in training mode, in which it drops values and
/// moves its running statistics wherever a gradient is asked for. [`Frozen`] cannot be called wrongly. What is found
/// in training mode is [`ExplainError::Training`]: tracked weights before anything has changed; batch norm and dropout
/// by a run on one image, which has moved running statistics by one step.
pub trait Model {
    /// Logits `[n, classes]` of inputs `[n, c, h, w]`.
    fn logits(&self, input: Tensor<4>) -> Tensor<2>;

    /// What its normalization takes to 0, one value a channel: the mean color of the images that it was
    /// trained on. None is 0: of a model whose inputs are normalized before.
    fn mean(&self) -> Option<Vec<f32>> {
        None
    }

    /// Whether the model is known to be in evaluation mode; otherwise that is tried on an image.
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

/// A network as a [`Model`], in evaluation mode: dropout off, batch norms with their running statistics, no weight
/// tracked. The network given stays as it is.
///
/// ```
/// # use foveate_core as foveate;
/// use foveate::burn::nn::BatchNormConfig;
/// use foveate::burn::tensor::{Device, Tensor};
/// use foveate::explain::{Attribution, Frozen, Saliency, Target};
///
/// let device = Device::default();
/// let norm = BatchNormConfig::new(1).init(&device); // in training mode, as burn initializes it
/// let model = Frozen::new(&norm, |norm, x| norm.forward(x).flatten(1, 3));
/// let x = Tensor::<4>::from_floats([[[[1.0, 3.0]]]], &device);
/// let map = Saliency.attribute(&model, &x, &Target::Class(0))?;
/// // 1 / sqrt(variance + epsilon): the running variance is 1.
/// map.into_data().assert_approx_eq::<f32>(&[[[[1.0, 0.0]]]].into(), Default::default());
/// assert_eq!(norm.running_mean.value().into_scalar::<f32>(), 0.0); // untouched
/// # Ok::<(), foveate::explain::ExplainError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Frozen<N, F> {
    network: N,
    logits: F,
}

impl<N: Module, F: Fn(&N, Tensor<4>) -> Tensor<2>> Frozen<N, F> {
    /// `logits` gives `[n, classes]` for inputs `[n, c, h, w]`; it gets the network as its argument, since one that it
    /// captured would still be in training mode.
    pub fn new(network: &N, logits: F) -> Self {
        Self { network: network.valid(), logits }
    }

    /// The network in evaluation mode.
    pub fn network(&self) -> &N {
        &self.network
    }
}

impl<N: Module, F: Fn(&N, Tensor<4>) -> Tensor<2>> Model for Frozen<N, F> {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        (self.logits)(&self.network, input)
    }

    fn is_frozen(&self) -> bool {
        // A function that captures nothing reaches no other network.
        size_of::<F>() == 0
    }
}

/// A [`Model`] that can be cut at a layer, and whose gradient can go back by other [`BackwardRule`]s.
pub trait LayeredModel: Model {
    /// What the first layer gets: the normalized input.
    fn normalized(&self, input: Tensor<4>) -> Tensor<4>;

    /// Activations `[n, channels, height, width]` after a layer.
    ///
    /// # Errors
    ///
    /// [`UnknownLayer`] names the layers there are.
    fn features(&self, normalized: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer>;

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
    fn logits_with_rule(
        &self,
        normalized: Tensor<4>,
        rule: BackwardRule,
    ) -> Result<Tensor<2>, NoRule>;
}

/// The input is the tensor of [`Pixels`].
impl<N: Network> Model for Classifier<N> {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        Classifier::logits(self, &Pixels::new(input))
    }

    fn mean(&self) -> Option<Vec<f32>> {
        Some(self.preprocessing().mean.to_vec())
    }

    fn is_frozen(&self) -> bool {
        true
    }
}

impl<N: Network> LayeredModel for Classifier<N> {
    fn normalized(&self, pixels: Tensor<4>) -> Tensor<4> {
        self.preprocessing().normalize(&Pixels::new(pixels)).into_tensor()
    }

    fn features(&self, normalized: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer> {
        self.network().features(normalized, layer)
    }

    fn head(&self, activations: Tensor<4>, layer: &str) -> Result<Tensor<2>, UnknownLayer> {
        self.network().head(activations, layer)
    }

    fn logits_with_rule(
        &self,
        normalized: Tensor<4>,
        rule: BackwardRule,
    ) -> Result<Tensor<2>, NoRule> {
        self.network().forward_with_rule(normalized, rule)
    }
}

/// Checks an input before anything is computed from it, and takes it off autodiff.
pub(super) fn checked<M: Model + ?Sized>(
    model: &M,
    input: &Tensor<4>,
) -> Result<Tensor<4>, ExplainError> {
    Ok(checked_counting(model, input)?.0)
}

/// [`checked`], and how many images the model was run on for it.
pub(super) fn checked_counting<M: Model + ?Sized>(
    model: &M,
    input: &Tensor<4>,
) -> Result<(Tensor<4>, usize), ExplainError> {
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
    let runs = match model.is_frozen() {
        true => 0,
        false => evaluates(model, input.clone().narrow(0, 0, 1))?,
    };
    Ok((input, runs))
}

/// Values that [`evaluates`] runs on at least: among fewer, dropout may by chance drop none.
const PROBED: usize = 4096;

/// Refuses a model in training mode: its logits for an image differ where a gradient could be asked for. Gives the
/// number of images that it was run on.
fn evaluates<M: Model + ?Sized>(model: &M, image: Tensor<4>) -> Result<usize, ExplainError> {
    let copies = PROBED.div_ceil(image.dims().iter().product()).min(64);
    let images = image.repeat_dim(0, copies);
    let run = |x: Tensor<4>| exact(|| model.logits(x));
    let plain = run(images.clone());
    if plain.is_tracked() {
        return Err(ExplainError::Training);
    }
    if same(plain, run(images.clone().autodiff())) {
        return Ok(2 * copies);
    }
    // A model that is random by itself differs from run to run without a gradient, too.
    let [first, second] = [(); 2].map(|()| run(images.clone()));
    match same(first, second) {
        true => Err(ExplainError::Training),
        false => Ok(4 * copies),
    }
}

/// Whether logits of two runs differ by rounding alone.
fn same(first: Tensor<2>, second: Tensor<2>) -> bool {
    let (first, second) = (values(&first), values(&second.inner()));
    let largest = first.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    !first.iter().zip(&second).any(|(a, b)| (a - b).abs() > SAME * largest)
}

/// Logits of two runs that differ by more than this part of the largest are no rounding.
pub(super) const SAME: f32 = 1e-4;

/// Logits `[n, classes]`, a row for each image; by exact sums, unless the caller chose otherwise.
pub(super) fn logits<M: Model + ?Sized>(
    model: &M,
    input: Tensor<4>,
) -> Result<Tensor<2>, ExplainError> {
    let images = input.dims()[0];
    rows(exact(|| model.logits(input)), images)
}

/// Checks that the logits are a row for each image.
pub(super) fn rows(logits: Tensor<2>, images: usize) -> Result<Tensor<2>, ExplainError> {
    let found = logits.dims();
    if found[0] != images || found[1] == 0 {
        return Err(ExplainError::Logits { images, found });
    }
    Ok(logits)
}

/// Probabilities `[n, classes]` of logits, for explanations of which they are meant.
pub(super) fn softmax(logits: Tensor<2>) -> Result<Tensor<2>, ExplainError> {
    two_classes(&logits)?;
    Ok(activation::softmax(logits, 1))
}

/// Refuses logits of which a softmax says nothing.
pub(super) fn two_classes(logits: &Tensor<2>) -> Result<(), ExplainError> {
    match logits.dims() {
        [_, classes @ 0..2] => Err(ExplainError::OneLogit { classes }),
        _ => Ok(()),
    }
}

/// Warns of a model that gives probabilities where logits are expected: their softmax would be taken again.
pub(super) fn tell_probabilities(logits: &Tensor<2>) {
    if are_probabilities(&values(logits), logits.dims()[1]) {
        log::warn!("{PROBABILITIES}");
    }
}

/// The values of a tensor.
pub(super) fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}
