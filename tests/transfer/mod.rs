//! Transfer learning.

mod cache;
mod evaluation;
mod extract;
mod features;
mod fine_tune;
mod folds;
mod linear_models;
mod model;
mod pca;

use std::path::Path;

use foveate::data::ImageFolder;
use foveate::image::{Preprocessing, Resize};
use foveate::models::{AnyNetwork, Architecture};
use foveate::transfer::{Extraction, FeatureExtractor, Pooling};

use crate::support::devices;
use crate::support::golden::narrow;

fn vgg16() -> AnyNetwork {
    narrow(Architecture::Vgg16, 32, "vgg16.safetensors", &devices::any())
}

const SMALL: Preprocessing =
    Preprocessing { resize: Resize::Exact { height: 32, width: 32 }, ..Preprocessing::IMAGENET };

fn extractor(cache: &Path) -> FeatureExtractor {
    let mut extractor =
        FeatureExtractor::new(vgg16(), SMALL, "features", Pooling::Flatten).unwrap();
    extractor.cache = Some(cache.into());
    extractor.batch = 2;
    extractor
}

fn again(extractor: &FeatureExtractor, root: &Path) -> Extraction {
    extractor.extract_folder(&ImageFolder::open(root).unwrap()).unwrap()
}
