//! Class activation maps against one another.

use foveate::explain::{Cam, CamRule, IntegratedGradients, Target};
use foveate::image::{Pixels, Preprocessing};
use foveate::models::{Architecture, Classifier, Network, initialized};

use super::assert_near;
use crate::support::close::values;
use crate::support::devices::{self, noise};
use crate::support::real::{classifier, val_25};

/// Grad-CAM++ of scores times a factor: with g sum(A) far below 2 the weight of a channel is half of the
/// positive gradients, with g sum(A) far beyond it 1 / sum(A) for each pixel whose gradient is positive.
#[test]
fn grad_cam_plus_plus_of_tiny_and_vast_scores() {
    let device = devices::any();
    let network = Architecture::ResNet18.init_with_width_divisor(8, &device).with_classes(10);
    let labels = (0..10).map(|i| i.to_string()).collect();
    let classifier = Classifier::new(initialized(network, 0), Preprocessing::IMAGENET, labels);
    let pixels = noise([1, 3, 64, 64], 11, &device);
    let map = |rule, factor: f32| {
        let score = Target::score(move |logits| logits.slice([0..1, 3..4]).squeeze_dim(1) * factor);
        let cam = Cam { rule, layer: "layer3".into() };
        cam.activation_map(&classifier, &pixels, &score).unwrap()
    };
    let plus = |factor| map(CamRule::GradCamPlusPlus, factor);
    let [tiny, small] = [1e-20, 1e-10].map(|factor| plus(factor) * (1.0 / factor));
    assert!(values(tiny.clone().into_data()).iter().any(|&value| value > 0.0), "an empty map");
    assert_near(tiny, small, 1e-5, "tiny scores");
    let [large, vast] = [plus(1e14), plus(1e18)];
    let sum = values(vast.clone().sum().into_data())[0];
    assert!(sum.is_finite() && sum > 0.0, "{sum}");
    assert_near(vast, large, 1e-5, "vast scores");
}

/// Behind inception5b there are average pooling over 7x7 pixels and a fully connected layer: there CAM
/// is Grad-CAM times 49. And completeness: 20 steps leave less than 5 % of the difference of the scores.
#[test]
fn cam_and_completeness_of_googlenet() {
    let device = devices::any();
    let Some(classifier) = classifier(Architecture::GoogLeNetPublished, &device) else { return };
    let Some((images, _)) = val_25() else { return };
    let pixels = Pixels::from_images(&images[..1], &device);
    let map = |rule| {
        let cam = Cam { rule, layer: "inception5b".into() };
        cam.activation_map(&classifier, pixels.tensor(), &Target::Predicted).unwrap()
    };
    assert_near(map(CamRule::Cam), map(CamRule::GradCam) * 49.0, 1e-5, "CAM");

    let method = IntegratedGradients { steps: 20, ..Default::default() };
    let target = Target::Predicted;
    let (map, delta) = method.attribute_with_delta(&classifier, pixels.tensor(), &target).unwrap();
    let sum = values(map.sum().into_data())[0];
    assert!(delta[0].abs() < 0.05 * (sum - delta[0]).abs(), "{} of {sum}", delta[0]);
}
