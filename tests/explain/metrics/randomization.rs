//! Randomization of the layers.

use foveate::burn::module::{Module, ModuleMapper, Param};
use foveate::burn::tensor::{Device, Tensor, s};
use foveate::explain::metrics::cascading_randomization;
use foveate::explain::{Attribution, ExplainError, LayeredModel, Model, Saliency, Target};
use foveate::image::Preprocessing;
use foveate::models::{AnyNetwork, Architecture, BackwardRule, Classifier, Network, UnknownLayer};

use crate::explain::{noise, target, val_2};
use crate::support::close::values_of;
use crate::support::devices;

/// Guided backpropagation, whose map depends little on the layers behind the first.
struct Guided;

impl Attribution<Classifier> for Guided {
    fn attribute(
        &self,
        model: &Classifier,
        input: &Tensor<4>,
        target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let Target::Classes(classes) = target else { unreachable!("the target is fixed") };
        let tracked = input.clone().inner().autodiff().require_grad();
        let logits =
            model.logits_with_rule(model.normalized(tracked.clone()), BackwardRule::Guided)?;
        let class = classes[0];
        let score = logits.slice(s![.., class..class + 1]).sum();
        Ok(tracked.grad(&score.backward()).expect("the score depends on the input"))
    }
}

/// Adebayo et al., figure 3: as the layers become random from the last one on, saliency loses its
/// likeness, and guided backpropagation hardly does. Means over the first seven of ten layers: with
/// all of them random, SqueezeNet's last ReLU may leave no gradient at all.
#[test]
fn randomization_tells_saliency_from_guided_backpropagation() {
    let Some((classifier, input)) = val_2() else { return };
    let input = input.narrow(0, 0, 1);
    let Target::Classes(classes) = target() else { unreachable!() };
    let target = Target::Class(classes[0]);
    let weights =
        |model: &Classifier| values_of(&model.logits(&foveate::image::Pixels::new(input.clone())));
    let before = weights(&classifier);
    let likeness = |method: &dyn Attribution<Classifier>, seed| {
        let steps = cascading_randomization(method, &classifier, &input, &target, seed).unwrap();
        let layers: Vec<&str> = steps.iter().map(|step| step.layer.as_str()).collect();
        let expected = ["classifier.1", "features.12", "features.11", "features.10", "features.9"];
        assert_eq!(layers[..5], expected);
        assert_eq!(layers.len(), 10);
        println!("{:?}", steps.iter().map(|step| step.correlations[0]).collect::<Vec<_>>());
        steps[..7].iter().map(|step| step.correlations[0]).sum::<f32>() / 7.0
    };
    for seed in [1, 2] {
        let (saliency, guided) = (likeness(&Saliency, seed), likeness(&Guided, seed));
        assert!(saliency < 0.5 && guided > 0.8, "seed {seed}: {saliency} and {guided}");
    }
    assert_eq!(before, weights(&classifier), "the classifier itself has changed");
    let repeat = |seed| cascading_randomization(&Saliency, &classifier, &input, &target, seed);
    assert_eq!(format!("{:?}", repeat(1)), format!("{:?}", repeat(1)));
}

/// Every network's parameters are found by the names of its layers, and its running statistics
/// stay its own.
#[test]
fn randomization_reaches_every_layer_and_leaves_the_network_alone() {
    for (architecture, layers) in [
        (Architecture::Vgg11, 11),
        (Architecture::SqueezeNet1_1, 10),
        (Architecture::ResNet18, 11),
        (Architecture::GoogLeNet, 13),
        (Architecture::GoogLeNetPublished, 13),
    ] {
        let device: Device = devices::any();
        device.seed(5);
        let network: AnyNetwork = architecture.init_with_width_divisor(16, &device);
        // The vectors of a new batch norm are of one value: shuffled, they would be the same.
        let network = network.map(&mut Stirred(0));
        let labels = vec![String::new(); 1000];
        let classifier = Classifier::new(network, Preprocessing::IMAGENET, labels);
        let input = noise([1, 3, 64, 64], 1).abs();
        let logits = |classifier: &Classifier| values_of(&Model::logits(classifier, input.clone()));
        let before = logits(&classifier);
        let seen = std::sync::Mutex::new(Vec::<Vec<f32>>::new());
        // A map made of every layer's activations, to see which have changed.
        let spy = Spy(&seen);
        let target = Target::Class(0);
        let steps = cascading_randomization(&spy, &classifier, &input, &target, 7).unwrap();
        assert_eq!(steps.len(), layers, "{architecture}");
        let seen = seen.into_inner().unwrap();
        let names: Vec<String> =
            classifier.network().layers().iter().map(|named| named.name.clone()).collect();
        for (step, sums) in steps.iter().zip(&seen[1..]) {
            // Before the layer nothing has changed, and behind it something has.
            let place = names.iter().position(|name| *name == step.layer).unwrap();
            assert_eq!(sums[..place], seen[0][..place], "{architecture} before {}", step.layer);
            assert!(sums[place] != seen[0][place], "{architecture} at {}", step.layer);
        }
        assert_eq!(before, logits(&classifier), "{architecture}");
    }
}

/// Adds positive noise to all parameters.
struct Stirred(u64);

impl ModuleMapper for Stirred {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.0 += 1;
        param.map(|tensor| {
            let some = noise([1, 1, 1, tensor.dims().iter().product()], self.0).abs() * 0.1;
            tensor.clone() + some.reshape(tensor.dims())
        })
    }
}

/// Notes the sum of the activations after each layer.
struct Spy<'a>(&'a std::sync::Mutex<Vec<Vec<f32>>>);

impl Attribution<Classifier> for Spy<'_> {
    fn attribute(
        &self,
        model: &Classifier,
        input: &Tensor<4>,
        _target: &Target,
    ) -> Result<Tensor<4>, ExplainError> {
        let normalized = model.normalized(input.clone());
        let layers = model.network().layers();
        let sum = |name: &str| -> Result<f32, UnknownLayer> {
            Ok(values_of(&model.features(normalized.clone(), name)?).iter().sum())
        };
        let sums: Result<Vec<f32>, UnknownLayer> =
            layers.iter().map(|named| sum(&named.name)).collect();
        self.0.lock().unwrap().push(sums?);
        Ok(input.clone())
    }
}
