//! Classifiers: what they leave alone, and their files.

use foveate::image::{Pixels, Preprocessing, Resize, RgbImage};
use foveate::models::weights::{self, Precision, WeightsError};
use foveate::models::{Architecture, Classifier, DannConfig, initialized};

use crate::adapt::PREPROCESSING;
use crate::support::close::values;
use crate::support::devices;
use crate::support::golden::{narrow, state, tensors};

#[test]
fn classifiers_do_not_train() {
    let device = devices::any().autodiff();
    let resnet = narrow(Architecture::ResNet18, 8, "resnet18.pth", &device);
    let labels = (0..10).map(|class| class.to_string()).collect();
    let classifier = Classifier::new(resnet, Preprocessing::IMAGENET, labels);
    let folder = tempfile::tempdir().unwrap();
    let saved = |name| {
        let path = folder.path().join(name);
        weights::save(classifier.network(), &path).unwrap();
        tensors(&path)
    };
    let before = saved("before");
    let image = RgbImage::from_fn(50, 40, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
    let [first, second] =
        [(); 2].map(|()| classifier.classify(std::slice::from_ref(&image), 10).unwrap());
    assert_eq!(first, second);
    assert_eq!(before, saved("after"), "running statistics are as they were");

    // The same with an input that is tracked, as explanations have it.
    let pixels = Pixels::new(devices::noise([2, 3, 40, 40], 3, &device).require_grad());
    let gradients = classifier.logits(&pixels).sum().backward();
    assert!(pixels.tensor().grad(&gradients).is_some());
    assert_eq!(before, saved("after"), "running statistics are as they were");
}

/// Half precision rounds to 11 bits: 2^-11 of each weight.
#[test]
fn classifiers_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dann.safetensors");
    let labels: Vec<String> = (0..10).map(|digit| format!("digit {digit}")).collect();
    let config = DannConfig::new().with_normalized(true);
    let network = initialized(config.init(&devices::any()), 4);
    let classifier = Classifier::new(network, PREPROCESSING, labels.clone());
    let mut sizes = Vec::new();
    for (precision, tolerance) in [(Precision::Single, 0.0), (Precision::Half, 1.0 / 2048.0)] {
        classifier.save(&path, precision).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        sizes.push(bytes.len());
        for _ in 0..4 {
            classifier.save(&path, precision).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "the same bytes every time");
        }
        let read = Classifier::load(config.init(&devices::any()), &path).unwrap();
        assert_eq!(read.labels(), labels);
        assert_eq!(*read.preprocessing(), PREPROCESSING);
        let (before, after) = (state(classifier.network()), state(read.network()));
        for (name, expected) in before {
            for (a, b) in values(after[&name].clone()).into_iter().zip(values(expected)) {
                assert!(
                    (a - b).abs() <= tolerance * b.abs() + 1e-7 * f32::from(tolerance > 0.0),
                    "{name}"
                );
            }
        }
    }
    assert!(sizes[1] * 10 < sizes[0] * 6, "{sizes:?}");

    let plain = DannConfig::new().init(&devices::any());
    let error = Classifier::load(plain, &path).unwrap_err();
    assert!(matches!(error, WeightsError::Mismatch { .. }), "{error}");
    // Descriptions of other classes, and of images that the network does not take.
    for (labels, size, words) in
        [(vec![labels[0].clone()], 28, "1 labels"), (labels.clone(), 64, "64x64")]
    {
        let preprocessing = PREPROCESSING.with_resize(Resize::Exact { height: size, width: size });
        let other = Classifier::new(classifier.network().clone(), preprocessing, labels);
        other.save(&path, Precision::Single).unwrap();
        let error = Classifier::load(config.init(&devices::any()), &path).unwrap_err();
        assert!(matches!(error, WeightsError::Unfit { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    weights::save(classifier.network(), &path).unwrap();
    let error = Classifier::load(config.init(&devices::any()), &path).unwrap_err().to_string();
    assert!(error.contains("Classifier::save"), "{error}");
    assert!(Classifier::load(config.init(&devices::any()), folder.path().join("none")).is_err());
}
