//! [`PseudoLabels`]: sure answers on the target become labels, in rounds.

use std::ops::ControlFlow;

use super::{
    AdaptError, Adapted, AdversarialTraining, Domain, Epoch, History, check_domains, outputs,
};
use crate::SettingError;
use crate::image::Preprocessing;
use crate::models::DomainAdversarial;
use crate::train::highest;

/// Training in rounds on the source's labels and on the network's own sure answers on the target.
///
/// Dong-Hyun Lee, *Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep Neural
/// Networks*, Workshop on Challenges in Representation Learning, ICML 2013, in rounds. With a
/// [`share`](PseudoLabels::share), classes are balanced as in algorithm 2 of Yang Zou, Zhiding Yu, B. V. K.
/// Vijaya Kumar, Jinsong Wang, *Domain Adaptation for Semantic Segmentation via Class-Balanced Self-Training*,
/// 2018, <https://arxiv.org/abs/1810.07911>. Deviations: labels are the network's answers (the paper divides
/// probabilities by each class's threshold before it takes the largest), and the share stays the same in all
/// rounds (the paper's grows from 0.2 by 0.05 a round to 0.5).
#[derive(Debug, Clone, PartialEq)]
pub struct PseudoLabels {
    /// How often answers are taken anew.
    pub rounds: usize,
    /// The least probability of an answer that is taken, in `[0, 1)`.
    pub threshold: f32,
    /// Of the answers of each class, the surest: this portion of them, rounded down, in `(0, 1]`; and of
    /// those the ones that reach the threshold. So a class that the network finds hard is not left
    /// out, while a class it finds often stays the larger one. None is 1: all sure answers.
    pub share: Option<f64>,
    /// The training of each round; its checkpoint's name gets `.round1` and so on.
    pub training: AdversarialTraining,
}

/// What a round began with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// From 0.
    pub round: usize,
    /// Answers taken.
    pub taken: usize,
    /// Share of those that are right: what an oracle sees. None if nothing was taken.
    pub right: Option<f64>,
}

impl PseudoLabels {
    /// Trains `network`, which knows the source already; epochs of all rounds are in one history. The
    /// network kept is the last round's.
    ///
    /// # Errors
    ///
    /// As [`AdversarialTraining::run`].
    pub fn run<N: DomainAdversarial>(
        &self,
        network: N,
        preprocessing: &Preprocessing,
        source: Domain<'_>,
        target: Domain<'_>,
        mut watch: impl FnMut(&Round, Option<&Epoch>) -> ControlFlow<()>,
    ) -> Result<Adapted<N>, AdaptError> {
        if !(0.0..1.0).contains(&self.threshold) {
            return SettingError::refuse("threshold", self.threshold, "a number in [0, 1)");
        }
        if let Some(share) = self.share.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            return SettingError::refuse("share", share, "a number in (0, 1]");
        }
        self.training.check()?;
        let mut network = network.valid();
        check_domains(&network, preprocessing, [source, target], self.training.batch)?;
        let mut history = History::default();
        for round in 0..self.rounds {
            let found = outputs(&network, preprocessing, target.training);
            let guesses = select(&found.logits, found.classes, self.threshold, self.share);
            let pairs = guesses.iter().zip(&target.training.labels);
            let (mut taken, mut right) = (0, 0);
            for (guess, label) in pairs.filter_map(|(guess, label)| Some((guess.as_ref()?, label)))
            {
                taken += 1;
                right += usize::from(guess == label);
            }
            let about =
                Round { round, taken, right: (taken > 0).then(|| right as f64 / taken as f64) };
            if watch(&about, None).is_break() {
                break;
            }
            let settings = AdversarialTraining {
                // No other training's seed: people count theirs from 0.
                seed: self.training.seed ^ (round as u64 + 1) << 32,
                checkpoint: self.training.checkpoint.as_ref().map(|path| {
                    let mut name = path.as_os_str().to_owned();
                    name.push(format!(".round{}", round + 1));
                    name.into()
                }),
                ..self.training.clone()
            };
            let mut stop = false;
            let adapted = settings.with_guesses(
                network,
                preprocessing,
                [source, target],
                Some(&guesses),
                |epoch| {
                    let flow = watch(&about, Some(epoch));
                    stop = flow.is_break();
                    flow
                },
            )?;
            network = adapted.network;
            history.epochs.extend(adapted.history.epochs);
            if stop {
                break;
            }
        }
        Ok(Adapted { network, history })
    }
}

/// The answers that are sure: for each row of `logits` (`[n, classes]`, row by row) its class, if its
/// probability is `threshold` or more. With a `share`, of each class at most that portion of the rows
/// that have it as their answer, sure or not, rounded down: the surest, among equals the earlier.
///
/// # Panics
///
/// If logits are no whole rows, or there are more than 256 classes: labels are bytes.
pub fn select(
    logits: &[f32],
    classes: usize,
    threshold: f32,
    share: Option<f64>,
) -> Vec<Option<u8>> {
    assert!(
        (1..=256).contains(&classes) && logits.len().is_multiple_of(classes),
        "logits are rows of classes"
    );
    let answer = |row: &[f32]| {
        let best = highest(row);
        let sum: f64 = row.iter().map(|&logit| f64::from(logit - row[best]).exp()).sum();
        (best as u8, 1.0 / sum)
    };
    let answers: Vec<(u8, f64)> = logits.chunks_exact(classes).map(answer).collect();
    let sure = |probability: f64| probability >= f64::from(threshold);
    let mut guesses: Vec<Option<u8>> =
        answers.iter().map(|&(class, probability)| sure(probability).then_some(class)).collect();
    if let Some(share) = share {
        for class in 0..classes {
            let mut of_class: Vec<usize> =
                (0..answers.len()).filter(|&i| answers[i].0 == class as u8).collect();
            of_class.sort_by(|&a, &b| answers[b].1.total_cmp(&answers[a].1));
            // 0.29 of 100 is 29, though its product is a little less.
            let most = (share * of_class.len() as f64 + 1e-9) as usize;
            of_class.iter().skip(most).for_each(|&i| guesses[i] = None);
        }
    }
    guesses
}
