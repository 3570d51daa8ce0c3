//! [`Validator`]: which of several models to take, where the target domain has no labels.

use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;

/// A score of a model that needs no label of the target domain; higher is better, in nats.
///
/// Scores compare models on the same images; they are no accuracies. None is safe: a network that takes
/// everything for one class has the best entropy there is, and, like one that finds all classes equally likely,
/// the highest density; only information maximization sees through both.
///
/// All of them side by side: Kevin Musgrave, Serge Belongie, Ser-Nam Lim, *Three New Validators and a
/// Large-Scale Benchmark Ranking for Unsupervised Domain Adaptation*, 2022,
/// <https://arxiv.org/abs/2208.07360>; their package pytorch-adapt is what the scores are tested against.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Validator {
    /// Minus the mean entropy of the target's class probabilities, in `[-ln classes, 0]`: confident predictions
    /// are good. Pietro Morerio, Jacopo Cavazza, Vittorio Murino, *Minimal-Entropy Correlation Alignment for
    /// Unsupervised Deep Domain Adaptation*, 2018, <https://arxiv.org/abs/1711.10288>.
    Entropy,
    /// Soft neighborhood density, in `[0, ln (m - 1)]` for `m` target samples: every sample has many
    /// others that are predicted alike. Neighbors are told by the cosine of class probabilities, the
    /// paper's choice. Takes time in proportion to `m²`. Kuniaki Saito, Donghyun Kim, Piotr Teterwak, Stan
    /// Sclaroff, Trevor Darrell, Kate Saenko, *Tune it the Right Way: Unsupervised Validation of Domain
    /// Adaptation via Soft Neighborhood Density*, 2021, <https://arxiv.org/abs/2108.10860>.
    Snd {
        /// What the cosines are divided by, above 0; smaller looks at nearer neighbors (0.05).
        temperature: f64,
    },
    /// Entropy of the target's mean class probabilities, less their mean entropy, in `[0, ln classes]`:
    /// confident predictions, of all classes equally often. By Musgrave et al. (above).
    InformationMaximization,
    /// Minus the mean cross-entropy of source samples with their labels, held out from training: knows
    /// nothing of the target.
    SourceRisk,
}

/// What a [`Validator`] may see of a model.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Logits of held-out source samples, `[n, classes]` row by row.
    pub source_logits: &'a [f32],
    /// Their classes, `[n]`, each below `classes`.
    pub source_labels: &'a [usize],
    /// Logits of target samples, `[m, classes]` row by row.
    pub target_logits: &'a [f32],
    /// Number of classes, above 0.
    pub classes: usize,
}

impl Validator {
    /// All of them, with the temperature of Saito et al.
    pub const ALL: [Self; 4] = [
        Self::Entropy,
        Self::Snd { temperature: 0.05 },
        Self::InformationMaximization,
        Self::SourceRisk,
    ];

    /// `entropy`, `snd`, `im` or `source-risk`: what [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entropy => "entropy",
            Self::Snd { .. } => "snd",
            Self::InformationMaximization => "im",
            Self::SourceRisk => "source-risk",
        }
    }

    /// The score; minus infinity if a logit it looks at is not finite, so that a diverged model is never
    /// the best.
    ///
    /// # Panics
    ///
    /// If there is no sample of the domain it looks at (two for [`Snd`](Self::Snd)), logits are no whole
    /// rows, there is not one label below `classes` for each source sample, or a temperature is not above 0.
    pub fn score(self, evidence: &Evidence<'_>) -> f64 {
        let logits = match self {
            Self::SourceRisk => evidence.source_logits,
            _ => evidence.target_logits,
        };
        let classes = evidence.classes;
        let whole = classes > 0 && logits.len().is_multiple_of(classes);
        assert!(whole, "{} logits are no rows of {classes}", logits.len());
        assert!(!logits.is_empty(), "`{self}` needs samples to look at");
        if logits.iter().any(|logit| !logit.is_finite()) {
            return f64::NEG_INFINITY;
        }
        let rows = logits.chunks_exact(classes).map(log_softmax);
        match self {
            Self::Entropy => -mean(rows.map(|row| entropy(&row))),
            Self::Snd { temperature } => density(rows, classes, temperature),
            Self::InformationMaximization => {
                let rows: Vec<Vec<f64>> = rows.collect();
                let share = |class: usize| mean(rows.iter().map(|row| row[class].exp()));
                let shares: Vec<_> = (0..classes).map(|class| share(class).ln()).collect();
                entropy(&shares) - mean(rows.iter().map(|row| entropy(row)))
            }
            Self::SourceRisk => {
                let labels = evidence.source_labels;
                assert_eq!(rows.len(), labels.len(), "source samples and labels");
                mean(rows.zip(labels).map(|(row, &label)| {
                    let class = label;
                    assert!(class < classes, "label {class} of {classes} classes");
                    row[class]
                }))
            }
        }
    }
}

/// Logarithms of the probabilities.
fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - most).exp()).sum();
    logits.iter().map(|&logit| f64::from(logit) - most - sum.ln()).collect()
}

/// Of probabilities given by their logarithms; what has none adds nothing.
fn entropy(logarithms: &[f64]) -> f64 {
    -logarithms.iter().filter(|l| l.is_finite()).map(|l| l.exp() * l).sum::<f64>()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// Mean entropy of how likely each sample takes which other for its neighbor. Holds a row of cosines a
/// thread, never all `m²`.
fn density(rows: impl ExactSizeIterator<Item = Vec<f64>>, classes: usize, temperature: f64) -> f64 {
    assert!(rows.len() > 1, "`snd` needs two target samples");
    assert!(temperature > 0.0, "a temperature of {temperature} is not above 0");
    // Probabilities of Euclidean length 1.
    let units: Vec<f64> = rows
        .flat_map(|row| {
            let length = row.iter().map(|l| (2.0 * l).exp()).sum::<f64>().sqrt();
            row.into_iter().map(move |l| l.exp() / length)
        })
        .collect();
    let rows: Vec<&[f64]> = units.chunks_exact(classes).collect();
    let entropies: Vec<f64> = (0..rows.len())
        .into_par_iter()
        .map_init(Vec::new, |scores, i| {
            scores.clear();
            let others = rows.iter().enumerate().filter(|&(j, _)| j != i);
            scores.extend(others.map(|(_, row)| {
                rows[i].iter().zip(*row).map(|(a, b)| a * b).sum::<f64>() / temperature
            }));
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (mut sum, mut weighted) = (0.0, 0.0);
            for score in scores.iter().map(|score| score - most) {
                let weight = score.exp();
                sum += weight;
                weighted += weight * score;
            }
            sum.ln() - weighted / sum
        })
        .collect();
    // One after the other: the same bits however many threads there are.
    mean(entropies.into_iter())
}

impl fmt::Display for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No validator has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no validator is named `{name}`; there are {}", Validator::ALL.map(Validator::name).join(", "))]
#[non_exhaustive]
pub struct UnknownValidator {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Validator {
    type Err = UnknownValidator;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|validator| validator.name() == name);
        found.ok_or_else(|| UnknownValidator { name: name.into() })
    }
}
