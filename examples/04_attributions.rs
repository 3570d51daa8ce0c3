//! Seventeen methods on one photograph: a sheet of heat maps, with the deletion score below each.
//!
//! ```text
//! cargo run --release --example 04_attributions -- cat.jpg
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure};
use foveate::explain::{metrics::Deletion, *};
use foveate::image::{self, Colors, HeatMap, overlay, sheet};
use foveate::prelude::*;

/// Draws a photograph and its attributions by seventeen methods (attributions.png); below each the area
/// under its deletion curve: the mean probability of the class while pixels are blackened in the
/// order of the map. The lower, the better the map.
#[derive(Parser)]
struct Args {
    /// A JPEG, PNG, WebP, GIF, BMP or TIFF file
    image: PathBuf,

    #[command(flatten)]
    common: Common,
}

fn methods(layer: &str) -> Vec<(&'static str, Box<dyn Attribution<Classifier>>)> {
    let smooth = |statistic| SmoothGrad { samples: 25, statistic, ..SmoothGrad::new(Saliency) };
    let cam = |rule| Cam { rule, layer: layer.into() };
    vec![
        ("saliency", Box::new(Saliency)),
        ("input x gradient", Box::new(InputXGradient)),
        ("integrated gradients", Box::new(IntegratedGradients { steps: 25, ..Default::default() })),
        ("SmoothGrad", Box::new(smooth(Statistic::Mean))),
        ("SmoothGrad squared", Box::new(smooth(Statistic::MeanSquare))),
        ("VarGrad", Box::new(smooth(Statistic::Variance))),
        ("guided backpropagation", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("guided Grad-CAM", Box::new(GuidedGradCam { layer: layer.into() })),
        ("LRP-epsilon", Box::new(Lrp::Epsilon(1e-6))),
        ("LRP composite", Box::new(Lrp::Composite(1e-6))),
        ("occlusion", Box::new(Occlusion::new([32, 32], [16, 16]))),
        ("RISE", Box::new(Rise { masks: 500, ..Default::default() })),
        ("Grad-CAM", Box::new(cam(CamRule::GradCam))),
        ("Grad-CAM++", Box::new(cam(CamRule::GradCamPlusPlus))),
        ("XGrad-CAM", Box::new(cam(CamRule::XGradCam))),
        ("LayerCAM", Box::new(cam(CamRule::LayerCam))),
    ]
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let network = Architecture::SqueezeNet1_1;
    let classifier = Pretrained::load(network, &device)?.classifier()?;
    let resize = Resize::Exact { height: 224, width: 224 };
    let photograph = image::resize(&image::open(&args.image)?, resize)?;
    let pixels = Pixels::from_images(std::slice::from_ref(&photograph), &device);
    let found = classifier.classify_pixels(&pixels, 1)?.remove(0).remove(0);
    let target = Target::Class(found.class);
    let deletion = Deletion { steps: 28, ..Default::default() };
    let mut cells = vec![sheet::Cell::new(photograph.clone(), found.label)];
    for (name, method) in methods(network.cam_layer()) {
        let map = method.attribute(&classifier, &pixels, &target)?.sum_dim(1);
        let area = deletion.curve(&classifier, &map, &pixels, &target)?.areas[0];
        println!("{name:24} deletion {area:.3}");
        // What all pixels have (RISE's mean score) is not drawn.
        let least = map.clone().min().clamp_min(0.0).reshape([1, 1, 1, 1]);
        let heat = HeatMap { colors: Colors::Signed, outliers: 2.0 }.draw_batch(&(map - least));
        let drawn = overlay(&photograph, &heat[0], 0.8);
        cells.push(sheet::Cell::new(drawn, format!("{name}: {area:.3}")));
    }
    args.common.save(&sheet::draw(&cells, 6), "attributions.png")?;
    Ok(())
}
