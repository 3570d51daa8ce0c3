//! The names of ImageNet's 1,000 classes.

/// The 1,000 ImageNet class names in the order of the networks' outputs, as torchvision spells
/// them.
pub fn imagenet_labels() -> Vec<String> {
    include_str!("imagenet_classes.txt").lines().map(String::from).collect()
}
