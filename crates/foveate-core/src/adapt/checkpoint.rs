//! An adaptation on disk: what it is of, and its epochs as numbers.

use sha2::{Digest, Sha256};

use super::dann_training::{DannTraining, Domain};
use super::history::Epoch;
use crate::data::Images;
use crate::image::Preprocessing;
use crate::models::DomainAdversarial;
use crate::store::{digest, hex};
use crate::train::{Identity, Row, tensors};

pub(super) fn identity(
    settings: &DannTraining,
    network: &impl DomainAdversarial,
    preprocessing: &Preprocessing,
    domains: [Domain<'_>; 2],
    pseudo_labels: Option<&[Option<usize>]>,
) -> Identity {
    let settings = DannTraining { checkpoint: None, ..settings.clone() };
    let images =
        domains.map(|domain| [domain.training, domain.validation].map(Images::fingerprint));
    Identity(vec![
        ("settings", format!("{settings:?}, {preprocessing:?}")),
        ("network", digest(&tensors(network))),
        ("images", format!("{images:?}")),
        ("pseudo-labels", hex(&Sha256::digest(format!("{pseudo_labels:?}")))),
    ])
}

impl Row for Epoch {
    const NUMBERS: usize = 13;

    fn numbers(&self) -> Vec<f64> {
        let optional = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let [a, b, c, d] = self.validators;
        vec![
            self.class_loss,
            optional(self.domain_loss),
            self.training_accuracy,
            self.source_accuracy,
            self.target_accuracy,
            optional(self.domain_accuracy),
            a,
            b,
            c,
            d,
            self.lambda,
            self.learning_rate,
            self.seconds,
        ]
    }

    fn of(numbers: &[f64]) -> Self {
        let optional = |at: usize| Some(numbers[at]).filter(|value| !value.is_nan());
        Self {
            class_loss: numbers[0],
            domain_loss: optional(1),
            training_accuracy: numbers[2],
            source_accuracy: numbers[3],
            target_accuracy: numbers[4],
            domain_accuracy: optional(5),
            validators: [numbers[6], numbers[7], numbers[8], numbers[9]],
            lambda: numbers[10],
            learning_rate: numbers[11],
            seconds: numbers[12],
        }
    }
}
