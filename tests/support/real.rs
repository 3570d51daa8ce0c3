//! Real images and trained weights below `FOVEATE_DATA`; what is missing is told and left out.

use std::env;
use std::fs::File;
use std::path::PathBuf;

use foveate::burn::tensor::Device;
use foveate::image::{Preprocessing, RgbImage};
use foveate::models::weights::Source;
use foveate::models::{AnyNetwork, Architecture, Classifier, imagenet_labels};
use npyz::npz::NpzArchive;

use super::tell;

/// A file or folder below `FOVEATE_DATA`, or a word on what is left out without it.
pub fn data(name: &str) -> Option<PathBuf> {
    let path = env::var_os("FOVEATE_DATA").map(|data| PathBuf::from(data).join(name));
    let found = path.filter(|path| path.exists());
    if found.is_none() {
        tell(&format!("SKIPPED: FOVEATE_DATA names no folder that holds {name}"));
    }
    found
}

/// Whether the real data are at hand; or a word on what is left out without them.
pub fn real_data(test: &str) -> bool {
    let there = env::var_os("FOVEATE_DATA").is_some();
    if !there {
        tell(&format!("SKIPPED {test}: FOVEATE_DATA is not set"));
    }
    there
}

/// The 25 images of the visualization practical and their classes.
pub fn val_25() -> Option<(Vec<RgbImage>, Vec<usize>)> {
    let file = data("imagenet/val_25")?.join("imagenet_val_25.npz");
    let mut archive = NpzArchive::new(File::open(file).unwrap()).unwrap();
    let pixels: Vec<u8> = archive.by_name("X").unwrap().unwrap().into_vec().unwrap();
    let classes: Vec<i64> = archive.by_name("y").unwrap().unwrap().into_vec().unwrap();
    let images = pixels.chunks_exact(224 * 224 * 3);
    let images = images.map(|bytes| RgbImage::from_raw(224, 224, bytes.to_vec()).unwrap());
    Some((images.collect(), classes.into_iter().map(|class| class as usize).collect()))
}

/// The network with the weights at hand, which have no address.
pub fn pretrained(architecture: Architecture, device: &Device) -> Option<AnyNetwork> {
    let source = Source::of(architecture).find(|source| source.url.is_none()).unwrap();
    Some(source.load(&data(source.file)?, device).unwrap())
}

pub fn classifier(architecture: Architecture, device: &Device) -> Option<Classifier> {
    let network = pretrained(architecture, device)?;
    Some(Classifier::new(network, Preprocessing::IMAGENET, imagenet_labels()))
}
