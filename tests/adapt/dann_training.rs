//! Steps against PyTorch, resuming, and refusals.

use std::collections::BTreeMap;

use foveate::adapt::{Adapted, DannTraining, Domain, Lambda, Validator};
use foveate::burn::module::Module;
use foveate::burn::tensor::{Device, TensorData};
use foveate::data::Images;
use foveate::models::{Dann, DannConfig, initialized};
use foveate::train::Schedule;

use super::{PREPROCESSING, domains, in_rounds, noise, quick, refused, rounds, run};
use crate::support::close::{difference, values};
use crate::support::devices;
use crate::support::golden::{bits, golden_tensors, hashed_weights, state, without_dropout};

/// A network with the weights of dann.py.
fn hashed_network(normalized: bool, device: &Device) -> Dann {
    let network = DannConfig::new().with_normalized(normalized).init(device);
    hashed_weights(network, &["features", "classifier", "domain"], 0)
}

/// Three steps of both networks against PyTorch's in f64: losses, parameters and running statistics
/// within 1e-5, the most that f32 sums of 1e5 terms of this size lose.
#[test]
fn adaptation_steps_equal_pytorchs() {
    let golden = golden_tensors("dann.safetensors");
    let set = |seed| noise(8, seed, |i| i * 3 % 10);
    let (source, target) = (set(1000), set(2000));
    let settings = DannTraining {
        epochs: 3,
        batch: 8,
        schedule: Schedule::Constant,
        lambda: Some(Lambda::Constant { lambda: 0.7 }),
        ..Default::default()
    };
    for chosen in devices::all() {
        // A software rasterizer is slow: the practical's network is enough.
        let cases: &[bool] = if devices::is_slow(chosen) { &[false] } else { &[false, true] };
        for &normalized in cases {
            let case = if normalized { "normalised/" } else { "plain/" };
            let network = without_dropout(hashed_network(normalized, &chosen.device).train());
            let [source, target] =
                [&source, &target].map(|set| Domain { training: set, validation: set });
            let adapted = settings.run(network, &PREPROCESSING, source, target).unwrap();
            let epochs = adapted.history.epochs.iter();
            let losses: Vec<f32> = epochs
                .flat_map(|epoch| [epoch.class_loss as f32, epoch.domain_loss.unwrap() as f32])
                .collect();
            let error = difference(&losses, &values(golden[&format!("{case}losses")].clone()));
            assert!(error < 1e-5, "{chosen}, {case}: losses differ by {error}");
            let after = state(&adapted.network);
            let mut compared = 0;
            for (name, expected) in &golden {
                let Some(name) = name.strip_prefix(case).filter(|name| *name != "losses") else {
                    continue;
                };
                let found: Vec<f32> = values(after[name].clone()).into_iter().step_by(61).collect();
                let error = difference(&found, &values(expected.clone()));
                assert!(error < 1e-5, "{chosen}, {case}{name}: {error}");
                compared += 1;
            }
            assert_eq!(compared, if normalized { 14 + 5 * 4 } else { 14 }, "{case}");
        }
    }
}

/// A validator whose best epoch is the first or the second.
const KEPT_EARLY: Validator = Validator::SourceRisk;

#[test]
fn a_resumed_adaptation_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = domains(|i| i % 10);
    let whole = run(&quick(), &data, 9).unwrap();
    for validator in [None, Some(KEPT_EARLY)] {
        let path = folder.path().join(format!("{}.checkpoint", validator.is_some()));
        let settings = DannTraining { checkpoint: Some(path), validator, ..quick() };
        let part = run(&settings, &data, 2).unwrap();
        assert_eq!(part.history.epochs.len(), 2);
        let resumed = run(&settings, &data, 9).unwrap();
        let losses = |adapted: &Adapted<Dann>| {
            let epochs = adapted.history.epochs.iter();
            epochs.map(|e| (e.class_loss, e.domain_loss, e.validators)).collect::<Vec<_>>()
        };
        assert_eq!(losses(&resumed), losses(&whole));
        if validator.is_none() {
            assert_eq!(bits(&resumed.network), bits(&whole.network));
        } else {
            let chosen = resumed.history.best_by(KEPT_EARLY).unwrap();
            assert!(chosen < 2, "the epoch kept, {chosen}, came before the stop");
            let alone = run(&DannTraining { checkpoint: None, ..settings }, &data, 9).unwrap();
            assert_eq!(bits(&resumed.network), bits(&alone.network));
        }
    }
}

/// Nothing but the reported accuracies knows them: not the training, nor the choice of an epoch, nor
/// the rounds of confident predictions.
#[test]
fn labels_of_the_target_are_not_learned_from() {
    let (right, wrong) = (domains(|i| i % 10), domains(|_| 200));
    for validator in [None, Some(Validator::InformationMaximization)] {
        let settings = DannTraining { validator, ..quick() };
        let one = run(&settings, &right, 9).unwrap();
        let other = run(&settings, &wrong, 9).unwrap();
        assert_eq!(bits(&one.network), bits(&other.network));
        assert!(other.history.epochs.iter().all(|epoch| epoch.target_accuracy == 0.0));
        assert!(one.history.epochs.iter().any(|epoch| epoch.target_accuracy > 0.0));
    }
    let [one, other] = [&right, &wrong].map(|data| in_rounds(&rounds(), data, 99).unwrap());
    assert_eq!(bits(&one.network), bits(&other.network));

    let changed = DannTraining { seed: 6, ..quick() };
    let [one, other] = [quick(), changed].map(|settings| run(&settings, &right, 9).unwrap());
    assert_ne!(bits(&one.network), bits(&other.network));
}

