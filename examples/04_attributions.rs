//! Seventeen methods on one photograph: a sheet of heat maps, with the deletion score below each.
//!
//! ```text
//! cargo run --release --example 04_attributions -- cat.jpg
//! ```

mod failure;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use foveate::explain::metrics::Deletion;
use foveate::explain::{
    Attribution, Cam, CamRule, Deconvnet, GuidedBackprop, GuidedGradCam, InputXGradient,
    IntegratedGradients, Lrp, Occlusion, Rise, Saliency, SmoothGrad, Statistic, Target,
};
use foveate::image::sheet::{self, Cell};
use foveate::image::{Colors, HeatMap, overlay};
use foveate::models::AnyNetwork;
use foveate::prelude::*;
use foveate::{device, image};

/// Draws a photograph and its attributions by seventeen methods (attributions.png); below each the area
/// under its deletion curve: the mean probability of the class while pixels are blackened in the
/// order of the map. The lower, the better the map.
#[derive(Parser)]
struct Args {
    /// A JPEG, PNG, WebP, GIF, BMP or TIFF file
    image: PathBuf,

    /// The network
    #[arg(long, default_value = "squeezenet1_1")]
    model: Architecture,

    /// The layer of the class activation maps (default: the last of the convolutions)
    #[arg(long)]
    layer: Option<String>,

    /// The class to explain, by its index (default: the one the network finds)
    #[arg(long)]
    class: Option<usize>,

    /// Steps of integrated gradients, samples of SmoothGrad
    #[arg(long, default_value_t = 25)]
    steps: usize,

    /// Masks of RISE
    #[arg(long, default_value_t = 500)]
    masks: usize,

    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for the image
    #[arg(long, default_value = "out")]
    out: PathBuf,
}

type Method = Box<dyn Attribution<Classifier<AnyNetwork>>>;

fn methods(args: &Args, layer: &str) -> Vec<(String, Method)> {
    let smooth =
        |statistic| SmoothGrad { samples: args.steps, statistic, ..SmoothGrad::new(Saliency) };
    let integrated = IntegratedGradients { steps: args.steps, ..Default::default() };
    let mut methods: Vec<(&str, Method)> = vec![
        ("saliency", Box::new(Saliency)),
        ("input x gradient", Box::new(InputXGradient)),
        ("integrated gradients", Box::new(integrated)),
        ("SmoothGrad", Box::new(smooth(Statistic::Mean))),
        ("SmoothGrad squared", Box::new(smooth(Statistic::MeanSquare))),
        ("VarGrad", Box::new(smooth(Statistic::Variance))),
        ("guided backpropagation", Box::new(GuidedBackprop)),
        ("deconvnet", Box::new(Deconvnet)),
        ("guided Grad-CAM", Box::new(GuidedGradCam { layer: layer.into() })),
        ("LRP-epsilon", Box::new(Lrp::Epsilon(1e-6))),
        ("LRP composite", Box::new(Lrp::Composite(1e-6))),
        ("occlusion", Box::new(Occlusion::new([32, 32], [16, 16]))),
        ("RISE", Box::new(Rise { masks: args.masks, ..Default::default() })),
    ];
    for (name, rule) in [
        ("Grad-CAM", CamRule::GradCam),
        ("Grad-CAM++", CamRule::GradCamPlusPlus),
        ("XGrad-CAM", CamRule::XGradCam),
        ("LayerCAM", CamRule::LayerCam),
    ] {
        methods.push((name, Box::new(Cam { rule, layer: layer.into() })));
    }
    methods.into_iter().map(|(name, method)| (name.to_string(), method)).collect()
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = device(&args.device)?;
    println!("device:  {chosen}");
    let pretrained = Pretrained::load(args.model, &chosen.device)?;
    println!("weights: {}", pretrained.file.display());
    // The whole image, so that what is named is what is explained.
    let size = Resize::Exact { height: 224, width: 224 };
    let classifier = pretrained.classifier()?;
    let preprocessing = classifier.preprocessing().with_resize(size);
    let classifier = classifier.with_preprocessing(preprocessing);
    // The last layer with height and width: of VGG and SqueezeNet, of GoogLeNet, of ResNet.
    let names: Vec<String> =
        classifier.network().layers().into_iter().map(|layer| layer.name).collect();
    let last = ["features", "inception5b", "layer4"];
    let last = last.into_iter().find(|last| names.iter().any(|name| name.starts_with(last)));
    let layer = args.layer.clone().or(last.map(String::from)).context("name a --layer")?;

    let image = image::resize(&image::open(&args.image)?, size)?;
    let pixels = Pixels::from_images(std::slice::from_ref(&image), &chosen.device);
    let found = classifier.classify(std::slice::from_ref(&image), 1)?.remove(0).remove(0);
    let class = args.class.unwrap_or(found.class);
    let label = classifier.labels().get(class).cloned().unwrap_or_default();
    println!("class:   {class} {label}; layer {layer}\n");

    let name = args.image.file_name().unwrap_or_default().to_string_lossy();
    let mut cells = vec![Cell::new(image.clone(), format!("{name}: {label}"))];
    for (name, method) in methods(&args, &layer) {
        let start = Instant::now();
        let target = Target::Class(class);
        let map = method.attribute(&classifier, pixels.tensor(), &target)?.sum_dim(1);
        let seconds = start.elapsed().as_secs_f64();
        let deletion = Deletion { steps: 28, ..Default::default() };
        let area = deletion.curve(&classifier, &map, pixels.tensor(), &target)?.areas[0];
        // What all pixels have (RISE's mean score) is not drawn.
        let least = map.clone().min().clamp_min(0.0).reshape([1, 1, 1, 1]);
        let map = map - least;
        println!("{name:24} {seconds:6.2} s   deletion {area:.3}");
        let heat = HeatMap { colors: Colors::Signed, outliers: 2.0 }.draw_batch(&map).remove(0);
        let cell = Cell::new(overlay(&image, &heat, 0.8), format!("{name}: {area:.3}"));
        cells.push(cell);
    }

    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let file = args.out.join("attributions.png");
    sheet::draw(&cells, 6).save(&file).with_context(|| file.display().to_string())?;
    println!("\nattributions: {}", file.display());
    Ok(())
}
