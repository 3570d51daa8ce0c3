//! Shapes, parameters and multiply-adds against the published ones.

use foveate::burn::tensor::Tensor;
use foveate::models::{Architecture, Network};

use super::small;
use crate::support::devices;

/// torchvision's `meta["num_params"]`; the published GoogLeNet by the paper's table of filters, as
/// its weights have it; features: the whole less the layers left out.
#[test]
fn parameter_counts_are_the_published_ones() {
    let device = devices::any();
    for (architecture, published) in [
        (Architecture::Vgg11, 132_863_336),
        (Architecture::Vgg13, 133_047_848),
        (Architecture::Vgg16, 138_357_544),
        (Architecture::Vgg19, 143_667_240),
        (Architecture::Vgg16Features, 14_714_688),
        (Architecture::SqueezeNet1_0, 1_248_424),
        (Architecture::SqueezeNet1_1, 1_235_496),
        (Architecture::ResNet18, 11_689_512),
        (Architecture::ResNet34, 21_797_672),
        (Architecture::GoogLeNet, 6_624_904),
        (Architecture::GoogLeNetPublished, 6_998_552),
    ] {
        let summary = architecture.init(&device).summary(224, 224);
        assert_eq!(summary.parameters(), published, "{architecture}");
    }
}

/// torchvision's `meta["_ops"]`, in units of 10^9 with three digits.
#[test]
fn multiply_adds_are_the_published_ones() {
    let device = devices::any();
    for (architecture, published) in [
        (Architecture::Vgg11, 7.609),
        (Architecture::Vgg13, 11.308),
        (Architecture::Vgg16, 15.47),
        (Architecture::Vgg19, 19.632),
        (Architecture::SqueezeNet1_0, 0.819),
        (Architecture::SqueezeNet1_1, 0.349),
        (Architecture::ResNet18, 1.814),
        (Architecture::ResNet34, 3.664),
        (Architecture::GoogLeNet, 1.498),
    ] {
        let billions = architecture.init(&device).summary(224, 224).multiply_adds() as f64 / 1e9;
        assert!((billions - published).abs() < 6e-4, "{architecture}: {billions} for {published}");
    }
}

/// The practical's question 1.
#[test]
fn most_of_vgg16_is_fully_connected() {
    let summary = Architecture::Vgg16.init(&devices::any()).summary(224, 224);
    let parameters =
        |name: &str| summary.layers.iter().find(|layer| layer.name == name).unwrap().parameters;
    assert_eq!(parameters("classifier.0"), 102_764_544);
    assert_eq!(parameters("classifier.3"), 16_781_312);
    assert_eq!(parameters("classifier.6"), 4_097_000);
    assert!(summary.to_string().contains("138357544"), "{summary}");
}

#[test]
fn summary_tells_the_shapes_that_come_out() {
    let device = devices::any();
    for architecture in Architecture::ALL {
        let network = small(architecture, &device);
        for [h, w] in [[64, 64], [51, 40], [65, 97]] {
            let input = Tensor::<4>::zeros([1, 3, h, w], &device);
            for layer in network.summary(h, w).layers {
                let found = network.features(input.clone(), &layer.name).unwrap().dims();
                assert_eq!(layer.output_shape, found, "{architecture} {} at {h}x{w}", layer.name);
            }
        }
    }
}
