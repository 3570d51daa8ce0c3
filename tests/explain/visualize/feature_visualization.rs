//! Images of channels and neurons.

use foveate::burn::tensor::{Tensor, s};
use foveate::explain::visualize::{FeatureVisualization, FourierImage, Objective, Transformations};
use foveate::explain::{ExplainError, LayeredModel, Model};
use foveate::models::{BackwardRule, NoRule, UnknownLayer};

use crate::support::close::{difference, values_of};
use crate::support::devices;

/// A network of one layer, `input`, that gives its input.
struct Identity;

impl Model for Identity {
    fn logits(&self, input: Tensor<4>) -> Tensor<2> {
        input.flatten(1, 3)
    }
}

impl LayeredModel for Identity {
    fn normalized(&self, input: Tensor<4>) -> Tensor<4> {
        input
    }

    fn features(&self, normalized: Tensor<4>, layer: &str) -> Result<Tensor<4>, UnknownLayer> {
        match layer {
            "input" => Ok(normalized),
            name => Err(UnknownLayer { name: name.into(), known: vec!["input".into()] }),
        }
    }

    fn head(&self, activations: Tensor<4>, _: &str) -> Result<Tensor<2>, UnknownLayer> {
        Ok(activations.flatten(1, 3))
    }

    fn logits_with_rule(
        &self,
        normalized: Tensor<4>,
        _: BackwardRule,
    ) -> Result<Tensor<2>, NoRule> {
        Ok(normalized.flatten(1, 3))
    }
}

/// Adam's first step is `learning_rate * g / (|g| + epsilon)`, whatever the gradient's length.
#[test]
fn the_first_step_is_adams() {
    for chosen in devices::all() {
        let device = &chosen.device;
        let (size, seed) = ([6, 8], 5);
        let setting = FeatureVisualization {
            steps: 1,
            standard_deviation: 0.1,
            transformations: Transformations::NONE,
            seed,
            ..FeatureVisualization::default()
        };
        let objectives = [Objective::Neuron(1), Objective::Channel(2)];
        let found = setting.run(&Identity, "input", &objectives, size, device).unwrap();
        assert_eq!(found.len(), 1);

        let image = FourierImage::new(size, 1.0, device).unwrap();
        let spectrum = image.spectrum(2, 0.1, seed).unwrap();
        let tracked = spectrum.clone().autodiff().require_grad();
        let pixels = image.pixels(tracked.clone()).tensor().clone();
        let objective =
            pixels.clone().slice(s![0, 1, 3, 4]).sum() + pixels.slice(s![1, 2, .., ..]).mean();
        let gradient = tracked.grad(&objective.backward()).unwrap();
        let step = gradient.clone() / gradient.abs().add_scalar(1e-8);
        let expected = image.pixels(spectrum + step.mul_scalar(0.05)).tensor().clone();
        let off = difference(&values_of(found[0].pixels.tensor()), &values_of(&expected));
        assert!(off < 1e-5, "{chosen}: {off}");
        let answers = [
            values_of(&expected.clone().slice(s![0, 1, 3, 4]))[0],
            values_of(&expected.slice(s![1, 2, .., ..]).mean())[0],
        ];
        assert!(difference(&found[0].activations, &answers) < 1e-5, "{chosen}");
    }
}

#[test]
fn features_grow_the_same_way_every_time() {
    let device = devices::any();
    let run = |seed| {
        let setting = FeatureVisualization { steps: 100, seed, ..FeatureVisualization::default() };
        let objectives = [Objective::Channel(0)];
        setting.run(&Identity, "input", &objectives, [24, 20], &device).unwrap()
    };
    let (first, again, other) = (run(1), run(1), run(2));
    let last = |snapshots: &[_]| -> Vec<f32> {
        let snapshots: &[foveate::explain::visualize::FeatureSnapshot] = snapshots;
        values_of(snapshots.last().unwrap().pixels.tensor())
    };
    assert_eq!(last(&first), last(&again));
    assert_ne!(last(&first), last(&other));
    let [start, end] = [&first[0], &first[1]].map(|snapshot| snapshot.activations[0]);
    assert!(start < 0.6 && end > 0.8, "red grew from {start} to {end}");
}

#[test]
fn bad_questions_to_a_layer_are_errors() {
    let device = devices::any();
    let plain = FeatureVisualization::default();
    let error = |setting: &FeatureVisualization, layer, channel, size| {
        let objectives = [Objective::Channel(channel)];
        setting.run(&Identity, layer, &objectives, size, &device).unwrap_err()
    };
    let unknown = error(&plain, "nothing", 0, [32, 32]);
    assert!(matches!(unknown, ExplainError::Layer(_)) && unknown.to_string().contains("input"));
    let named = |error: ExplainError| match error {
        ExplainError::Setting(setting) => setting.name,
        error => panic!("{error}"),
    };
    assert_eq!(named(error(&plain, "input", 3, [32, 32])), "channel");
    assert!(matches!(error(&plain, "input", 0, [0, 32]), ExplainError::Empty { .. }));
    let none = plain.run(&Identity, "input", &[], [32, 32], &device).unwrap_err();
    assert!(matches!(none, ExplainError::Empty { .. }));
    let settings = [
        ("steps", FeatureVisualization { steps: 0, ..plain.clone() }),
        ("learning_rate", FeatureVisualization { learning_rate: -0.1, ..plain.clone() }),
        ("standard_deviation", FeatureVisualization { standard_deviation: -1.0, ..plain.clone() }),
        ("decay_power", FeatureVisualization { decay_power: f32::NAN, ..plain.clone() }),
    ];
    for (name, setting) in settings {
        assert_eq!(named(error(&setting, "input", 0, [32, 32])), name);
    }
    let none = Transformations::NONE;
    let transformations = [
        ("scale", Transformations { scale: 1.0, ..none }),
        ("degrees", Transformations { degrees: f32::NAN, ..none }),
        ("first_jitter + last_jitter", Transformations { last_jitter: 31, ..none }),
    ];
    for (name, transformations) in transformations {
        let setting = FeatureVisualization { transformations, ..plain.clone() };
        assert_eq!(named(error(&setting, "input", 0, [32, 32])), name);
    }
}
