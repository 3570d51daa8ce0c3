//! What holds of every method: it touches nothing, and refuses bad input.

use foveate::burn::module::{Module, ModuleVisitor, Param};
use foveate::burn::tensor::Tensor;
use foveate::explain::{
    Attribution, Baseline, Cam, CamRule, ExplainError, IntegratedGradients, Lrp, Quadrature,
    Saliency, SmoothGrad, Target,
};
use foveate::image::Preprocessing;
use foveate::models::{AnyNetwork, Architecture, Classifier, Network};

use super::{CAMS, methods, powers};
use crate::support::close::values;
use crate::support::devices::{self, noise};

/// Every parameter and running statistic, bit by bit.
fn state(network: &AnyNetwork) -> Vec<u32> {
    struct Bits(Vec<u32>);
    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            self.0.extend(values(parameter.val().into_data()).iter().map(|value| value.to_bits()));
        }
    }
    let mut bits = Bits(Vec::new());
    network.visit(&mut bits);
    bits.0
}

/// On networks in training on an autodiff device, with batch norm and dropout: no method changes a bit
/// of their weights and statistics, or of the caller's tensor, and each gives the same bits again.
#[test]
fn nothing_is_touched() {
    for (architecture, layer, divisor) in
        [(Architecture::ResNet18, "layer4", 8), (Architecture::GoogLeNet, "inception5b", 8)]
    {
        let device = devices::any().autodiff();
        let network = architecture.init_with_width_divisor(divisor, &device).with_classes(10);
        let labels = (0..10).map(|i| i.to_string()).collect();
        let before = state(&network);
        assert!(before.len() > 10_000);
        let classifier = Classifier::new(network.clone(), Preprocessing::IMAGENET, labels);
        let inside = state(classifier.network());
        let pixels = noise([2, 3, 64, 64], 9, &device).require_grad();
        let pixels_before = values(pixels.to_data());
        let mut all = methods(layer);
        all.push(("smooth_grad", Box::new(SmoothGrad { samples: 3, ..SmoothGrad::new(Saliency) })));
        all.push(("lrp_composite", Box::new(Lrp::Composite(1e-6))));
        for (_, rule) in CAMS {
            all.push(("cam", Box::new(Cam { rule, layer: layer.into() })));
        }
        for (name, method) in all {
            let map = || {
                let map = method.attribute(&classifier, &pixels, &Target::Predicted).unwrap();
                assert!(!map.is_autodiff(), "{name}");
                values(map.into_data())
            };
            let (first, second) = (map(), map());
            assert!(first.iter().all(|value| value.is_finite()), "{name}");
            // A class activation map of random weights may be 0 throughout.
            let zero = first.iter().all(|&value| value == 0.0);
            assert!(!zero || name != "saliency", "{name} of {architecture} is zero");
            assert_eq!(first, second, "{name}: two calls");
            assert_eq!(state(&network), before, "{name}: the network");
            assert_eq!(state(classifier.network()), inside, "{name}: the classifier's network");
        }
        assert_eq!(values(pixels.to_data()), pixels_before);
        assert!(pixels.is_require_grad());

        // A network in training in a closure is refused before it has moved its statistics.
        let closure = |x: Tensor<4>| network.forward(x);
        let refused = Saliency.attribute(&closure, &pixels, &Target::Predicted).unwrap_err();
        assert_eq!(refused, ExplainError::Training);
        assert_eq!(state(&network), before);
    }
}

#[test]
fn bad_input_is_refused() {
    let device = devices::any();
    let x = noise([2, 1, 3, 3], 10, &device);
    let text = |result: Result<Tensor<4>, ExplainError>| result.unwrap_err().to_string();
    let saliency = |x: &Tensor<4>, target| text(Saliency.attribute(&powers, x, &target));
    assert!(saliency(&x, Target::Class(2)).contains("class 2 is asked for, and the model has 2"));
    assert!(saliency(&x, Target::Classes(vec![0; 3])).contains("3 classes for 2 images"));
    let score = Target::score(|logits| logits.flatten::<1>(0, 1));
    assert!(saliency(&x, score).contains("4 values for 2 images"));
    assert!(saliency(&(x.clone() / 0.0), Target::Predicted).contains("expected finite numbers"));
    let none = Tensor::zeros([0, 1, 3, 3], &device);
    assert!(saliency(&none, Target::Predicted).contains("[0, 1, 3, 3]"));
    let flat = |x: Tensor<4>| x.sum().reshape([1, 1]);
    assert!(text(Saliency.attribute(&flat, &x, &Target::Predicted)).contains("[1, 1]"));

    let integrated =
        |method: IntegratedGradients| text(method.attribute(&powers, &x, &Target::Predicted));
    let default = IntegratedGradients::default;
    assert!(integrated(IntegratedGradients { steps: 0, ..default() }).contains("steps is 0"));
    assert!(integrated(IntegratedGradients { batch: 0, ..default() }).contains("batch is 0"));
    let rule = Quadrature::RiemannTrapezoid;
    assert!(integrated(IntegratedGradients { steps: 1, rule, ..default() }).contains("2 or more"));
    let baseline = Baseline::Images(noise([1, 1, 2, 2], 1, &device));
    assert!(integrated(IntegratedGradients { baseline, ..default() }).contains("[2, 1, 3, 3]"));
    let smooth =
        |smooth: SmoothGrad<Saliency>| text(smooth.attribute(&powers, &x, &Target::Predicted));
    let plain = || SmoothGrad::new(Saliency);
    assert!(smooth(SmoothGrad { samples: 0, ..plain() }).contains("samples is 0"));
    for sigma in [-1.0, f32::NAN, f32::INFINITY] {
        assert!(smooth(SmoothGrad { sigma, ..plain() }).contains("sigma is"), "{sigma}");
    }

    let network = Architecture::SqueezeNet1_1.init_with_width_divisor(8, &device).with_classes(10);
    let labels = (0..10).map(|i| i.to_string()).collect();
    let classifier = Classifier::new(network, Preprocessing::IMAGENET, labels);
    let pixels = noise([1, 3, 64, 64], 11, &device);
    let cam = Cam { rule: CamRule::GradCam, layer: "features.99".into() };
    let unknown = text(cam.attribute(&classifier, &pixels, &Target::Predicted));
    assert!(unknown.contains("features.99") && unknown.contains("features.12"), "{unknown}");
    for epsilon in [0.0, -1.0, f32::NAN] {
        let lrp = Lrp::Epsilon(epsilon).attribute(&classifier, &pixels, &Target::Predicted);
        assert!(text(lrp).contains("epsilon is"), "{epsilon}");
    }
}
