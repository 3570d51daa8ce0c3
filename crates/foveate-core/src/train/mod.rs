//! What all trainings here share: optimizers, learning-rate schedules, and checkpoints from which a training resumes
//! bit for bit.
//!
//! Steps are those of PyTorch. `g` is a parameter's gradient (plus weight decay times the parameter `w`), `r` the
//! learning rate of step `t`, counted from 1:
//!
//! ```text
//! SGD        v <- momentum v + g                   w <- w - r v
//! Nesterov   v <- momentum v + g                   w <- w - r (g + momentum v)
//! Adam       m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2
//!            w <- w - r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
//! AdamW      as Adam, of the gradient without decay, and of w - r decay w
//! ```
//!
//! Every random number is drawn for a seed and a place (an epoch, an image, a step), not from one stream: a
//! training that is resumed from its checkpoint is the one that was never interrupted.
//!
//! On a terminal a training shows a progress bar; the environment variable `FOVEATE_PROGRESS=off` hides it, and all
//! others.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::train::{Optimizer, Schedule};
//! use foveate::transfer::FineTune;
//!
//! let training = FineTune {
//!     epochs: 10,
//!     optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-4, nesterov: true },
//!     learning_rate: 0.1,
//!     schedule: Schedule::Cosine,
//!     ..Default::default()
//! };
//! let rate = |epoch| training.schedule.at(training.learning_rate, epoch, training.epochs);
//! assert_eq!(rate(0.0), 0.1);
//! assert!((rate(5.0) - 0.05).abs() < 1e-12); // half of it half-way
//! assert!(rate(10.0).abs() < 1e-12);
//! ```

//!
//! # Your own training loop
//!
//! What is trained here in one call ([`FineTune`](crate::transfer::FineTune), [`DannTraining`](crate::adapt::DannTraining),
//! [`GanTraining`](crate::generate::GanTraining)) can be written out by burn's means: a device that records gradients, a loss, its
//! gradients, a step of one of [burn's optimizers](https://docs.rs/burn/0.22/burn/optim/index.html). With a
//! [`gradient_reversal`](crate::ops::gradient_reversal) between features and domain head, this is DANN:
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::module::Module;
//! use foveate::burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig};
//! use foveate::burn::optim::{AdamConfig, GradientsParams, Optimizer};
//! use foveate::burn::tensor::{Device, Int, Tensor, TensorData};
//! use foveate::data::{Images, TwoDomains};
//! use foveate::models::{DannConfig, DomainAdversarial, Network, initialized};
//!
//! let device = Device::default();
//! let data = TwoDomains::synthetic(32, 8, 0);
//! let preprocessing = Images::preprocessing(&[&data.source, &data.target]);
//! let mut network = initialized(DannConfig::new().init(&device), 0).train();
//! let mut optimizer = AdamConfig::new().init();
//! for batch in (0..32).collect::<Vec<_>>().chunks(8) {
//!     let input = |set: &Images| preprocessing.normalize(&set.batch(batch, &device)).into_tensor();
//!     let both = Tensor::cat(vec![input(&data.source), input(&data.target)], 0).autodiff();
//!     let features = network.features(both, network.feature_layer())?;
//!     let logits = network.head(features.clone().narrow(0, 0, 8), network.feature_layer())?;
//!     let labels = batch.iter().map(|&i| data.source.labels[i] as i64).collect::<Vec<_>>();
//!     let labels = Tensor::<1, Int>::from_data(TensorData::from(&labels[..]), &logits.device());
//!     let classes = CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels);
//!     let domains = network.domain_logits(features, 0.3); // reversed, 0.3 times as large
//!     let is_target = Tensor::<1, Int>::arange(0..16, &domains.device()).greater_equal_elem(8).int();
//!     let domains = BinaryCrossEntropyLossConfig::new()
//!         .with_logits(true)
//!         .init(&domains.device())
//!         .forward(domains.flatten::<1>(0, 1), is_target);
//!     let gradients = (classes + domains).backward();
//!     let gradients = GradientsParams::from_grads(gradients, &network);
//!     network = optimizer.step(1e-3, network, gradients);
//! }
//! let network = network.valid(); // in evaluation mode: no dropout, batch norms by their running statistics
//! let input = preprocessing.normalize(&data.target_validation.batch(&[0], &device)).into_tensor();
//! assert_eq!(network.forward(input).dims(), [1, 10]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```

mod augment;
mod batches;
mod checkpoint;
mod epochs;
mod optimizer;
mod schedule;
mod state;
mod step;

pub use augment::{CropAndFlip, RandomResizedCrop, ShiftAndContrast};
pub(crate) use batches::{Cycle, shuffled};
pub(crate) use checkpoint::{held, last_good};
pub(crate) use epochs::{Epochs, run_epochs};
pub use optimizer::Optimizer;
pub(crate) use optimizer::OptimizerState;
pub use schedule::Schedule;
pub use state::CheckpointError;
pub(crate) use state::{Identity, Row, State, tensors};
pub(crate) use step::integers;
