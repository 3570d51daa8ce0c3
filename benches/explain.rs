//! What an explanation costs, in units of one forward pass with the gradient of one score: one
//! image of 224x224 under SqueezeNet 1.1, on every backend of this build.
//!
//! ```text
//! cargo bench --all-features --bench explain
//! FOVEATE_DEVICE=flex cargo bench --all-features --bench explain
//! ```
//!
//! Medians of up to 5 repetitions in 10 seconds. captum's times for the same work are `rows`'
//! business: `python benches/compare.py --rows 'squeezenet1_1-*'`.

use std::env;
use std::time::Instant;

use foveate::burn::tensor::{Device, Distribution, Tensor};
use foveate::explain::{
    Attribution, Cam, CamRule, Deconvnet, FeatureAblation, GuidedBackprop, GuidedGradCam,
    InputXGradient, IntegratedGradients, Lrp, Occlusion, Rise, Saliency, SmoothGrad, Target,
};
use foveate::image::Preprocessing;
use foveate::models::{AnyNetwork, Architecture, Classifier, imagenet_labels};

type Method = Box<dyn Attribution<Classifier<AnyNetwork>>>;

fn methods() -> Vec<(&'static str, Method)> {
    let cam = |rule| -> Method { Box::new(Cam { rule, layer: "features.12".into() }) };
    let segments = (0..224 * 224).map(|i| i / 224 / 32 * 7 + i % 224 / 32).collect();
    let layer = "features.12".into();
    vec![
        ("saliency (one forward pass and its gradient)", Box::new(Saliency)),
        ("input x gradient", Box::new(InputXGradient)),
        ("guided backpropagation", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("LRP-epsilon", Box::new(Lrp::Epsilon(1e-6))),
        ("LRP composite", Box::new(Lrp::Composite(1e-6))),
        ("Grad-CAM", cam(CamRule::GradCam)),
        ("Grad-CAM++", cam(CamRule::GradCamPlusPlus)),
        ("LayerCAM", cam(CamRule::LayerCam)),
        ("guided Grad-CAM", Box::new(GuidedGradCam { layer })),
        ("integrated gradients, 50 steps", Box::new(IntegratedGradients::default())),
        ("SmoothGrad, 50 samples", Box::new(SmoothGrad::new(Saliency))),
        ("occlusion, 169 windows", Box::new(Occlusion::new([32; 2], [16; 2]))),
        ("feature ablation, 49 segments", Box::new(FeatureAblation::new(segments))),
        ("RISE, 200 masks", Box::new(Rise { masks: 200, ..Default::default() })),
    ]
}

/// The median time of a method, in milliseconds.
fn milliseconds(method: &Method, device: &Device) -> f64 {
    let network = Architecture::SqueezeNet1_1.init(device);
    let classifier = Classifier::new(network, Preprocessing::IMAGENET, imagenet_labels());
    let uniform = Distribution::Uniform(0.0, 1.0);
    let image = Tensor::random([1, 3, 224, 224], uniform, device);
    let once = || {
        let start = Instant::now();
        let map = method.attribute(&classifier, &image, &Target::Class(0));
        map.expect("the settings are right").into_data();
        start.elapsed().as_secs_f64() * 1e3
    };
    once();
    let start = Instant::now();
    let mut times = vec![once()];
    while times.len() < 5 && start.elapsed().as_secs_f64() < 10.0 {
        times.push(once());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let names = match env::var("FOVEATE_DEVICE") {
        Ok(name) => vec![name],
        Err(_) => foveate::compiled().into_iter().map(String::from).collect(),
    };
    for name in names {
        let chosen = match foveate::device(&name) {
            Ok(chosen) => chosen,
            Err(error) => {
                eprintln!("left out: {error}");
                continue;
            }
        };
        println!("\n| {name} | ms | units |\n| --- | --- | --- |");
        let mut unit = None;
        for (method, run) in methods() {
            let time = milliseconds(&run, &chosen.device);
            let unit = *unit.get_or_insert(time);
            println!("| {method} | {time:.1} | {:.1} |", time / unit);
        }
    }
}
