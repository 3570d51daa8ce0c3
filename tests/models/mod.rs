//! The networks, their layers and their weights.

mod architecture;
mod classifier;
mod gan;
mod initialize;
mod layer;
mod lenet;
mod network;
mod pretrained;
mod summary;
mod weights;

use foveate::burn::tensor::Device;
use foveate::models::{AnyNetwork, Architecture, Network};

use crate::support::close::values;
use crate::support::devices;

/// As `narrow()` of tests/golden/networks/networks.py.
const NARROW: [(Architecture, usize, &str); 9] = [
    (Architecture::Vgg11, 32, "vgg11.safetensors"),
    (Architecture::Vgg13, 32, "vgg13.pth"),
    (Architecture::Vgg16, 32, "vgg16.safetensors"),
    (Architecture::Vgg19, 32, "vgg19.pth"),
    (Architecture::SqueezeNet1_0, 8, "squeezenet1_0.safetensors"),
    (Architecture::SqueezeNet1_1, 8, "squeezenet1_1.pth"),
    (Architecture::ResNet18, 8, "resnet18.pth"),
    (Architecture::ResNet34, 16, "resnet34.safetensors"),
    (Architecture::GoogLeNet, 8, "googlenet.pth"),
];

/// A small network with random weights.
fn small(architecture: Architecture, device: &Device) -> AnyNetwork {
    let narrow = if architecture.name().starts_with("vgg") { 32 } else { 8 };
    let input = devices::noise([1, 3, 48, 40], 1, device);
    // So narrow, a random SqueezeNet may have no ReLU left that is open: it answers 0 to everything.
    loop {
        let network = architecture.init_with_width_divisor(narrow, device);
        let network = if architecture.classifies() { network.with_classes(10) } else { network };
        if values(network.forward(input.clone()).into_data()).iter().any(|&value| value != 0.0) {
            return network;
        }
    }
}
