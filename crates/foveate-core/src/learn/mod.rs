//! What is learned from rows of features: linear classifiers, principal components, and how good they are.
//! [`transfer`](crate::transfer) exports it, and [`adapt`](crate::adapt) measures domains by it.

mod descent;
mod error;
mod evaluation;
mod features;
mod folds;
mod linear;
mod linear_svc;
mod linfa_svm;
mod logistic;
mod pca;
mod products;

pub use error::LearnError;
pub use evaluation::{Confidence, Evaluation};
pub use features::Features;
pub use folds::{CrossValidation, Fold, FoldScores, stratified_k_fold, stratified_split};
pub use linear::LinearClassifier;
pub use linear_svc::{LinearSvc, SvcFit, SvcProblem, SvcReport};
pub use linfa_svm::LinfaSvm;
pub use logistic::{LogisticFit, LogisticRegression};
pub use pca::Pca;
