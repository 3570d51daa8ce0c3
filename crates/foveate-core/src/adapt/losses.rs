//! The losses of one step of the domain-adversarial training: with features `f`, class head `y`, domain head `d` and
//! gradient reversal `R` by `lambda`, the mean over a batch of source images `s` with labels `l` and target images `t`,
//!
//! ```text
//! CE(y(f(s)), l) + BCE(d(R(f(s))), 0) + BCE(d(R(f(t))), 1)
//! ```
//!
//! Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016, <https://arxiv.org/abs/1505.07818>.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Tensor, TensorData};

use super::error::AdaptError;
use super::trainer::{
    AUGMENT_PSEUDO_LABELS, AUGMENT_SOURCE, AUGMENT_TARGET, DROPOUT, DROPOUT_PSEUDO_LABELS, Trainer,
};
use crate::data::Images;
use crate::image::Pixels;
use crate::models::{DomainAdversarial, Pass, position, run};
use crate::ops::{binary_cross_entropy, gradient_reversal};
use crate::random::step_stream;
use crate::train::{ShiftAndContrast, integers};
use crate::values::argmax_rows;

/// What a step descends, and the logits of its source images.
pub(super) struct Losses {
    pub classes: Tensor<1>,
    pub domains: Option<Tensor<1>>,
    pub source_logits: Tensor<2>,
}

impl Trainer<'_> {
    /// The losses of one step, for the chosen images of source and target. Both pass the features
    /// together, so that batch norms see both, as in evaluation.
    pub fn losses<N: DomainAdversarial>(
        &self,
        network: &N,
        [source, target]: [&[usize]; 2],
        lambda: f64,
        epoch: usize,
        step: usize,
    ) -> Result<Losses, AdaptError> {
        let seed = self.settings.seed;
        let [sources, targets] = self.domains.map(|domain| domain.training);
        let steps = self.steps();
        let mut input = self.input(sources, source, self.settings.source_augmentation, |i| {
            step_stream(seed, AUGMENT_SOURCE, epoch, i)
        });
        // The target's images that have a label, by their place in the batch.
        let pseudo_labeled: Vec<(usize, usize)> = self.pseudo_labels.map_or(vec![], |labels| {
            let label = |(place, &i): (usize, &usize)| Some((place, labels[i]?));
            target.iter().enumerate().filter_map(label).collect()
        });
        let adversarial = self.settings.lambda.is_some();
        if adversarial || !pseudo_labeled.is_empty() {
            let changed = self.input(targets, target, self.settings.target_augmentation, |i| {
                step_stream(seed, AUGMENT_TARGET, epoch * steps + step, i)
            });
            input = Tensor::cat(vec![input, changed], 0);
        }
        let layers = network.layers();
        let cut = position(&layers, network.feature_layer())? + 1;
        let dropout = &mut step_stream(seed, DROPOUT, epoch, step);
        let pass = &Pass::training(dropout);
        let features = run(&layers[..cut], input.autodiff(), pass);

        let n = source.len();
        let mut labels: Vec<i64> = source.iter().map(|&i| sources.labels[i] as i64).collect();
        let mut labeled = features.clone().narrow(0, 0, n);
        if !pseudo_labeled.is_empty() {
            labels.extend(pseudo_labeled.iter().map(|&(_, label)| label as i64));
            let rows = (0..n).chain(pseudo_labeled.iter().map(|&(place, _)| n + place));
            labeled =
                features.clone().select(0, integers(rows.map(|i| i as i64), &features.device()));
        }
        let logits = run(&layers[cut..], labeled, pass).flatten(1, 3);
        let device = logits.device();
        let classes = CrossEntropyLossConfig::new()
            .init(&device)
            .forward(logits.clone(), integers(labels.into_iter(), &device));
        let domains = adversarial.then(|| {
            let reversed = gradient_reversal(features, lambda);
            let logits = run(&network.domain_layers(), reversed, pass).flatten::<2>(1, 3);
            let m = target.len();
            let (from_source, from_target) =
                (logits.clone().narrow(0, 0, n), logits.narrow(0, n, m));
            let zeros = from_source.zeros_like();
            let ones = from_target.ones_like();
            binary_cross_entropy(from_source, zeros) + binary_cross_entropy(from_target, ones)
        });
        Ok(Losses { classes, domains, source_logits: logits.narrow(0, 0, n) })
    }

    /// Cross-entropy of target images with the network's own predictions.
    pub fn pseudo_label_loss<N: DomainAdversarial>(
        &self,
        network: &N,
        chosen: &[usize],
        epoch: usize,
        step: usize,
    ) -> Result<Tensor<1>, AdaptError> {
        let set = self.domains[1].training;
        let plain =
            self.input(set, chosen, ShiftAndContrast::NONE, |_| unreachable!("nothing is drawn"));
        let predictions = argmax_rows(&network.valid().forward(plain));
        let seed = self.settings.seed;
        let steps = self.steps();
        let input = self.input(set, chosen, self.settings.target_augmentation, |i| {
            step_stream(seed, AUGMENT_PSEUDO_LABELS, epoch * steps + step, i)
        });
        let dropout = &mut step_stream(seed, DROPOUT_PSEUDO_LABELS, epoch, step);
        let logits =
            run(&network.layers(), input.autodiff(), &Pass::training(dropout)).flatten(1, 3);
        let labels = integers(predictions.into_iter().map(|label| label as i64), &logits.device());
        Ok(CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels))
    }

    fn input(
        &self,
        set: &Images,
        chosen: &[usize],
        augmentation: ShiftAndContrast,
        generator: impl Fn(usize) -> rand_chacha::ChaCha8Rng,
    ) -> Tensor<4> {
        let pixels = if augmentation == ShiftAndContrast::NONE {
            set.batch(chosen, &self.device)
        } else {
            let size = [set.height, set.width];
            let mut values = set.values(chosen);
            let images = values.chunks_exact_mut(3 * set.height * set.width);
            for (image, &i) in images.zip(chosen) {
                augmentation.apply(image, size, &mut generator(i));
            }
            let shape = [chosen.len(), 3, set.height, set.width];
            Pixels::new(Tensor::from_data(TensorData::new(values, shape), &self.device))
        };
        self.preprocessing.normalize(&pixels).into_tensor()
    }
}
