#![no_main]
//! MNIST's format: a file of images and one of labels, behind one another; gzipped or not.

#[path = "../common.rs"]
mod common;

use foveate::data::idx_images;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, rest)) = bytes.split_first() else { return };
    let (images, labels) = rest.split_at(rest.len() * usize::from(*cut) / 256);
    common::file(images, |images| {
        common::file(labels, |labels| {
            if let Ok(set) = idx_images(images, labels) {
                assert_eq!(set.pixels.len(), set.len() * set.height * set.width);
            }
        })
    });
});
