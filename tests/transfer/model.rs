//! A model on disk: what is loaded answers as what was saved, and what is no model is refused.

use std::fs;
use std::path::Path;

use foveate::SettingError;
use foveate::image::{Preprocessing, Resize, RgbImage};
use foveate::models::{Architecture, weights};
use foveate::transfer::{
    FeatureExtractor, Features, LearnError, LinearClassifier, LinearSvc, Pca, Pooling,
    TransferError, TransferModel,
};
use tempfile::TempDir;

use crate::support::devices;

const SMALL: Preprocessing =
    Preprocessing { resize: Resize::Exact { height: 48, width: 40 }, ..Preprocessing::IMAGENET };

/// Red, green and blue images with stripes, in turn.
fn images() -> Vec<RgbImage> {
    let image = |i: u32| {
        RgbImage::from_fn(50, 60, |x, y| {
            let mut pixel = [(x * 2 + i * 5) as u8 / 2, (y * 2) as u8 / 2, 30];
            pixel[(i % 3) as usize] = 200 + (i + x) as u8 % 40;
            image::Rgb(pixel)
        })
    };
    (0..12).map(image).collect()
}

fn extractor(layer: &str, mirrored: bool) -> FeatureExtractor {
    let network = Architecture::SqueezeNet1_1.init(&devices::any());
    let mut extractor =
        FeatureExtractor::new(network, SMALL, layer, Pooling::GlobalAverage).unwrap();
    extractor.mirrored = mirrored;
    extractor
}

fn model() -> TransferModel {
    let extractors = vec![extractor("features.4", false), extractor("features.7", true)];
    let parts: Vec<_> = extractors.iter().map(|it| it.extract(&images()).unwrap()).collect();
    let features = Features::concat(&parts);
    let labels: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let pca = Pca::fit(&features, 5).unwrap();
    let rows = pca.transform(&features).unwrap();
    let svc = LinearSvc { c: 100.0, ..Default::default() };
    let classifier = svc.fit(&rows, &labels, 3).unwrap().classifier;
    let labels = ["red", "green", "blue"].map(String::from);
    TransferModel::new(extractors, Some(pca), classifier, labels.to_vec()).unwrap()
}

#[test]
fn a_loaded_model_answers_as_the_saved_one() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("colors.safetensors");
    let model = model();
    model.save(&file).unwrap();
    let loaded = TransferModel::load(&file, &devices::any()).unwrap();
    assert_eq!(loaded.labels(), ["red", "green", "blue"]);
    assert_eq!(loaded.scores(&images()).unwrap(), model.scores(&images()).unwrap());
    for (i, guesses) in loaded.classify(&images(), 2).unwrap().iter().enumerate() {
        assert_eq!(guesses.len(), 2);
        assert_eq!(guesses[0].label, ["red", "green", "blue"][i % 3]);
        assert!(guesses[0].score > guesses[1].score);
    }
    // Nothing but the file is left, and a folder that is not there is an error.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(matches!(model.save(folder.path().join("a/b")), Err(TransferError::Io { .. })));
}

/// The way of the README: no PCA, and an image's central square; all activations, of any length.
#[test]
fn a_plain_model_is_read_back() {
    let network = Architecture::SqueezeNet1_1.init(&devices::any());
    let square = Resize::ShortSideCrop { short_side: 40, crop: 32 };
    let square = Preprocessing::IMAGENET.with_resize(square);
    let mut extractor =
        FeatureExtractor::new(network, square, "features.5", Pooling::Flatten).unwrap();
    extractor.l2_normalized = false;
    let features = extractor.extract(&images()).unwrap();
    let labels: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let classifier = LinearSvc::default().fit(&features, &labels, 3).unwrap().classifier;
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let extractors = vec![extractor];
    let model = TransferModel::new(extractors, None, classifier, names).unwrap();
    let file = TempDir::new().unwrap();
    let file = file.path().join("model.safetensors");
    model.save(&file).unwrap();
    let loaded = TransferModel::load(&file, &devices::any()).unwrap();
    assert_eq!(loaded.scores(&images()).unwrap(), model.scores(&images()).unwrap());
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let classifier = LinearClassifier::new(vec![0.0; 2 * 7], vec![0.0; 2]);
    let labels = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
    let new = |extractors, labels| TransferModel::new(extractors, None, classifier.clone(), labels);
    let error = new(vec![extractor("features.4", false)], labels(2)).unwrap_err();
    assert!(matches!(
        error,
        TransferError::Learn(LearnError::Dimensions { expected: 7, found: 128 })
    ));
    assert!(matches!(new(vec![], labels(2)), Err(TransferError::Setting(_))));
    let narrow = Architecture::SqueezeNet1_1.init_with_width_divisor(2, &devices::any());
    let other = FeatureExtractor::new(narrow, SMALL, "features.4", Pooling::GlobalAverage).unwrap();
    assert_eq!(other.spec(), None);
    assert!(matches!(
        new(vec![other], labels(2)),
        Err(TransferError::Setting(SettingError { name: "extractors", .. }))
    ));
    let spec = extractor("features.4", false).spec().unwrap();
    assert_eq!(spec.to_string(), "squeezenet1_1:features.4:pooled");
    assert!(matches!(
        new(vec![extractor("features.4", false)], labels(3)),
        Err(TransferError::Setting(SettingError { name: "labels", .. }))
    ));
}

#[test]
fn other_and_damaged_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("model.safetensors");
    model().save(&file).unwrap();
    let whole = fs::read(&file).unwrap();
    let error = |bytes: &[u8]| {
        let file = folder.path().join("other");
        fs::write(&file, bytes).unwrap();
        TransferModel::load(&file, &devices::any()).unwrap_err().to_string()
    };
    let refused = |bytes: &[u8]| {
        let text = error(bytes);
        assert!(text.contains("expected a model written by TransferModel::save"), "{text}");
    };
    refused(b"");
    refused(b"not a model");
    refused(&whole[..whole.len() / 2]);
    refused(&whole[..whole.len() - 1]);
    // Every byte counts, in the tensors and in what is said of them.
    for part in ["0.features.0.weight", "squeezenet1_1", "version", "red", "foveate.transfer"] {
        let at = whole.windows(part.len()).position(|bytes| bytes == part.as_bytes()).unwrap();
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refused(&bytes);
    }
    let mut bytes = whole.clone();
    bytes[whole.len() - 100] ^= 1;
    assert!(error(&bytes).contains("SHA-256"));
    // Weights alone are a safetensors file, too.
    let weights_alone = folder.path().join("weights.safetensors");
    weights::save(extractor("features.4", false).network(), &weights_alone).unwrap();
    refused(&fs::read(&weights_alone).unwrap());
    let absent = TransferModel::load(Path::new("absent"), &devices::any());
    assert!(matches!(absent, Err(TransferError::Io { .. })));
}
