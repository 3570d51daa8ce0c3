//! LeNet-5.

use foveate::models::{LeNetConfig, Network};

use crate::support::devices;

#[test]
fn lenet_is_lecun_s() {
    for channels in [1, 3] {
        let network = LeNetConfig::new().with_channels(channels).init(&devices::any());
        let layers = network.summary(28, 28).layers;
        let shape = |name: &str| {
            layers.iter().find(|layer| layer.name == name).map(|layer| layer.output_shape)
        };
        assert_eq!(shape("features.2"), Some([1, 6, 14, 14]));
        assert_eq!(shape("features.5"), Some([1, 16, 5, 5]));
        assert_eq!(shape("classifier.3"), Some([1, 84, 1, 1]));
        // With one channel LeNet-5 as PyTorch's tutorials count it.
        let parameters: usize = layers.iter().map(|layer| layer.parameters).sum();
        assert_eq!(parameters, 61_706 + (channels - 1) * 150);
        assert_eq!(
            network.with_classes(3).summary(28, 28).layers.last().unwrap().output_shape[1],
            3
        );
    }
}
