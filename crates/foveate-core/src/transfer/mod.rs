//! What a person with a few hundred labeled images does: features of a pretrained network, and what
//! is learned from them.
//!
//! A network that has learned from a million images has, in its last layers, most of what is needed
//! to tell others apart (Donahue et al., *DeCAF*, 2013, <https://arxiv.org/abs/1310.1531>; Razavian et
//! al., *CNN Features off-the-shelf*, 2014, <https://arxiv.org/abs/1403.6382>). So
//!
//! - a [`FeatureExtractor`] cuts a network at a layer: a row of [`Features`] for each image;
//! - [`LinearSvc`], [`LinfaSvm`] or [`LogisticRegression`] learn a [`LinearClassifier`] of them, perhaps
//!   after a [`Pca`];
//! - [`CrossValidation`] chooses C without the test set, [`Evaluation`] says how good the predictions are;
//! - a [`TransferModel`] is all of it in one file.
//!
//! [`FineTune`] goes further: it trains a new head, or the network from a layer on.
//!
//! ```text
//! x = f / |f|                     f: a layer's activations, [c, h, w] flattened or pooled to [c]
//! class = argmax over k of w[k] . x + b[k]
//! ```
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::Device;
//! use foveate::data::digits;
//! use foveate::models::LeNet;
//! use foveate::transfer::{Evaluation, FeatureExtractor, LinearSvc, Pooling};
//!
//! // A network that has never seen these digits, and a hundred of them with labels.
//! let lenet = LeNet::digits(&Device::default())?;
//! let extractor = FeatureExtractor::of(&lenet, "classifier.3", Pooling::Flatten)?;
//! let [known, unknown] = [digits(100, 0), digits(100, 1)];
//! let features = extractor.extract(&known.images())?; // 100 x 84
//! let fit = LinearSvc::default().fit(&features, &known.labels, 10)?;
//! let answers = fit.classifier.predict(&extractor.extract(&unknown.images())?)?;
//! let found = Evaluation::new(&answers, &unknown.labels, lenet.labels())?;
//! println!("{found}");
//! assert!(found.accuracy() > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The learners take any rows of numbers:
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::transfer::{Features, LinearSvc};
//!
//! // Two classes of points in the plane.
//! let features = Features::new(vec![0.0, 1.0, 1.0, 2.0, 3.0, 0.0, 4.0, 1.0], 2);
//! let fit = LinearSvc::default().fit(&features, &[0, 0, 1, 1], 2)?;
//! let others = Features::new(vec![0.5, 2.0, 4.0, 0.0], 2);
//! assert_eq!(fit.classifier.predict(&others)?, [0, 1]);
//! # Ok::<(), foveate::transfer::TransferError>(())
//! ```

mod cache;
mod error;
mod extract;
mod fine_tune;
mod model;
mod rows;

pub use cache::Digest;
pub use error::TransferError;
pub use extract::{Extraction, FeatureExtractor, FeatureSpec};
pub use fine_tune::{Epoch, FineTune, FineTuned, History, Labeled, Score, Trainable, new_head};
pub use model::{ScoredClass, TransferModel};

pub use crate::learn::{
    Confidence, CrossValidation, Evaluation, Features, Fold, FoldScores, LearnError,
    LinearClassifier, LinearSvc, LinfaSvm, LogisticFit, LogisticRegression, Pca, SvcFit,
    SvcProblem, SvcReport, stratified_k_fold, stratified_split,
};
pub use crate::models::Pooling;
