//! Domain adaptation: steps against PyTorch, resuming, refusals.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use foveate::adapt::{
    AdaptError, Adapted, DannTraining, Domain, Lambda, PseudoLabelSteps, PseudoLabels, UpdateEvery,
    Validator, select_confident,
};
use foveate::burn::module::{Flag, Module, ModuleMapper, Param};
use foveate::burn::tensor::{Device, TensorData};
use foveate::data::Images;
use foveate::image::{Preprocessing, Resize};
use foveate::models::weights::{Precision, WeightsError};
use foveate::models::{Classifier, Dann, DannConfig, LeNetConfig, Network, initialized, weights};
use foveate::train::{Schedule, ShiftAndContrast};

use crate::devices;
use crate::networks::{difference, golden_folder, hashed, hashed_weights, state, tensors, values};

/// Random bytes as images of 28x28; [3, 28, 28] in dann.py.
fn noise(count: usize, seed: u32, labels: impl Fn(usize) -> usize) -> Images {
    let planar = hashed(count * 3 * 784, seed);
    let byte = |i: usize, pixel: usize, channel: usize| {
        ((planar[(i * 3 + channel) * 784 + pixel] + 1.0) * 128.0).floor() as u8
    };
    let mut pixels = Vec::new();
    for i in 0..count {
        pixels.extend((0..784 * 3).map(|at| byte(i, at / 3, at % 3)));
    }
    let labels = (0..count).map(labels).collect();
    Images { height: 28, width: 28, channels: 3, pixels, labels }
}

const SIZE: Resize = Resize::Exact { height: 28, width: 28 };
const PREPROCESSING: Preprocessing = Preprocessing { resize: SIZE, mean: [0.3; 3], std: [0.35; 3] };

/// Takes dropouts, and nothing else, out of training.
#[derive(Default)]
struct NoDropout(Vec<String>);

impl ModuleMapper for NoDropout {
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.0.push(container.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.0.pop();
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        if self.0.iter().any(|kind| kind == "Struct:Dropout") {
            flag.with_value(false)
        } else {
            flag
        }
    }
}

/// A network with the weights of dann.py.
fn hashed_network(normalized: bool, device: &Device) -> Dann {
    let network = DannConfig::new().with_normalized(normalized).init(device);
    hashed_weights(network, &["features", "classifier", "domain"], 0)
}

