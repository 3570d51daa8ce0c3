//! A pretrained network and photographs.

use std::path::PathBuf;

use foveate::explain::visualize::ClassVisualization;
use foveate::explain::{Attribution, Cam, CamRule, IntegratedGradients, Saliency, Target};
use foveate::image::sheet::{Cell, draw};
use foveate::image::{Colors, HeatMap, overlay};
use foveate::prelude::*;

use crate::page::Page;

/// A photograph and its name.
type Photograph = (String, RgbImage);

/// SqueezeNet and the photographs, if there are any.
pub fn open(
    files: &[PathBuf],
    device: &Device,
) -> anyhow::Result<Option<(Classifier, Vec<Photograph>)>> {
    if files.is_empty() {
        return Ok(None);
    }
    let images = files.iter().map(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, foveate::image::open(file)?))
    });
    let images: anyhow::Result<_> = images.collect();
    Ok(Some((Pretrained::load(Architecture::SqueezeNet1_1, device)?.classifier()?, images?)))
}

pub fn attributions(
    page: &mut Page,
    classifier: &Classifier,
    photographs: &[Photograph],
    device: &Device,
) -> anyhow::Result<()> {
    let command = "cargo run --release --example 04_attributions -- cat.jpg";
    page.chapter("Photographs", command, |chapter| {
        let mut cells = Vec::new();
        for (name, photograph) in photographs {
            let photograph = std::slice::from_ref(photograph);
            let guesses = classifier.classify(photograph, 3)?.remove(0);
            let class = guesses[0].class;
            let bars = guesses.into_iter().map(|guess| (guess.label, guess.probability)).collect();
            // What the network sees of it.
            let pixels = classifier.preprocessing().pixels(photograph, device)?;
            let image = pixels.to_images().remove(0);
            cells.push(Cell { bars, ..Cell::new(image.clone(), name) });
            let methods: [(&str, Box<dyn Attribution<Classifier>>); 3] = [
                ("saliency", Box::new(Saliency)),
                ("integrated gradients", Box::new(IntegratedGradients::default())),
                ("Grad-CAM", Box::new(Cam { rule: CamRule::GradCam, layer: "features.12".into() })),
            ];
            for (name, method) in methods {
                let map = method.attribute(classifier, pixels.tensor(), &Target::Class(class))?;
                let heat = HeatMap { colors: Colors::Signed, outliers: 2.0 };
                let heat = heat.draw_batch(&map.sum_dim(1)).remove(0);
                cells.push(Cell::new(overlay(&image, &heat, 0.8), name));
            }
        }
        chapter.text(
            "SqueezeNet 1.1 has learned 1,000 classes from a million photographs; the library \
             loads torchvision's weights and gives PyTorch's answers.",
        );
        chapter.figure(
            &draw(&cells, 4),
            "photographs, and three heat maps over each",
            "A photograph with the network's three best guesses, and where three methods find \
             the reasons for the first.",
        )
    })
}

/// What the network looks for in four classes.
pub fn classes(page: &mut Page, classifier: &Classifier, device: &Device) -> anyhow::Result<()> {
    let command = "cargo run --release --example 06_class_visualization -- gorilla";
    page.chapter("What does a gorilla look like?", command, |chapter| {
        let &Preprocessing { mean, std, .. } = classifier.preprocessing();
        let visualization = ClassVisualization { mean, std, ..Default::default() };
        let mut cells = Vec::new();
        // Tarantula, gorilla, goldfish, daisy.
        for class in [76, 366, 1, 985] {
            let start = visualization.noise(1, [224, 224], device);
            let mut snapshots = visualization.run(classifier, &start, &[class])?;
            let last = snapshots.pop().expect("the last is kept");
            let caption =
                format!("{}: {:.0} %", classifier.labels()[class], 100.0 * last.probabilities[0]);
            cells.push(Cell::new(last.pixels.to_images().remove(0), caption));
        }
        chapter.text(
            "Noise, changed until SqueezeNet is sure: what the network looks for in four classes.",
        );
        chapter.figure(
            &draw(&cells, 4),
            "four colorful patterns",
            "What raises each class' score the most, with its probability.",
        )
    })
}
