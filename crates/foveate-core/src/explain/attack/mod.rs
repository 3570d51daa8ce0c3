//! Images that fool a network: small changes of the pixels that change its prediction.
//!
//! All attacks take and give [`Pixels`], in `[0, 1]`; a [`Classifier`](crate::models::Classifier)'s
//! normalization is part of the model that is attacked, so that sizes of changes are in pixels.
//! What an attack is after is a [`Goal`], what comes of it an [`AttackResult`]. Images are attacked
//! all at once and each for itself; one that has met the goal stands still (unless the attack's `early_stop` is off).
//!
//! ```text
//! untargeted: find x' near x, in [0, 1], with argmax model(x') other than the true class
//! targeted:   find x' near x, in [0, 1], with argmax model(x') = the class asked for
//! near:       |x' - x| <= epsilon (Fgsm, Bim, Pgd, MiFgsm), or as small as can be (DeepFool, CarliniWagner)
//! ```
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::explain::attack::{Attack, Goal, Pgd};
//! use foveate::models::LeNet;
//!
//! let device = Device::default();
//! let classifier = LeNet::digits(&device)?;
//! let set = digits(4, 0);
//! let pixels = classifier.preprocessing().pixels(&set.images(), &device)?;
//! let pgd = Pgd { epsilon: 0.3, step_size: 0.05, ..Default::default() };
//! let attacked = pgd.attack(&classifier, &pixels, &Goal::Untargeted(set.labels.clone()))?;
//! assert_eq!(attacked.success, [true; 4]);
//! // To the last bit, not within rounding.
//! assert!(attacked.l_inf.iter().all(|&change| change <= 0.3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
mod run;
mod transfer;

pub use ball::Norm;
pub use bim::Bim;
pub use carlini_wagner::CarliniWagner;
pub use deepfool::DeepFool;
pub use fgsm::Fgsm;
pub use fooling::FoolingImage;
pub use mi_fgsm::MiFgsm;
pub use pgd::Pgd;
pub use result::{AttackResult, Queries, Warning};
pub use transfer::TransferredAttack;

use super::error::ExplainError;
use super::model::Model;
use crate::image::Pixels;

/// What an attack is after: one class for each image, or one for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// The model finds any class but these, the images' true ones.
    Untargeted(Vec<usize>),
    /// The model finds these classes.
    Targeted(Vec<usize>),
}

/// A way to change images until a model's prediction meets a goal.
pub trait Attack<M: Model + ?Sized> {
    /// Attacks each image for itself. Images whose goal is met from the start stay as they are,
    /// unless the attack's `early_stop` is off.
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: pixels outside `[0, 1]`, a class that does not exist, a setting out of its
    /// range, a goal that the attack does not know, a model whose weights are tracked or whose
    /// logits are no rows of finite numbers.
    fn attack(&self, model: &M, pixels: &Pixels, goal: &Goal)
    -> Result<AttackResult, ExplainError>;
}