/// Three steps of both networks against PyTorch's in f64: losses, parameters and running statistics
/// within 1e-5, the most that f32 sums of 1e5 terms of this size lose.
#[test]
fn adaptation_steps_equal_pytorchs() {
    let golden = tensors(&golden_folder().join("dann.safetensors"));
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
            let network =
                hashed_network(normalized, &chosen.device).train().map(&mut NoDropout::default());
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

/// Settings that end soon, with everything random in them.
fn quick() -> DannTraining {
    DannTraining {
        epochs: 4,
        batch: 10,
        source_augmentation: ShiftAndContrast { shift: 2, contrast: true },
        target_augmentation: ShiftAndContrast { shift: 1, contrast: false },
        seed: 5,
        ..Default::default()
    }
}

fn domains(labels: impl Fn(usize) -> usize + Copy) -> [Images; 4] {
    [noise(40, 1, |i| i % 10), noise(20, 2, |i| i % 10), noise(33, 3, labels), noise(20, 4, labels)]
}

fn run(
    settings: &DannTraining,
    [source, source_validation, target, target_validation]: &[Images; 4],
    mut stop_after: usize,
) -> Result<Adapted<Dann>, AdaptError> {
    let network = initialized(DannConfig::new().with_normalized(true).init(&devices::any()), 3);
    let source = Domain { training: source, validation: source_validation };
    let target = Domain { training: target, validation: target_validation };
    settings.run_with(network, &PREPROCESSING, source, target, |_| {
        stop_after -= 1;
        if stop_after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

fn bits(network: &Dann) -> BTreeMap<String, Vec<u32>> {
    let named = state(network).into_iter();
    named
        .map(|(name, data)| (name, values(data).iter().map(|value| value.to_bits()).collect()))
        .collect()
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
            let chosen = resumed.history.chosen(KEPT_EARLY).unwrap();
            assert!(chosen < 2, "the epoch kept, {chosen}, came before the stop");
            let alone = run(&DannTraining { checkpoint: None, ..settings }, &data, 9).unwrap();
            assert_eq!(bits(&resumed.network), bits(&alone.network));
        }
    }
}

/// Nothing but the reported accuracies knows them: not the training, nor the choice of an epoch, nor
/// the rounds of sure answers.
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

fn rounds() -> PseudoLabels {
    let training = DannTraining { epochs: 2, ..quick() };
    PseudoLabels { rounds: 2, threshold: 0.0, share: Some(0.7), training }
}

/// Stops after so many epochs of all rounds.
fn in_rounds(
    rounds: &PseudoLabels,
    [source, source_validation, target, target_validation]: &[Images; 4],
    mut stop_after: usize,
) -> Result<Adapted<Dann>, AdaptError> {
    let network = initialized(DannConfig::new().with_normalized(true).init(&devices::any()), 3);
    let source = Domain { training: source, validation: source_validation };
    let target = Domain { training: target, validation: target_validation };
    rounds.run_with(network, &PREPROCESSING, source, target, |_, epoch| {
        stop_after -= usize::from(epoch.is_some());
        if stop_after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

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
    let all = PseudoLabels { share: None, ..rounds() };
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
    let text = error(PseudoLabels { share: Some(0.0), ..rounds() }, &data);
    assert!(text.contains("share is 0"), "{text}");
}

fn refused(settings: DannTraining, data: &[Images; 4], words: &[&str]) {
    let text = run(&settings, data, 9).unwrap_err().to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
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

#[test]
fn schedules_are_the_paper_s() {
    let annealed = |progress| Lambda::PAPER.at(progress);
    assert_eq!(annealed(0.0), 0.0);
    // tanh(gamma p / 2).
    for progress in [0.1, 0.5, 1.0] {
        assert!((annealed(progress) - (5.0 * progress).tanh()).abs() < 1e-15);
    }
    let warm = Lambda::WarmStart { lambda: 0.3, share: 0.5 };
    assert_eq!([0.0, 0.49, 0.5, 1.0].map(|progress| warm.at(progress)), [0.0, 0.0, 0.3, 0.3]);
    assert_eq!(Schedule::DANN.at(0.01, 0.0, 1), 0.01);
    assert!((Schedule::DANN.at(0.01, 20.0, 20) - 0.01 / 11_f64.powf(0.75)).abs() < 1e-15);
    assert_eq!(Schedule::Constant.at(0.01, 0.7, 1), 0.01);
    let data = domains(|_| 0);
    for (update_every, last) in [(UpdateEvery::Batch, 3.75 / 4.0), (UpdateEvery::Epoch, 3.0 / 4.0)]
    {
        let adapted = run(&DannTraining { update_every, ..quick() }, &data, 9).unwrap();
        let epoch = adapted.history.epochs.last().unwrap();
        assert_eq!(
            (epoch.lambda, epoch.learning_rate),
            (annealed(last), Schedule::DANN.at(0.01, last, 1))
        );
    }
}

#[test]
fn alternating_steps_weigh_more_and_more() {
    let steps = PseudoLabelSteps { every: 2, weight: 3.0, from: 0.2, to: 0.6 };
    for (progress, weight) in [(0.0, 0.0), (0.19, 0.0), (0.4, 1.5), (0.6, 3.0), (1.0, 3.0)] {
        assert!((steps.at(progress) - weight).abs() < 1e-12, "{progress}");
    }
    let data = domains(|_| 200);
    let with = |pseudo_label_steps| {
        let settings = DannTraining { pseudo_label_steps, lambda: None, ..quick() };
        bits(&run(&settings, &data, 9).unwrap().network)
    };
    let without = with(None);
    // Of sixteen source batches, never seventeen come before a target batch; 0 is no step.
    assert_eq!(with(Some(PseudoLabelSteps { every: 17, ..steps })), without);
    assert_eq!(with(Some(PseudoLabelSteps { weight: 0.0, ..steps })), without);
    // Across the end of an epoch of four.
    assert_ne!(with(Some(PseudoLabelSteps { every: 5, ..steps })), without);
    assert_ne!(with(Some(steps)), without);

    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Some(folder.path().join("checkpoint"));
    let settings =
        DannTraining { pseudo_label_steps: Some(steps), lambda: None, checkpoint, ..quick() };
    run(&settings, &data, 3).unwrap();
    assert_eq!(bits(&run(&settings, &data, 9).unwrap().network), with(Some(steps)));

    let wrong = |steps| DannTraining { pseudo_label_steps: Some(steps), ..quick() };
    refused(
        wrong(PseudoLabelSteps { every: 0, ..steps }),
        &data,
        &["pseudo_label_steps.every is 0"],
    );
    refused(
        wrong(PseudoLabelSteps { weight: -1.0, ..steps }),
        &data,
        &["pseudo_label_steps.weight is -1"],
    );
    refused(wrong(PseudoLabelSteps { from: 0.7, ..steps }), &data, &["0.7 to 0.6"]);
}

/// Half precision rounds to 11 bits: 2^-11 of each weight.
#[test]
fn classifiers_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dann.safetensors");
    let labels: Vec<String> = (0..10).map(|digit| format!("digit {digit}")).collect();
    let config = DannConfig::new().with_normalized(true);
    let network = initialized(config.init(&devices::any()), 4);
    let classifier = Classifier::new(network, PREPROCESSING, labels.clone());
    let mut sizes = Vec::new();
    for (precision, tolerance) in [(Precision::Single, 0.0), (Precision::Half, 1.0 / 2048.0)] {
        classifier.save(&path, precision).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        sizes.push(bytes.len());
        for _ in 0..4 {
            classifier.save(&path, precision).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "the same bytes every time");
        }
        let read = Classifier::load(config.init(&devices::any()), &path).unwrap();
        assert_eq!(read.labels(), labels);
        assert_eq!(*read.preprocessing(), PREPROCESSING);
        let (before, after) = (state(classifier.network()), state(read.network()));
        for (name, expected) in before {
            for (a, b) in values(after[&name].clone()).into_iter().zip(values(expected)) {
                assert!(
                    (a - b).abs() <= tolerance * b.abs() + 1e-7 * f32::from(tolerance > 0.0),
                    "{name}"
                );
            }
        }
    }
    assert!(sizes[1] * 10 < sizes[0] * 6, "{sizes:?}");

    let plain = DannConfig::new().init(&devices::any());
    let error = Classifier::load(plain, &path).unwrap_err();
    assert!(matches!(error, WeightsError::Mismatch { .. }), "{error}");
    // Descriptions of other classes, and of images that the network does not take.
    for (labels, size, words) in
        [(vec![labels[0].clone()], 28, "1 labels"), (labels.clone(), 64, "64x64")]
    {
        let preprocessing = PREPROCESSING.with_resize(Resize::Exact { height: size, width: size });
        let other = Classifier::new(classifier.network().clone(), preprocessing, labels);
        other.save(&path, Precision::Single).unwrap();
        let error = Classifier::load(config.init(&devices::any()), &path).unwrap_err();
        assert!(matches!(error, WeightsError::Unfit { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    weights::save(classifier.network(), &path).unwrap();
    let error = Classifier::load(config.init(&devices::any()), &path).unwrap_err().to_string();
    assert!(error.contains("Classifier::save"), "{error}");
    assert!(Classifier::load(config.init(&devices::any()), folder.path().join("none")).is_err());
}

/// Uniform between -1 / sqrt(n) and 1 / sqrt(n): its variance is 1 / 3n, known to 2.5 % from 4,000 numbers and
/// more (five deviations of 0.9 / sqrt(4,000) each).
#[test]
fn weights_are_drawn_as_pytorch_s() {
    let draw = |seed| initialized(DannConfig::new().init(&devices::any()), seed);
    let (one, again, other) = (state(&draw(1)), state(&draw(1)), state(&draw(2)));
    let inputs = |name: &str| match name {
        "features.0.weight" => Some(75.0),
        "features.3.weight" => Some(800.0),
        "classifier.0.weight" | "domain.0.weight" => Some(2352.0),
        "classifier.2.weight" => Some(100.0),
        _ => None,
    };
    let mut looked = 0;
    for (name, data) in &one {
        let numbers = values(data.clone());
        assert_eq!(numbers, values(again[name].clone()));
        assert_ne!(numbers, values(other[name].clone()), "{name}");
        let Some(n) = inputs(name) else { continue };
        let largest = numbers.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        assert!(largest <= 1.0 / f32::sqrt(n) && largest > 0.99 / f32::sqrt(n), "{name}");
        let square: f32 = numbers.iter().map(|v| v * v).sum::<f32>() / numbers.len() as f32;
        let (off, room) = (square * 3.0 * n - 1.0, 4.5 / (numbers.len() as f32).sqrt());
        assert!(off.abs() < room, "{name}: {off}");
        let bias = values(one[&name.replace("weight", "bias")].clone());
        assert!(bias.iter().all(|b| b.abs() <= 1.0 / f32::sqrt(n)), "{name}");
        looked += 1;
    }
    assert_eq!(looked, 5);
}

#[test]
fn lenet_is_lecun_s() {
    for channels in [1, 3] {
        let network = LeNetConfig::new().with_channels(channels).init(&devices::any());
        let layers = network.summary(28, 28).layers;
        let shape = |name: &str| {
            layers.iter().find(|layer| layer.name == name).map(|layer| layer.output_shape)
        };
        assert_eq!(shape("features.2"), Some([1, 6, 14, 14]));
        assert_eq!(shape("features.5"), Some([1, 16, 5, 5]));
        assert_eq!(shape("classifier.3"), Some([1, 84, 1, 1]));
        // With one channel LeNet-5 as PyTorch's tutorials count it.
        let parameters: usize = layers.iter().map(|layer| layer.parameters).sum();
        assert_eq!(parameters, 61_706 + (channels - 1) * 150);
        assert_eq!(
            network.with_classes(3).summary(28, 28).layers.last().unwrap().output_shape[1],
            3
        );
    }
}
