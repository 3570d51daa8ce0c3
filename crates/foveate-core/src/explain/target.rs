//! What is asked of a model: the score of a class, or any other number made of the logits.

use std::fmt;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::error::ExplainError;
use crate::values::argmax_rows;

/// The number that is explained, one for each image.
#[derive(Clone)]
#[non_exhaustive]
pub enum Target {
    /// The logit of a class, the same for all images.
    Class(usize),
    /// The logit of a class for each image.
    Classes(Vec<usize>),
    /// The logit of the class that the model finds for each image.
    Predicted,
    /// A differentiable function from logits `[n, classes]` to scores `[n]`, row by row; see
    /// [`Target::score`].
    Score(ScoreFn),
}

/// From logits `[n, classes]` to scores `[n]`.
pub type ScoreFn = Arc<dyn Fn(Tensor<2>) -> Tensor<1> + Send + Sync>;

impl Target {
    /// Any score: the difference of two classes, a probability.
    ///
    /// ```
    /// # use foveate_core as foveate;
    /// use foveate::burn::tensor::{activation::softmax, s};
    /// use foveate::explain::Target;
    ///
    /// let probability = Target::score(|logits| softmax(logits, 1).slice(s![.., 281]).squeeze_dim(1));
    /// ```
    pub fn score(score: impl Fn(Tensor<2>) -> Tensor<1> + Send + Sync + 'static) -> Self {
        Self::Score(Arc::new(score))
    }

    /// The same with [`Predicted`](Target::Predicted) and [`Class`](Target::Class) as the classes of
    /// these logits.
    pub(super) fn fixed(&self, logits: &Tensor<2>) -> Result<Self, ExplainError> {
        let [images, classes] = logits.dims();
        let chosen = match self {
            Self::Score(_) => return Ok(self.clone()),
            Self::Class(class) => vec![*class; images],
            Self::Classes(classes) if classes.len() == 1 => vec![classes[0]; images],
            Self::Classes(classes) => classes.clone(),
            Self::Predicted => argmax_rows(logits),
        };
        if chosen.len() != images {
            return Err(ExplainError::Targets { images, found: chosen.len() });
        }
        match chosen.iter().find(|&&class| class >= classes) {
            Some(&class) => Err(ExplainError::Class { class, classes }),
            None => Ok(Self::Classes(chosen)),
        }
    }

    /// A [`fixed`](Target::fixed) target for the images of some indices.
    pub(super) fn of(&self, images: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(images.map(|i| classes[i]).collect()),
            target => target.clone(),
        }
    }

    /// Scores `[n]` of logits `[n, classes]`, for a [`fixed`](Target::fixed) target.
    pub(super) fn scores(&self, logits: Tensor<2>) -> Result<Tensor<1>, ExplainError> {
        let [images, _] = logits.dims();
        let classes = match self {
            Self::Classes(classes) => classes,
            Self::Score(score) => {
                let scores = score(logits);
                return match scores.dims()[0] {
                    found if found == images => Ok(scores),
                    found => Err(ExplainError::Score { images, found }),
                };
            }
            Self::Class(_) | Self::Predicted => unreachable!("the target is fixed"),
        };
        let indices = class_indices(classes, &logits.device());
        Ok(logits.gather(1, indices).squeeze_dim(1))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => f.debug_tuple("Class").field(class).finish(),
            Self::Classes(classes) => f.debug_tuple("Classes").field(classes).finish(),
            Self::Predicted => f.write_str("Predicted"),
            Self::Score(_) => f.write_str("Score(..)"),
        }
    }
}

impl From<usize> for Target {
    fn from(class: usize) -> Self {
        Self::Class(class)
    }
}

/// Classes as indices `[n, 1]` into logits.
pub(super) fn class_indices(classes: &[usize], device: &Device) -> Tensor<2, Int> {
    let classes: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
    let shape = [classes.len(), 1];
    Tensor::from_data(TensorData::new(classes, shape), &device.clone().inner())
}
