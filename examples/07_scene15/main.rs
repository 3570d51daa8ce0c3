//! The practical's question 11: features of pretrained networks and a linear support vector machine
//! on the 15 scenes of 15-Scene; which layer, which network, which C, how many dimensions; and the
//! best of all together.
//!
//! ```text
//! cargo run --release --example 07_scene15                            # layers and networks, C = 1
//! cargo run --release --example 07_scene15 -- --part c pca            # the curves
//! cargo run --release --example 07_scene15 -- --part best             # networks, layers and sizes together
//! ```

#[path = "../common/mod.rs"]
mod common;
mod sweeps;
mod tables;

use std::time::Instant;

use clap::{Parser, ValueEnum};
use common::{Common, Failure};
use foveate::data::{ImageFolder, scene15};
use foveate::models::weights::Source;
use foveate::prelude::*;
use foveate::transfer::{
    Evaluation, Extraction, FeatureSpec, Features, Fold, LinearClassifier, LinearSvc, LinfaSvm,
    LogisticRegression, stratified_k_fold,
};

/// Learns 15-Scene's classes from features of pretrained networks.
#[derive(Parser)]
struct Args {
    /// What to show.
    #[arg(long, value_enum, num_args = 1.., default_values = ["layers", "networks"])]
    part: Vec<Part>,
    /// Features instead of the practical's, but for the part best: network:layer or
    /// network:layer:pooled.
    #[arg(long, num_args = 1..)]
    features: Vec<FeatureSpec>,
    /// Who learns, in the parts layers and networks.
    #[arg(long, value_enum, default_value = "linear-svc")]
    classifier: Learner,
    /// What an error costs against long weights, in the parts layers, networks and pca.
    #[arg(long, default_value_t = 1.0)]
    c: f64,
    /// Folds of the cross-validation.
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Height and width that images are stretched to, but for the part best.
    #[arg(long, default_value_t = 224)]
    size: u32,
    /// Images of each class at most: for a quick try.
    #[arg(long)]
    limit: Option<usize>,
    /// Downloads weights that are not found (hundreds of megabytes), instead of leaving them out.
    #[arg(long)]
    download: bool,
    /// Uses no cached features of an earlier run: for times.
    #[arg(long)]
    fresh: bool,
    /// Order of the folds and of the steps.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    Layers,
    Networks,
    C,
    Pca,
    Best,
}

#[derive(Clone, Copy, ValueEnum)]
enum Learner {
    LinearSvc,
    LinfaSvm,
    Logistic,
}

/// What the practical compares.
const LAYERS: [&str; 5] =
    ["classifier.4", "classifier.1", "features", "features:pooled", "features.23:pooled"];
const NETWORKS: [&str; 5] = [
    "googlenet:avgpool",
    "googlenet_published:avgpool",
    "squeezenet1_1:features:pooled",
    "resnet18:avgpool",
    "resnet18_layer3:layer3:pooled",
];

struct Scenes {
    args: Args,
    device: Device,
    train: ImageFolder,
    test: ImageFolder,
}

/// One set of features of both parts.
struct Both {
    train: Extraction,
    test: Extraction,
    seconds: f64,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let (train, test) = scene15()?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let (train, test) = (train.limited(limit), test.limited(limit));
    println!("images: {} to learn from, {} to test\n", train.samples().len(), test.samples().len());
    let scenes = Scenes { args, device, train, test };
    for part in scenes.args.part.clone() {
        match part {
            // The convolutions' weights alone have no fully connected layer.
            Part::Layers => scenes.compare(
                "layers",
                LAYERS.map(|layer| match layer.starts_with("classifier") {
                    true => format!("vgg16:{layer}"),
                    false => format!("{}:{layer}", scenes.vgg()),
                }),
            )?,
            Part::Networks => scenes.compare("networks", NETWORKS.map(String::from))?,
            Part::C => scenes.sweep_c()?,
            Part::Pca => scenes.sweep_pca()?,
            Part::Best => scenes.best()?,
        }
    }
    Ok(())
}

impl Scenes {
    /// VGG16 whole, if its weights are found; its convolutions alone otherwise.
    fn vgg(&self) -> &'static str {
        if self.has_weights(Architecture::Vgg16) { "vgg16" } else { "vgg16_features" }
    }

    fn has_weights(&self, architecture: Architecture) -> bool {
        let downloadable = Source::of(architecture).any(|source| source.url.is_some());
        Source::find(architecture).is_some() || (self.args.download && downloadable)
    }

    /// The features that are asked for, or these.
    fn specs(&self, usual: impl IntoIterator<Item = String>) -> anyhow::Result<Vec<FeatureSpec>> {
        if !self.args.features.is_empty() {
            return Ok(self.args.features.clone());
        }
        usual.into_iter().map(|name| Ok(name.parse()?)).collect()
    }

    fn extract(&self, spec: &FeatureSpec, size: u32) -> anyhow::Result<Both> {
        let start = Instant::now();
        let stretched = Resize::Exact { height: size, width: size };
        let mut extractor = spec
            .extractor(&self.device)?
            .with_preprocessing(Preprocessing::IMAGENET.with_resize(stretched));
        if self.args.fresh {
            extractor.cache = None;
        }
        let train = extractor.extract_folder(&self.train)?;
        let test = extractor.extract_folder(&self.test)?;
        for error in train.unreadable.iter().chain(&test.unreadable) {
            println!("left out: {error}");
        }
        Ok(Both { train, test, seconds: start.elapsed().as_secs_f64() })
    }

    fn learn(
        &self,
        features: &Features,
        labels: &[usize],
        c: f64,
    ) -> anyhow::Result<LinearClassifier> {
        let (classes, seed) = (self.train.classes().len(), self.args.seed);
        Ok(match self.args.classifier {
            Learner::LinearSvc => {
                let fit =
                    LinearSvc { c, seed, ..Default::default() }.fit(features, labels, classes)?;
                if !fit.converged() {
                    println!("C {c}: stopped at the largest number of iterations");
                }
                fit.classifier
            }
            Learner::LinfaSvm => {
                LinfaSvm { c, ..Default::default() }.fit(features, labels, classes)?
            }
            Learner::Logistic => {
                LogisticRegression { c, ..Default::default() }
                    .fit(features, labels, classes)?
                    .classifier
            }
        })
    }

    fn evaluate(
        &self,
        classifier: &LinearClassifier,
        test: &Features,
        labels: &[usize],
    ) -> anyhow::Result<Evaluation> {
        Ok(Evaluation::new(&classifier.predict(test)?, labels, self.train.classes())?)
    }

    fn folds(&self, labels: &[usize]) -> anyhow::Result<Vec<Fold>> {
        let folds = stratified_k_fold(labels, self.args.folds, self.args.seed);
        Ok(folds.map_err(|error| error.named(self.train.classes()))?)
    }
}
