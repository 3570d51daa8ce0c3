//! Data sets.

mod folder;
mod images;
mod mnist;
mod mnist_m;
mod prefetch;

use std::fs;

use foveate::image::RgbImage;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub fn image(seed: u32) -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| {
        let mix = |k: u32| (x * (7 + k) + y * (3 + seed) + seed * 31 * k) as u8;
        image::Rgb([mix(1), mix(2), mix(3)])
    })
}

/// `root/{cat,dog}/..`: five images, one of them deeper, a text, half a JPEG and a hidden file.
pub fn folder() -> TempDir {
    let root = TempDir::new().unwrap();
    for (i, name) in
        ["dog/2.png", "cat/b.png", "cat/a.jpg", "dog/deep/1.png", "dog/10.png"].iter().enumerate()
    {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        image(i as u32).save(file).unwrap();
    }
    let half = fs::read(root.path().join("cat/a.jpg")).unwrap();
    fs::write(root.path().join("cat/half.jpg"), &half[..half.len() / 2]).unwrap();
    fs::write(root.path().join("dog/list.txt"), "not an image").unwrap();
    fs::write(root.path().join("dog/.DS_Store"), "hidden").unwrap();
    fs::write(root.path().join("README"), "beside the classes").unwrap();
    root
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