/// Without a domain head, and with one that the features do not heed, they are the same: no batch
/// norm that would see the target, no dropout whose masks would differ.
#[test]
fn lambda_zero_is_source_only() {
    let data = domains(|i| i % 10);
    let [source, source_validation, target, target_validation] = &data;
    let source = Domain { training: source, validation: source_validation };
    let target = Domain { training: target, validation: target_validation };
    let mut found = Vec::new();
    for lambda in [None, Some(Lambda::Constant { lambda: 0.0 }), Some(Lambda::PAPER)] {
        let network = initialized(DannConfig::new().init(&devices::any()), 3);
        let settings = DannTraining { lambda, ..quick() };
        let adapted = settings.run(network, &PREPROCESSING, source, target).unwrap();
        assert_eq!(adapted.history.epochs[0].domain_accuracy.is_some(), lambda.is_some());
        found.push(state(&adapted.network));
    }
    let far = |a: &BTreeMap<String, TensorData>, b: &BTreeMap<String, TensorData>, part: &str| {
        let named = a.iter().filter(|(name, _)| name.starts_with(part));
        let far =
            named.map(|(name, data)| difference(&values(data.clone()), &values(b[name].clone())));
        far.fold(0.0, f32::max)
    };
    let [none, zero, paper] = [&found[0], &found[1], &found[2]];
    // Batches of another length are summed in another order.
    assert!(far(none, zero, "features") < 1e-6 && far(none, zero, "classifier") < 1e-6);
    assert!(far(none, zero, "domain") > 1e-4 && far(none, paper, "features") > 1e-5);
}

#[test]
fn what_cannot_be_trained_is_told() {
    let data = domains(|i| i % 10);
    let with = |change: &dyn Fn(&mut DannTraining)| {
        let mut settings = quick();
        change(&mut settings);
        settings
    };
    refused(with(&|s| s.batch = 1), &data, &["batch is 1", "2 or more"]);
    refused(with(&|s| s.learning_rate = f64::NAN), &data, &["learning_rate is NaN"]);
    let lambda = Lambda::Annealed { highest: 1.0, gamma: 0.0 };
    refused(with(&|s| s.lambda = Some(lambda)), &data, &["lambda.gamma is 0"]);
    let lambda = Lambda::Constant { lambda: -1.0 };
    refused(with(&|s| s.lambda = Some(lambda)), &data, &["lambda is -1"]);
    let lambda = Lambda::WarmStart { lambda: 1.0, share: 1.5 };
    refused(with(&|s| s.lambda = Some(lambda)), &data, &["lambda.share is 1.5"]);
    refused(
        with(&|s| s.schedule = Schedule::Annealed { alpha: -1.0, beta: 1.0 }),
        &data,
        &["schedule.alpha"],
    );
    refused(with(&|s| s.batch = 41), &data, &["source's training set", "40 images", "41"]);

    let mut empty = data.clone();
    empty[2] = noise(0, 1, |_| 0);
    refused(quick(), &empty, &["target's training set", "0 images"]);
    let mut small = data.clone();
    small[3] = Images { height: 14, width: 56, ..small[3].clone() };
    refused(quick(), &small, &["target's validation set", "14x56", "28x28"]);
    let mut wrong = data.clone();
    wrong[0].labels[7] = 10;
    refused(quick(), &wrong, &["image 7", "label 10", "10 classes"]);

    let snd = Validator::Snd { temperature: 0.5 };
    refused(with(&|s| s.validator = Some(snd)), &data, &["validator is Snd", "Validator::ALL"]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let wild = with(&|s| {
        (s.learning_rate, s.schedule, s.checkpoint) =
            (1e30, Schedule::Constant, Some(path.clone()));
    });
    refused(wild, &data, &["not finite", "step", "epoch 1", "1e30", "lambda"]);
    assert!(!path.exists());
    // In the third epoch, or at its end: what was good stays, and tells the same again.
    let late = with(&|s| {
        s.lambda = Some(Lambda::WarmStart { lambda: 1e38, share: 0.5 });
        s.checkpoint = Some(path.clone());
    });
    for _ in 0..2 {
        refused(
            late.clone(),
            &data,
            &["not finite", "epoch 3", "checkpoint holds the epochs before"],
        );
    }

    let settings = with(&|s| s.checkpoint = Some(path.clone()));
    let _ = std::fs::remove_file(&path);
    run(&settings, &data, 1).unwrap();
    refused(DannTraining { seed: 9, ..settings.clone() }, &data, &["other settings", "seed: 9"]);
    let mut other = data.clone();
    other[3].pixels[5] ^= 1;
    refused(settings.clone(), &other, &["other images"]);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    refused(settings, &data, &["damaged", "checkpoint"]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}
