//! A fine-tuning on disk: what it is of, and its epochs as numbers.

use super::history::{Epoch, Score};
use super::labeled::Labeled;
use super::settings::FineTune;
use crate::image::{ImageError, Preprocessing};
use crate::models::Network;
use crate::store::digest;
use crate::train::{Identity, Row, tensors};

pub(super) fn identity(
    settings: &FineTune,
    network: &impl Network,
    preprocessing: &Preprocessing,
    training: Labeled<'_>,
    validation: Option<Labeled<'_>>,
) -> Result<Identity, ImageError> {
    let epochs = if settings.schedule.may_go_on() { 0 } else { settings.epochs };
    let settings = FineTune { epochs, checkpoint: None, ..settings.clone() };
    let validation = validation.map(|data| data.digest()).transpose()?;
    Ok(Identity(vec![
        ("settings", format!("{settings:?}, {preprocessing:?}")),
        ("network", digest(&tensors(network))),
        ("training images", training.digest()?),
        ("validation images", validation.unwrap_or("none".into())),
    ]))
}

impl Row for Epoch {
    const NUMBERS: usize = 6;

    fn numbers(&self) -> Vec<f64> {
        let Self { training: a, validation, learning_rate, seconds } = *self;
        let b = validation.unwrap_or(Score { loss: f64::NAN, accuracy: f64::NAN });
        vec![a.loss, a.accuracy, b.loss, b.accuracy, learning_rate, seconds]
    }

    fn of(numbers: &[f64]) -> Self {
        let score = |at: usize| Score { loss: numbers[at], accuracy: numbers[at + 1] };
        let validation = Some(score(2)).filter(|score| !score.accuracy.is_nan());
        Self { training: score(0), validation, learning_rate: numbers[4], seconds: numbers[5] }
    }
}
