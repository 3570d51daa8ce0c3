//! What the targets and the program that makes their seeds share.
#![allow(dead_code)] // Each takes a part of it.

use std::fs;
use std::io::Write;
use std::path::Path;

use foveate::data::{ImageFolder, digits};
use foveate::generate::GanTraining;
use foveate::image::{Preprocessing, Resize};
use foveate::models::{DcganConfig, Initialization, LeNet, LeNetConfig, initialized};
use foveate::prelude::*;
use foveate::transfer::{FeatureExtractor, Features, Pooling};

pub fn device() -> Device {
    foveate::device("flex").expect("it is compiled in").device
}

/// Gives `read` the path of a file with these bytes.
pub fn file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a file");
    file.write_all(bytes).expect("there is room for the bytes");
    read(file.path())
}

/// A safetensors file of this header, with as many zeros behind it as the header tells (16 MiB at most): what the
/// fuzzer mangles are names, shapes and words, not numbers.
pub fn safetensors(header: &[u8]) -> Vec<u8> {
    let tensors: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).unwrap_or_default();
    let ends = tensors.values().filter_map(|tensor| tensor.get("data_offsets")?.get(1)?.as_u64());
    let numbers = ends.max().unwrap_or(0).min(1 << 24) as usize;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.resize(bytes.len() + numbers, 0);
    bytes
}

/// The header of a safetensors file.
pub fn header(file: &[u8]) -> &[u8] {
    let (length, rest) = file.split_first_chunk().expect("the length of the header");
    &rest[..u64::from_le_bytes(*length) as usize]
}

pub fn gan() -> DcganConfig {
    DcganConfig::new().with_size(8).with_ngf(1).with_ndf(1).with_latent_dim(1)
}

/// Trains a small GAN up to an iteration, with a checkpoint in `file`.
pub fn train(iterations: usize, file: &Path) {
    let training = GanTraining {
        iterations,
        batch: 2,
        checkpoint: Some(file.into()),
        ..Default::default()
    };
    let generator = Initialization::Dcgan.of(gan().generator(&device()), 0);
    let discriminator = Initialization::Dcgan.of(gan().discriminator(&device()), 1);
    let _ = training.run(generator, discriminator, &digits(2, 0).resized(8, 8));
}

/// Features of one digit, kept in files below `cache`.
pub struct Kept {
    extractor: FeatureExtractor<LeNet>,
    images: ImageFolder,
}

impl Kept {
    pub fn new(folder: &Path) -> Self {
        let class = folder.join("images/a");
        fs::create_dir_all(&class).expect("there is room for a folder");
        let image = RgbImage::from_fn(28, 28, |x, y| image::Rgb([(9 * x) as u8, (9 * y) as u8, 0]));
        image.save(class.join("a.png")).expect("there is room for an image");
        let preprocessing =
            Preprocessing::IMAGENET.with_resize(Resize::Exact { height: 28, width: 28 });
        let network = initialized(LeNetConfig::new().init(&device()), 0);
        let mut extractor =
            FeatureExtractor::new(network, preprocessing, "features", Pooling::GlobalAverage)
                .expect("LeNet has this layer");
        extractor.cache = Some(folder.join("cache"));
        let images = ImageFolder::open(folder.join("images")).expect("there is one");
        Self { extractor, images }
    }

    pub fn features(&self) -> Features {
        self.extractor.extract_folder(&self.images).expect("the cache can be written").features
    }
}
