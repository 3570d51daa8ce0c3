//! Attributions against captum, torch-cam and pytorch-grad-cam.

use std::collections::BTreeMap;

use foveate::burn::tensor::TensorData;
use foveate::explain::{
    Cam, CamRule, Deconvnet, GuidedBackprop, InputXGradient, IntegratedGradients, Lrp, Occlusion,
    Saliency, Target,
};
use foveate::image::Pixels;
use foveate::models::Architecture;

use super::{CAMS, Method, methods};
use crate::support::close::{distance, relative_error, values};
use crate::support::golden::golden_tensors;
use crate::support::real::{classifier, data, val_25};
use crate::support::{devices, tell};

/// The most that a map may differ from captum's, relative in L2. The reference is f32, as we are: near ties of ReLU and
/// max pooling fall this way or that, by exact sums few.
const FROM_CAPTUM: f64 = 2e-3;

/// CAMs see no tie behind the layer: f32 rounding.
fn against_golden(architecture: Architecture, name: &str, layer: &str) {
    let Some((images, _)) = val_25() else { return };
    let images = [0, 5, 10, 15].map(|i| images[i].clone());
    let golden: BTreeMap<String, TensorData> = golden_tensors("attributions.safetensors");
    let golden = |method: &str| golden.get(&format!("{name}.{method}")).cloned().map(values);
    let classes: Vec<f32> = golden("classes").unwrap();

    let device = devices::any();
    let Some(classifier) = classifier(architecture, &device) else { return };
    let pixels = Pixels::from_images(&images, &device);
    let mut compared = 0;
    let mut check = |method: &str, found: Vec<f32>, every: usize, limit: f64| {
        let Some(expected) = golden(method) else { return };
        let off = distance(&found.into_iter().step_by(every).collect::<Vec<_>>(), &expected);
        tell(&format!("{name}, {method}: {off:.1e} from the reference"));
        assert!(off < limit, "{name}, {method}: {off:e}");
        compared += 1;
    };
    // The classes of the golden file are those that the model finds.
    let target = Target::Classes(classes.iter().map(|&class| class as usize).collect());
    for (method, ours) in methods(layer) {
        let map = ours.attribute(&classifier, pixels.tensor(), &target).unwrap();
        check(method, values(map.into_data()), 37, FROM_CAPTUM);
    }
    for (method, rule) in CAMS {
        let cam = Cam { rule, layer: layer.into() };
        let map = cam.activation_map(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
        check(method, values(map.into_data()), 1, 1e-5);
    }
    assert_eq!(compared, 15, "methods compared");
}

#[test]
fn attributions_of_squeezenet() {
    against_golden(Architecture::SqueezeNet1_1, "squeezenet", "features.12");
}

#[test]
fn attributions_of_published_googlenet() {
    against_golden(Architecture::GoogLeNetPublished, "googlenet", "inception5b");
}

/// From the JPEG file on (tests/golden/attributions_files.py): decoded, resized, cropped, explained. Logits within 1e-5 of
/// the largest: f32 sums in another order. A ReLU or a maximum near a tie falls this way or that, in PyTorch's f32 as in
/// ours: maps are within 5e-3, or within twice what PyTorch's f32 is from its f64 (up to 3e-2).
#[test]
fn attributions_of_files() {
    let device = devices::any();
    let Some(classifier) = classifier(Architecture::SqueezeNet1_1, &device) else { return };
    let golden = golden_tensors("attributions_files.safetensors");
    let files: Vec<&str> = golden.keys().filter_map(|key| key.strip_suffix(".logits")).collect();
    assert!(files.len() >= 15);
    let gradient: Vec<(&str, Method)> = vec![
        ("saliency", Box::new(Saliency)),
        ("input_x_gradient", Box::new(InputXGradient)),
        (
            "integrated_gradients",
            Box::new(IntegratedGradients { steps: 8, batch: 4, ..Default::default() }),
        ),
        ("guided_backprop", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("lrp_epsilon", Box::new(Lrp::Epsilon(1e-9))),
        ("occlusion", Box::new(Occlusion::new([64, 64], [40, 40]))),
    ];
    let mut worst: BTreeMap<&str, f64> = BTreeMap::new();
    let mut beyond = Vec::new();
    for name in files {
        let Some(file) = data(name) else { return };
        let image = foveate::image::open(file).unwrap();
        let pixels = classifier.preprocessing().pixels(&[image], &device).unwrap();
        let expected = |what: &str| values(golden[&format!("{name}.{what}")].clone());
        let mut check = |what: &'static str, off: f64, limit: f64| {
            let worst = worst.entry(what).or_default();
            *worst = worst.max(off);
            if off > limit {
                beyond.push(format!("{name}, {what}: {off:.1e}"));
            }
        };
        let logits = values(classifier.logits(&pixels).into_data());
        let logits: Vec<f32> = logits.into_iter().step_by(7).collect();
        check("logits", relative_error(&logits, &expected("logits")).into(), 1e-5);
        for (what, method) in &gradient {
            let map = method.attribute(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
            let map: Vec<f32> = values(map.into_data()).into_iter().step_by(291).collect();
            let own = f64::from(expected(&format!("{what}.own"))[0]);
            check(what, distance(&map, &expected(what)), (2.0 * own).max(5e-3));
        }
        let cam = Cam { rule: CamRule::GradCam, layer: "features.12".into() };
        let map = cam.activation_map(&classifier, pixels.tensor(), &Target::Predicted).unwrap();
        let map = values(map.into_data());
        check("grad_cam", distance(&map, &expected("grad_cam")), 1e-5);
    }
    for (what, off) in worst {
        tell(&format!("files, {what}: at most {off:.1e} from the reference"));
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
}
