//! Attributions, with the settings of `peers/pytorch.py`'s `explain`.

use foveate::burn::tensor::{Device, Distribution, Tensor};
use foveate::explain::{
    Attribution, Cam, CamRule, IntegratedGradients, Occlusion, Saliency, SmoothGrad, Target,
};
use foveate::image::Preprocessing;
use foveate::models::{AnyNetwork, Architecture, Classifier, imagenet_labels};

use crate::Repeat;

/// Which one.
#[derive(Clone, Copy)]
pub enum Method {
    Saliency,
    /// 50 steps, eight at a time.
    IntegratedGradients,
    /// 50 samples, eight at a time.
    SmoothGrad,
    /// Of the last convolution before the classifier, upsampled.
    GradCam,
    /// Windows of 32 pixels every 16, eight at a time.
    Occlusion,
}

/// The work on one image of 224x224.
pub fn prepare(method: Method, device: &Device) -> Repeat {
    let network = Architecture::SqueezeNet1_1.init(device);
    let classifier = Classifier::new(network, Preprocessing::IMAGENET, imagenet_labels());
    let image = Tensor::random([1, 3, 224, 224], Distribution::Uniform(0.0, 1.0), device);
    let method: Box<dyn Attribution<Classifier<AnyNetwork>>> = match method {
        Method::Saliency => Box::new(Saliency),
        Method::IntegratedGradients => Box::new(IntegratedGradients::default()),
        Method::SmoothGrad => Box::new(SmoothGrad::new(Saliency)),
        Method::GradCam => Box::new(Cam { rule: CamRule::GradCam, layer: "features.12".into() }),
        Method::Occlusion => Box::new(Occlusion { batch: 8, ..Occlusion::new([32; 2], [16; 2]) }),
    };
    Box::new(move || {
        let map = method.attribute(&classifier, &image, &Target::Class(0));
        map.expect("the settings are right").into_data();
    })
}
