//! [`History`]: how a training went.

/// Means over a set of images.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// Cross-entropy, in nats.
    pub loss: f64,
    /// Share of images whose class has the highest logit, in `[0, 1]`.
    pub accuracy: f64,
}

/// One pass over the training images.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// On the training images as they were learned from: augmented, with dropout, each before
    /// the step it was part of.
    pub training: Score,
    /// On the validation images, afterwards.
    pub validation: Option<Score>,
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
    /// Index of the epoch whose network is kept: of the highest validation accuracy, among equals
    /// of the lowest loss; without validation, the last. None before the first epoch.
    pub fn best(&self) -> Option<usize> {
        best(&self.epochs)
    }

    /// A table for a spreadsheet or a plot: a line of names, then a line for each epoch, counted
    /// from 1. Without validation, its columns are empty.
    pub fn csv(&self) -> String {
        let mut csv = String::from(
            "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds\n",
        );
        for (i, epoch) in self.epochs.iter().enumerate() {
            let Epoch { training: Score { loss, accuracy }, validation, .. } = epoch;
            let validation =
                validation.map_or(",".into(), |score| format!("{},{}", score.loss, score.accuracy));
            let Epoch { learning_rate, seconds, .. } = epoch;
            csv +=
                &format!("{},{loss},{accuracy},{validation},{learning_rate},{seconds:.3}\n", i + 1);
        }
        csv
    }
}

pub(super) fn best(epochs: &[Epoch]) -> Option<usize> {
    (0..epochs.len()).reduce(|best, i| if better(&epochs[best], &epochs[i]) { i } else { best })
}

pub(super) fn out_of_patience(epochs: &[Epoch], patience: Option<usize>) -> bool {
    let (Some(patience), Some(best)) = (patience, best(epochs)) else { return false };
    epochs.len() - 1 - best >= patience.max(1)
}

fn better(than: &Epoch, epoch: &Epoch) -> bool {
    let (Some(old), Some(new)) = (than.validation, epoch.validation) else { return true };
    (new.accuracy, -new.loss) > (old.accuracy, -old.loss)
}
