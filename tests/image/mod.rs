//! Images: their files, their sizes, and what is drawn.

mod animation;
mod chart;
mod file;
mod heat_map;
mod jpeg;
mod preprocessing;
mod scatter;
mod sheet;

use foveate::image::{RgbImage, open};

use crate::support::golden::golden_folder;

fn golden(name: &str) -> RgbImage {
    open(golden_folder().join("images").join(name)).unwrap()
}

fn near(found: [u8; 3], expected: [u8; 3], most: u8) -> bool {
    found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= most)
}
