//! [`History`]: how an adaptation went.

use super::validator::Validator;

/// One pass over the source's training images.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// Mean cross-entropy of the classes of training images, in nats, each before the step it was
    /// part of.
    pub class_loss: f64,
    /// Mean binary cross-entropy of the domains, in nats: the sum of both domains' means. None without a domain head.
    pub domain_loss: Option<f64>,
    /// Share of the source's training images that were classified correctly, each before its step.
    pub training_accuracy: f64,
    /// Share of the source's validation images that are classified correctly.
    pub source_accuracy: f64,
    /// Share of the target's validation images that are classified correctly: what an oracle sees.
    pub target_accuracy: f64,
    /// Share of all validation images whose domain is told rightly, by the sign of the logit.
    pub domain_accuracy: Option<f64>,
    /// What [`Validator::ALL`] say, in this order.
    pub validators: [f64; Validator::ALL.len()],
    /// Lambda of the epoch's last step.
    pub lambda: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// For training and validation.
    pub seconds: f64,
}

/// The epochs of a training, in order.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct History {
    /// The epochs.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// Index of the epoch that a validator prefers, the first among equals; None before the first epoch.
    ///
    /// # Panics
    ///
    /// If it is none of [`Validator::ALL`].
    pub fn best_by(&self, validator: Validator) -> Option<usize> {
        chosen(&self.epochs, validator)
    }

    /// Index of the epoch of the highest target accuracy, which takes labels to know.
    pub fn oracle(&self) -> Option<usize> {
        best(&self.epochs, |epoch| epoch.target_accuracy)
    }

    /// A table for a spreadsheet or a plot: a line of names, then a line for each epoch, counted from 1.
    /// Without a domain head, its columns are empty.
    pub fn csv(&self) -> String {
        let names = Validator::ALL.map(Validator::name).join(",");
        let mut csv = format!(
            "epoch,class_loss,domain_loss,training_accuracy,source_accuracy,target_accuracy,\
             domain_accuracy,{names},lambda,learning_rate,seconds\n"
        );
        let optional = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        for (i, epoch) in self.epochs.iter().enumerate() {
            let Epoch { class_loss, training_accuracy, source_accuracy, target_accuracy, .. } =
                epoch;
            let Epoch { lambda, learning_rate, seconds, .. } = epoch;
            let [domain_loss, domain_accuracy] =
                [epoch.domain_loss, epoch.domain_accuracy].map(optional);
            let validators = epoch.validators.map(|score| score.to_string()).join(",");
            csv += &format!(
                "{},{class_loss},{domain_loss},{training_accuracy},{source_accuracy},\
                 {target_accuracy},{domain_accuracy},{validators},{lambda},{learning_rate},{seconds:.3}\n",
                i + 1
            );
        }
        csv
    }
}

/// Index of the epoch that a validator prefers.
pub(super) fn chosen(epochs: &[Epoch], validator: Validator) -> Option<usize> {
    let place = Validator::ALL.iter().position(|&one| one == validator);
    best(epochs, |epoch| epoch.validators[place.expect("one of Validator::ALL")])
}

fn best(epochs: &[Epoch], score: impl Fn(&Epoch) -> f64) -> Option<usize> {
    let better = |best, i| if score(&epochs[i]) > score(&epochs[best]) { i } else { best };
    (0..epochs.len()).reduce(better)
}
