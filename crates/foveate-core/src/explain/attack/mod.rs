//! Pictures that fool a network: small changes of the pixels that change its answer.
//!
//! All attacks take and give [`Pixels`], in `[0, 1]`; a [`Classifier`](crate::models::Classifier)'s
//! normalisation is part of the model that is attacked, so that sizes of changes are in pixels.
//! What an attack is after is a [`Goal`], what comes of it an [`Attacked`]. Pictures are attacked
//! all at once and each for itself; one that has met the goal stands still (unless the attack's `early_stop` is off).
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::explain::attack::{Attack, Fgsm, Goal};
//! use foveate::image::Pixels;
//!
//! // Class 1 for pictures whose pixels add up to more than 6.
//! let model = |x: Tensor<4>| {
//!     let sum = x.flatten::<2>(1, 3).sum_dim(1);
//!     Tensor::cat(vec![6.0 - sum.clone(), sum - 6.0], 1)
//! };
//! let grey = Pixels::new(Tensor::full([1, 3, 2, 2], 0.49, &Device::default()));
//! let fgsm = Fgsm { epsilon: 0.02 };
//! let attacked = fgsm.attack(&model, &grey, &Goal::Untargeted(vec![0]))?;
//! assert_eq!(attacked.success, [true]);
//! # Ok::<(), foveate::explain::ExplainError>(())
//! ```

mod ball;
mod bim;
mod carlini_wagner;
mod deepfool;
mod fgsm;
mod fooling;
mod mi_fgsm;
mod pgd;
mod result;
mod session;
mod transfer;

pub use ball::Norm;
pub use bim::Bim;
pub use carlini_wagner::CarliniWagner;
pub use deepfool::DeepFool;
pub use fgsm::Fgsm;
pub use fooling::FoolingImage;
pub use mi_fgsm::MiFgsm;
pub use pgd::Pgd;
pub use result::{Attacked, Queries, Warning};
pub use transfer::Transfer;

use super::error::ExplainError;
use super::model::Model;
use crate::SettingError;
use crate::image::Pixels;

/// What an attack is after: one class for each picture, or one for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// The model finds any class but these, the pictures' true ones.
    Untargeted(Vec<usize>),
    /// The model finds these classes.
    Targeted(Vec<usize>),
}

/// A way to change pictures until a model's answer meets a goal.
pub trait Attack<M: Model + ?Sized> {
    /// Attacks each picture for itself. Pictures whose goal is met from the start stay as they are,
    /// unless the attack's `early_stop` is off.
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: pixels outside `[0, 1]`, a class that does not exist, a setting out of its
    /// range, a goal that the attack does not know, a model whose weights are tracked or whose
    /// logits are no rows of finite numbers.
    fn attack(&self, model: &M, pixels: &Pixels, goal: &Goal) -> Result<Attacked, ExplainError>;
}

/// A setting that must be a number above 0.
fn positive(setting: &'static str, value: f32) -> Result<(), ExplainError> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => SettingError::refuse(setting, value, "a finite number above 0"),
    }
}

/// A setting that must be a number, 0 at least.
fn not_negative(setting: &'static str, value: f32) -> Result<(), ExplainError> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => SettingError::refuse(setting, value, "a finite number, 0 or more"),
    }
}

/// A number of steps, 1 at least.
fn some(setting: &'static str, count: usize) -> Result<(), ExplainError> {
    match count {
        0 => SettingError::refuse(setting, count, "1 or more"),
        _ => Ok(()),
    }
}
