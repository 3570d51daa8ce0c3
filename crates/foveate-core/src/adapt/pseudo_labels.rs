//! [`PseudoLabels`]: confident predictions on the target become labels, in rounds.

use std::ops::ControlFlow;

use super::dann_training::{DannTraining, Domain, check_domains};
use super::error::AdaptError;
use super::history::{Epoch, History};
use super::outputs::outputs;
use super::trainer::Adapted;
use crate::image::Preprocessing;
use crate::models::DomainAdversarial;
use crate::setting::{below_one, share};
use crate::values::{argmax, descending};

/// Training in rounds on the source's labels and on the network's own confident predictions on the target.
///
/// Dong-Hyun Lee, *Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep Neural
/// Networks*, Workshop on Challenges in Representation Learning, ICML 2013, in rounds. With a
/// [`portion`](PseudoLabels::portion), classes are balanced as in algorithm 2 of Yang Zou, Zhiding Yu, B. V. K.
/// Vijaya Kumar, Jinsong Wang, *Domain Adaptation for Semantic Segmentation via Class-Balanced Self-Training*,
/// 2018, <https://arxiv.org/abs/1810.07911>. Deviations: labels are the network's predictions (the paper divides
/// probabilities by each class's threshold before it takes the largest), and the portion stays the same in all
/// rounds (the paper's grows from 0.2 by 0.05 a round to 0.5).
#[derive(Debug, Clone, PartialEq)]
pub struct PseudoLabels {
    /// Rounds: how often predictions are taken anew.
    pub rounds: usize,
    /// The least probability of a prediction that is taken, in `[0, 1)`.
    pub threshold: f32,
    /// Of the predictions of each class, the most confident: this portion of them, rounded down, in `(0, 1]`; and of
    /// those the ones that reach the threshold. So a class that the network finds hard is not left
    /// out, while a class it finds often stays the larger one. None is 1: all confident predictions.
    pub portion: Option<f64>,
    /// The training of each round; its checkpoint's name gets `.round1` and so on.
    pub training: DannTraining,
}

/// What a round began with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PseudoLabelRound {
    /// Number of the round, from 0.
    pub round: usize,
    /// Predictions selected as labels.
    pub selected: usize,
    /// Share of those that are right: what an oracle sees. None if nothing was taken.
    pub accuracy: Option<f64>,
}

impl PseudoLabels {
    /// Trains `network`, which knows the source already; epochs of all rounds are in one history. The
    /// network kept is the last round's.
    ///
    /// # Errors
    ///
    /// As [`DannTraining::run`].
    pub fn run<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
    ) -> Result<Adapted<N>, AdaptError> {
        self.run_with(network, preprocessing, source, target, |_, _| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run); `observe` sees every round when it begins, without an epoch, and every epoch of it, and may
    /// end the training.
    ///
    /// # Errors
    ///
    /// As [`DannTraining::run`].
    pub fn run_with<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
        mut observe: impl FnMut(&PseudoLabelRound, Option<&Epoch>) -> ControlFlow<()>,
    ) -> Result<Adapted<N>, AdaptError> {
        below_one("threshold", self.threshold)?;
        self.portion.map_or(Ok(()), |portion| share("portion", portion))?;
        self.training.check()?;
        let mut network = network.valid();
        check_domains(&network, preprocessing, [source, target], self.training.batch)?;
        let mut history = History::default();
        for round in 0..self.rounds {
            let found = outputs(&network, preprocessing, target.training);
            let labels =
                select_confident(&found.logits, found.classes, self.threshold, self.portion);
            let about = PseudoLabelRound::of(round, &labels, &target.training.labels);
            let mut over = observe(&about, None).is_break();
            if over {
                break;
            }
            let domains = [source, target];
            let training = self.training_of(round);
            let adapted =
                training.run_on(network, preprocessing, domains, Some(&labels), |epoch| {
                    let flow = observe(&about, Some(epoch));
                    over = flow.is_break();
                    flow
                })?;
            network = adapted.network;
            history.epochs.extend(adapted.history.epochs);
            if over {
                break;
            }
        }
        Ok(Adapted { network, history })
    }

    fn training_of(&self, round: usize) -> DannTraining {
        let checkpoint = self.training.checkpoint.as_ref().map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".round{}", round + 1));
            name.into()
        });
        // No other training's seed: people count theirs from 0.
        let seed = self.training.seed ^ (round as u64 + 1) << 32;
        DannTraining { seed, checkpoint, ..self.training.clone() }
    }
}

impl PseudoLabelRound {
    fn of(round: usize, selected: &[Option<usize>], truth: &[usize]) -> Self {
        let pairs = selected.iter().zip(truth);
        let pairs = pairs.filter_map(|(label, truth)| Some((label.as_ref()?, truth)));
        let (selected, right) = pairs.fold((0, 0), |(selected, right), (label, truth)| {
            (selected + 1, right + usize::from(label == truth))
        });
        Self { round, selected, accuracy: (selected > 0).then(|| right as f64 / selected as f64) }
    }
}

/// The predictions that are confident: for each row of `logits` (`[n, classes]`, row by row) its class, if its
/// probability is `threshold` or more. With a `portion`, of each class at most that portion of the rows
/// that have it as their prediction, confident or not, rounded down: the most confident, among equals the earlier.
///
/// # Panics
///
/// If logits are no whole rows.
pub fn select_confident(
    logits: &[f32],
    classes: usize,
    threshold: f32,
    portion: Option<f64>,
) -> Vec<Option<usize>> {
    assert!(classes > 0 && logits.len().is_multiple_of(classes), "logits are rows of classes");
    let answer = |row: &[f32]| {
        let best = argmax(row);
        let sum: f64 = row.iter().map(|&logit| f64::from(logit - row[best]).exp()).sum();
        (best, 1.0 / sum)
    };
    let answers: Vec<(usize, f64)> = logits.chunks_exact(classes).map(answer).collect();
    let sure = |probability: f64| probability >= f64::from(threshold);
    let mut guesses: Vec<Option<usize>> =
        answers.iter().map(|&(class, probability)| sure(probability).then_some(class)).collect();
    if let Some(portion) = portion {
        for class in 0..classes {
            let mut of_class: Vec<usize> =
                (0..answers.len()).filter(|&i| answers[i].0 == class).collect();
            of_class.sort_by(|&a, &b| descending(&answers[a].1, &answers[b].1));
            // 0.29 of 100 is 29, though its product is a little less.
            let most = (portion * of_class.len() as f64 + 1e-9) as usize;
            of_class.iter().skip(most).for_each(|&i| guesses[i] = None);
        }
    }
    guesses
}
