//! Rounds of training on confident predictions.

use std::ops::ControlFlow;

use foveate::adapt::{DannTraining, Domain, PseudoLabels, select_confident};
use foveate::data::Images;
use foveate::models::{DannConfig, initialized};

use super::{PREPROCESSING, domains, in_rounds, noise, rounds};
use crate::support::devices;
use crate::support::golden::bits;

/// Stopped in the first round, between the two, and in the second.
#[test]
fn resumed_rounds_are_the_uninterrupted_ones() {
    let data = domains(|i| i % 10);
    let whole = in_rounds(&rounds(), &data, 99).unwrap();
    assert_eq!(whole.history.epochs.len(), 4);
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Some(folder.path().join("checkpoint"));
    let training = DannTraining { checkpoint, ..rounds().training };
    let rounds = PseudoLabels { training, ..rounds() };
    for stop in [1, 1, 1] {
        // Rounds that are done take no epoch again.
        in_rounds(&rounds, &data, stop).unwrap();
    }
    let resumed = in_rounds(&rounds, &data, 99).unwrap();
    assert_eq!(bits(&resumed.network), bits(&whole.network));
    let files = ["checkpoint.round1", "checkpoint.round2"];
    assert!(files.iter().all(|name| folder.path().join(name).is_file()));
}

#[test]
fn sure_answers_are_chosen() {
    // Probabilities of the larger: 0.5, 0.73, 0.88, 0.95, 0.98 (and of class 1: 0.88).
    let logits = [0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0, 0.0, 2.0];
    let all = select_confident(&logits, 2, 0.0, None);
    assert_eq!(all, [Some(0), Some(0), Some(0), Some(0), Some(0), Some(1)]);
    assert_eq!(select_confident(&logits, 2, 0.9, None), [None, None, None, Some(0), Some(0), None]);
    // Two fifths of the five of class 0, and none of the one of class 1.
    let shared = select_confident(&logits, 2, 0.6, Some(0.4));
    assert_eq!(shared, [None, None, None, Some(0), Some(0), None]);
    // The portion is of all answers, not of the sure ones: one of three of the five is sure.
    let shared = select_confident(&logits, 2, 0.96, Some(0.6));
    assert_eq!(shared, [None, None, None, None, Some(0), None]);
    assert_eq!(
        select_confident(&logits, 2, 0.6, Some(1.0)),
        select_confident(&logits, 2, 0.6, None)
    );
}

/// CBST's portion: of 90 and 10 answers a half are 45 and 5, the surest.
#[test]
fn a_share_is_the_portion_of_each_class() {
    let logits: Vec<f32> =
        (1..101).flat_map(|i| [if i <= 90 { 0.05 } else { -0.05 } * i as f32, 0.0]).collect();
    let guesses = select_confident(&logits, 2, 0.0, Some(0.5));
    let taken: Vec<usize> = (0..100).filter(|&i| guesses[i].is_some()).collect();
    assert_eq!(taken, (45..90).chain(95..100).collect::<Vec<_>>());
    assert!(taken.iter().all(|&i| guesses[i] == Some(usize::from(i >= 90))));
    // Numbers that are not quite what they are written as.
    let of = |share| select_confident(&logits, 2, 0.0, Some(share)).iter().flatten().count();
    assert_eq!([of(0.7), of(0.3), of(0.1), of(0.01)], [70, 30, 10, 0]);
}

/// All answers are taken at a threshold of 0; none where none is sure.
#[test]
fn rounds_learn_from_sure_answers() {
    let data = domains(|i| i % 10);
    let [source, source_validation, target, target_validation] = &data;
    let source = Domain { training: source, validation: source_validation };
    let target = Domain { training: target, validation: target_validation };
    let all = PseudoLabels { portion: None, ..rounds() };
    let network = initialized(DannConfig::new().init(&devices::any()), 3);
    let mut seen = Vec::new();
    let adapted = all.run_with(network.clone(), &PREPROCESSING, source, target, |round, epoch| {
        seen.push((round.round, round.selected, epoch.is_some()));
        let right = round.accuracy.unwrap() * 33.0;
        assert!((right - right.round()).abs() < 1e-9, "a share of 33: {right}");
        ControlFlow::Continue(())
    });
    let expected = [0, 1].map(|round| [(round, 33, false), (round, 33, true), (round, 33, true)]);
    assert_eq!(seen, expected.concat());
    let none = PseudoLabels { threshold: 0.999, ..rounds() };
    let plain = none.run_with(network.clone(), &PREPROCESSING, source, target, |round, _| {
        assert_eq!((round.selected, round.accuracy), (0, None));
        ControlFlow::Continue(())
    });
    assert_ne!(bits(&plain.unwrap().network), bits(&adapted.unwrap().network));

    let error = |rounds: PseudoLabels, data: &[Images; 4]| {
        in_rounds(&rounds, data, 99).unwrap_err().to_string()
    };
    let empty = [data[0].clone(), data[1].clone(), noise(0, 1, |_| 0), data[3].clone()];
    assert!(error(rounds(), &empty).contains("target\'s training set holds 0"));
    let text = error(PseudoLabels { threshold: 1.0, ..rounds() }, &data);
    assert!(text.contains("threshold is 1"), "{text}");
    let text = error(PseudoLabels { portion: Some(0.0), ..rounds() }, &data);
    assert!(text.contains("portion is 0"), "{text}");
}
