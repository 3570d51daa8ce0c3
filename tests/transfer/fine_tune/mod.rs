//! Fine-tuning against PyTorch, and against itself.

mod checkpoint;
mod labeled;
mod new_head;
mod settings;
mod trainer;

use foveate::burn::tensor::Device;
use foveate::image::{Preprocessing, Resize, RgbImage};
use foveate::models::{AnyNetwork, Architecture};
use foveate::transfer::new_head;

use crate::support::devices;
use crate::support::golden::narrow;

fn exact(side: u32) -> Preprocessing {
    Preprocessing::IMAGENET.with_resize(Resize::Exact { height: side, width: side })
}

/// Eight images a class that differ in color, with noise: three classes.
fn colors(side: u32, seed: u64) -> (Vec<RgbImage>, Vec<usize>) {
    let mut random = devices::knuth(seed);
    let mut noise = || (random() >> 58) as u8;
    let mut image = |class: usize| {
        RgbImage::from_fn(side, side, |_, _| {
            let mut pixel = [noise(), noise(), noise()];
            pixel[class] += 150;
            image::Rgb(pixel)
        })
    };
    let labels: Vec<usize> = (0..24).map(|i| i % 3).collect();
    (labels.iter().map(|&class| image(class)).collect(), labels)
}

fn ten_classes(architecture: Architecture, device: &Device) -> AnyNetwork {
    narrow(architecture, 8, &format!("{architecture}.pth"), device)
}

/// A small network for three classes with weights from a seed.
fn small(architecture: Architecture, device: &Device) -> AnyNetwork {
    new_head(ten_classes(architecture, device), 3, 1)
}
