//! Settings and data that are refused.

use foveate::data::{Images, digits};
use foveate::image::{Resize, RgbImage};
use foveate::models::{Architecture, LeNetConfig, initialized};
use foveate::train::{CropAndFlip, Optimizer, RandomResizedCrop, Schedule};
use foveate::transfer::{FineTune, Labeled, Trainable};

use super::{colors, exact, small};
use crate::support::devices;

#[test]
fn what_cannot_be_trained_is_told() {
    let device = devices::any();
    let (images, labels) = colors(64, 6);
    let data = Labeled::new(&images, &labels);
    let ok = FineTune { epochs: 1, trainable: Trainable::Head, ..Default::default() };
    let run = |settings: &FineTune, data, validation| {
        let network = small(Architecture::SqueezeNet1_1, &device);
        settings.run(network, &exact(64), data, validation).unwrap_err().to_string()
    };
    let told = |settings: FineTune, words: &str| {
        let error = run(&settings, data, None);
        assert!(error.contains(words), "{error}");
    };
    told(FineTune { batch: 0, ..ok.clone() }, "batch is 0");
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        told(FineTune { learning_rate: rate, ..ok.clone() }, "learning_rate is");
    }
    told(FineTune { patience: Some(1), ..ok.clone() }, "validation");
    told(FineTune { label_smoothing: 1.0, ..ok.clone() }, "label_smoothing is 1");
    told(
        FineTune { schedule: Schedule::Step { every: 0, factor: 0.1 }, ..ok.clone() },
        "every is 0",
    );
    told(
        FineTune { schedule: Schedule::Step { every: 1, factor: 2.0 }, ..ok.clone() },
        "factor is 2",
    );
    let momentum = Optimizer::Sgd { momentum: 1.0, weight_decay: 0.0, nesterov: false };
    told(FineTune { optimizer: momentum, ..ok.clone() }, "momentum is 1");
    let decay = Optimizer::Sgd { momentum: 0.0, weight_decay: -1.0, nesterov: false };
    told(FineTune { optimizer: decay, ..ok.clone() }, "weight_decay is -1");
    let crop = RandomResizedCrop { scale: [0.5, 1.5], ..Default::default() };
    let augmentation = CropAndFlip { flip: false, crop: Some(crop) };
    told(FineTune { augmentation, ..ok.clone() }, "scale is 0.5 to 1.5");
    told(
        FineTune { trainable: Trainable::From("features.13".into()), ..ok.clone() },
        "features.12",
    );
    told(
        FineTune { trainable: Trainable::From("classifier.2".into()), ..ok.clone() },
        "trainable is classifier.2",
    );
    // Steps that lead out of the numbers.
    let settings = FineTune {
        learning_rate: 1e30,
        epochs: 3,
        batch: 4,
        trainable: Trainable::All,
        ..ok.clone()
    };
    told(settings, "not finite");

    let few = Labeled::new(&images[..2], &labels);
    assert!(run(&ok, few, None).contains("2 rows"));
    assert!(run(&ok, Labeled::new(&[], &[]), None).contains("no images"));
    let empty = Labeled::new(&[], &[]);
    assert!(run(&ok, data, Some(empty)).contains("no images"));
    let wrong: Vec<usize> = labels.iter().map(|label| label + 1).collect();
    assert!(run(&ok, Labeled::new(&images, &wrong), None).contains("label 3"));
    let tiny = [RgbImage::new(4, 4)];
    let error = run(&ok, Labeled::new(&tiny, &[0]), None);
    assert!(error.contains("4x4"), "{error}");

    for (size, words) in [
        (Resize::Exact { height: 16, width: 16 }, "16x16"),
        (Resize::ShortSideCrop { short_side: 64, crop: 65 }, "crop: 65"),
        (Resize::Exact { height: 0, width: 64 }, "height: 0"),
    ] {
        let network = small(Architecture::SqueezeNet1_1, &device);
        let preprocessing = exact(64).with_resize(size);
        let error = ok.run(network, &preprocessing, data, None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    let headless = Architecture::ResNet18Layer3.init_with_width_divisor(8, &device);
    let error = ok.run(headless, &exact(64), data, None).unwrap_err().to_string();
    assert!(error.contains("score for each class"), "{error}");
}

#[test]
fn weights_of_classes_are_checked() {
    let set = digits(20, 0);
    let preprocessing = Images::preprocessing(&[&set]);
    for weights in [vec![1.0; 9], vec![0.0; 10], vec![f32::NAN; 10]] {
        let settings = FineTune { class_weights: Some(weights), ..Default::default() };
        let network = initialized(LeNetConfig::new().init(&devices::any()), 0);
        let error = settings.run(network, &preprocessing, Labeled::from(&set), None).unwrap_err();
        assert!(error.to_string().starts_with("class_weights is ["), "{error}");
    }
}
