//! DANN: Yaroslav Ganin, Evgeniya Ustinova, Hana Ajakan, Pascal Germain, Hugo Larochelle, François
//! Laviolette, Mario Marchand, Victor Lempitsky, *Domain-Adversarial Training of Neural Networks*, 2016,
//! <https://arxiv.org/abs/1505.07818>; the network for digits of its figure 4a.
//!
//! The convolutions pad by 2 pixels, as the practical's do: features are 48 channels of 7x7.
//!
//! ```
//! # use foveate_core as foveate;
//! use foveate::burn::tensor::{Device, Tensor};
//! use foveate::models::{DannConfig, DomainAdversarial, Network, initialized};
//!
//! let device = Device::default();
//! let network = initialized(DannConfig::new().init(&device), 0);
//! let x = Tensor::<4>::zeros([2, 3, 28, 28], &device);
//! let features = network.features(x, network.feature_layer())?;
//! assert_eq!(features.dims(), [2, 48, 7, 7]);
//! assert_eq!(network.domain_logits(features.clone(), 1.0).dims(), [2, 1]); // its gradient comes back reversed
//! assert_eq!(network.head(features, network.feature_layer())?.dims(), [2, 10]);
//! # Ok::<(), foveate::models::UnknownLayer>(())
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::{BatchNormConfig, DropoutConfig, Relu};
use burn::tensor::{Device, Tensor};

use super::chain::run;
use super::layer::build::{conv2d, device_of, linear, max_pool2d};
use super::layer::{AnyLayer, NamedLayer, replace_head, sequential};
use super::network::Network;
use super::pass::Pass;
use crate::ops::gradient_reversal;

/// A network that has, beside its classes, a head that tells the domain of an image by its features.
/// Two lists of layers are all that it takes to adapt a network of one's own.
pub trait DomainAdversarial: Network {
    /// The last layer of the features: what comes behind it in [`layers`](Network::layers) classifies.
    fn feature_layer(&self) -> &str;

    /// The layers of the domain head: from features `[n, c, h, w]` to one logit, `[n, 1, 1, 1]`.
    fn domain_layers(&self) -> Vec<NamedLayer<'_>>;

    /// Logits `[n, 1]` of coming from the target domain, for features `[n, c, h, w]`. Their gradient
    /// goes back to the features reversed, and `lambda` times as large ([`gradient_reversal`]).
    fn domain_logits(&self, features: Tensor<4>, lambda: f64) -> Tensor<2> {
        run(&self.domain_layers(), gradient_reversal(features, lambda), &Pass::default())
            .flatten(1, 3)
    }
}

/// Configuration of a [`Dann`].
#[derive(Config, Debug)]
pub struct DannConfig {
    /// Classes of the label classifier.
    #[config(default = 10)]
    pub classes: usize,
    /// Batch norm behind every layer with weights but the last ones, and dropout behind the features and
    /// in the label classifier: the stronger variant that most public code has.
    #[config(default = false)]
    pub normalized: bool,
}

impl DannConfig {
    /// A network with random weights, for images of 28x28 pixels.
    pub fn init(&self, device: &Device) -> Dann {
        let relu = || Some(AnyLayer::Relu(Relu::new()));
        let pool = || Some(AnyLayer::MaxPool2d(max_pool2d(2, 2, 0, false)));
        let conv = |channels| Some(AnyLayer::Conv2d(conv2d(channels, 5, 1, 2).init(device)));
        let dense = |from, to| Some(AnyLayer::Linear(linear(from, to, device)));
        let norm = |channels: usize| {
            self.normalized
                .then(|| AnyLayer::BatchNorm(BatchNormConfig::new(channels).init(device)))
        };
        let dropout = || self.normalized.then(|| AnyLayer::Dropout(DropoutConfig::new(0.5).init()));
        let layers = |layers: Vec<Option<AnyLayer>>| layers.into_iter().flatten().collect();
        Dann {
            features: layers(vec![
                conv([3, 32]),
                norm(32),
                relu(),
                pool(),
                conv([32, 48]),
                norm(48),
                relu(),
                pool(),
                dropout(),
            ]),
            classifier: layers(vec![
                dense(FEATURES, 100),
                norm(100),
                relu(),
                dropout(),
                dense(100, 100),
                norm(100),
                relu(),
                dense(100, self.classes),
            ]),
            domain: layers(vec![dense(FEATURES, 100), norm(100), relu(), dense(100, 1)]),
        }
    }
}

/// Numbers that the features of an image are: 48 channels of 7x7.
const FEATURES: usize = 48 * 7 * 7;

/// Three networks that share one body: features, the classes that they show, and the domain that they
/// come from. As a [`Network`] it is features and classes; its layers go by `features.0`, `classifier.0`,
/// `domain.0`.
///
/// Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016, <https://arxiv.org/abs/1505.07818>, figure
/// 4a; deviations: see the [module](self).
#[derive(Module, Debug)]
pub struct Dann {
    features: Vec<AnyLayer>,
    classifier: Vec<AnyLayer>,
    domain: Vec<AnyLayer>,
}

impl Network for Dann {
    fn layers(&self) -> Vec<NamedLayer<'_>> {
        let mut layers = sequential("features", &self.features);
        layers.extend(sequential("classifier", &self.classifier));
        layers
    }

    fn with_classes(mut self, classes: usize) -> Self {
        let device = device_of(&self);
        replace_head(&mut self.classifier, classes, &device);
        self
    }
}

impl DomainAdversarial for Dann {
    fn feature_layer(&self) -> &str {
        "features"
    }

    fn domain_layers(&self) -> Vec<NamedLayer<'_>> {
        sequential("domain", &self.domain)
    }
}
