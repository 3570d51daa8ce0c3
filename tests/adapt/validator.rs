//! The validators against pytorch-adapt's, and against closed forms.

use std::collections::BTreeMap;

use foveate::adapt::{Evidence, Validator};

use crate::support::devices;
use crate::support::golden::golden_tensors;

fn golden() -> BTreeMap<String, Vec<f64>> {
    let file = golden_tensors("validators.safetensors");
    file.into_iter().map(|(name, data)| (name, data.iter::<f64>().collect())).collect()
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn of_target(target_logits: &[f32], classes: usize) -> Evidence<'_> {
    Evidence { source_logits: &[], source_labels: &[], target_logits, classes }
}

/// Both in f64 from the same f32 logits: they differ by rounding.
#[test]
fn scores_equal_pytorch_adapt() {
    let golden = golden();
    let labels: Vec<usize> = golden["source.labels"].iter().map(|&label| label as usize).collect();
    let mut compared = 0;
    for model in ["unsure", "fair", "sure", "collapsed"] {
        let source = single(&golden[&format!("{model}.source")]);
        let target = single(&golden[&format!("{model}.target")]);
        let evidence = Evidence {
            source_logits: &source,
            source_labels: &labels,
            target_logits: &target,
            classes: 10,
        };
        let named = Validator::ALL.map(|validator| (validator.to_string(), validator));
        let wide = ("snd.0.5".to_string(), Validator::Snd { temperature: 0.5 });
        for (name, validator) in named.into_iter().chain([wide]) {
            let (ours, theirs) =
                (validator.score(&evidence), golden[&format!("{model}.{name}")][0]);
            println!("{model} {name}: {ours} {theirs} {:e}", ours - theirs);
            assert!(
                (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
                "{model}, {name}: {ours} and {theirs}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 20);
}

/// Of samples that are surely of a class each, `m/2` of either: entropy 0, information ln 2, and the
/// density of a sample's `m/2 - 1` like neighbors and `m/2` others at cosine 0.
#[test]
fn sure_answers_have_closed_forms() {
    let m = 40;
    let logits: Vec<f32> =
        (0..m).flat_map(|i| if i % 2 == 0 { [1e4, 0.0] } else { [0.0, 1e4] }).collect();
    let evidence = of_target(&logits, 2);
    assert_eq!(Validator::Entropy.score(&evidence), 0.0);
    let information = Validator::InformationMaximization.score(&evidence);
    assert!((information - 2_f64.ln()).abs() < 1e-14);
    for temperature in [1e-4_f64, 0.05, 1.0, 1e6] {
        let (like, others) = (m as f64 / 2.0 - 1.0, m as f64 / 2.0);
        let other = (-1.0 / temperature).exp();
        let sum = like + others * other;
        let expected = sum.ln() + others * other / temperature / sum;
        let found = Validator::Snd { temperature }.score(&evidence);
        assert!((found - expected).abs() < 1e-13, "{temperature}: {found} and {expected}");
    }
}

#[test]
fn threads_change_no_bit() {
    let target = single(&golden()["fair.target"]);
    let score = |threads| {
        devices::on_threads(threads, || {
            Validator::Snd { temperature: 0.05 }.score(&of_target(&target, 10))
        })
    };
    assert_eq!(score(1).to_bits(), score(5).to_bits());
}

#[test]
fn diverged_models_are_never_the_best() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let logits = [0.0, 1.0, odd, 0.0];
        let evidence = Evidence {
            source_logits: &logits,
            source_labels: &[0, 1],
            target_logits: &logits,
            classes: 2,
        };
        for validator in Validator::ALL {
            assert_eq!(validator.score(&evidence), f64::NEG_INFINITY, "{validator} {odd}");
        }
    }
    // Finite, but as far apart as can be.
    let logits = [f32::MAX, f32::MIN, f32::MIN, f32::MAX];
    let evidence =
        Evidence { source_logits: &logits, source_labels: &[0, 0], ..of_target(&logits, 2) };
    for validator in Validator::ALL {
        assert!(validator.score(&evidence).is_finite(), "{validator}");
    }
}

#[test]
fn names_are_read_back() {
    for validator in Validator::ALL {
        assert_eq!(validator.to_string().parse(), Ok(validator));
    }
    let error = "oracle".parse::<Validator>().unwrap_err();
    let expected = "no validator is named `oracle`; there are entropy, snd, im, source-risk";
    assert_eq!(error.to_string(), expected);
}

#[test]
#[should_panic(expected = "3 logits are no rows of 2")]
fn logits_are_whole_rows() {
    Validator::Entropy.score(&of_target(&[0.0; 3], 2));
}

#[test]
#[should_panic(expected = "`im` needs samples")]
fn no_sample_has_no_score() {
    Validator::InformationMaximization.score(&of_target(&[], 2));
}

#[test]
#[should_panic(expected = "two target samples")]
fn one_sample_has_no_neighbor() {
    Validator::Snd { temperature: 0.05 }.score(&of_target(&[0.0; 2], 2));
}

#[test]
#[should_panic(expected = "label 2 of 2 classes")]
fn labels_are_classes() {
    let evidence =
        Evidence { source_logits: &[0.0; 2], source_labels: &[2], target_logits: &[], classes: 2 };
    Validator::SourceRisk.score(&evidence);
}
