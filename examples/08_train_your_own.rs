//! A classifier of your own images: one folder a class, features of a pretrained network, a linear
//! support vector machine, one file to ship.
//!
//! ```text
//! cargo run --release --example 08_train_your_own -- images          # images/cat/1.jpg, images/dog/1.jpg
//! cargo run --release --example 08_train_your_own -- --predict new.jpg # by the file it wrote
//! ```

mod failure;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use foveate::data::ImageFolder;
use foveate::image::{chart::matrix, open};
use foveate::prelude::*;
use foveate::transfer::{
    Confidence, Evaluation, Extraction, FeatureExtractor, FeatureSpec, Features, LearnError,
    LinearSvc, SvcProblem, TransferModel, stratified_k_fold, stratified_split,
};

/// Learns classes from folders of images, or names the class of images.
#[derive(Parser)]
struct Args {
    /// A folder with one folder a class; or with such folders called train and test.
    #[arg(required_unless_present = "predict")]
    folder: Option<PathBuf>,
    /// Images to classify instead, by the model of an earlier run.
    #[arg(long, num_args = 1..)]
    predict: Vec<PathBuf>,
    /// The model's file.
    #[arg(long, default_value = "out/model.safetensors")]
    model: PathBuf,
    /// network:layer or network:layer:pooled.
    #[arg(long, default_value = "squeezenet1_1:features:pooled")]
    features: FeatureSpec,
    /// What an error may cost; the best of them is chosen.
    #[arg(long, num_args = 1.., default_values_t = [0.01, 0.1, 1.0, 10.0, 100.0])]
    c: Vec<f64>,
    /// Folds of the cross-validation that chooses.
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Share of the images that judges, where there is no folder test.
    #[arg(long, default_value_t = 0.2)]
    holdout: f64,
    /// Order of images and steps.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu.
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,
}

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    if let Some(folder) = &args.folder {
        train(&args, folder, &chosen.device)?;
    }
    if args.predict.is_empty() {
        return Ok(());
    }
    let model = TransferModel::load(&args.model, &chosen.device)?;
    for file in &args.predict {
        let guesses = model.classify(&[open(file)?], 3)?.remove(0);
        let guesses = guesses.iter().map(|guess| format!("{} ({:+.2})", guess.label, guess.score));
        println!("{}: {}", file.display(), guesses.collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn train(args: &Args, folder: &Path, device: &Device) -> anyhow::Result<()> {
    let extractor = args.features.extractor(device)?;
    let parts = [folder.join("train"), folder.join("test")];
    let (classes, [train, test]) = if parts.iter().all(|part| part.is_dir()) {
        let train = ImageFolder::open(&parts[0])?;
        let test = train.open_beside(&parts[1])?;
        let extracted = [extract(&extractor, &train)?, extract(&extractor, &test)?];
        (train.classes().to_vec(), extracted.map(|it| (it.features, it.labels)))
    } else {
        let all = ImageFolder::open(folder)?;
        let Extraction { features, labels, .. } = extract(&extractor, &all)?;
        let split = stratified_split(&labels, args.holdout, args.seed)
            .map_err(|error| error.named(all.classes()))?;
        let part =
            |rows: &[usize]| (features.select(rows), rows.iter().map(|&row| labels[row]).collect());
        (all.classes().to_vec(), [part(&split.train), part(&split.validation)])
    };
    let named = |error: LearnError| error.named(&classes);
    let (features, labels) = &train;
    println!(
        "{} classes, {} images to learn from, {} to judge",
        classes.len(),
        labels.len(),
        test.1.len()
    );

    // C by cross-validation; the images that judge have no part in it.
    let mut cs = args.c.clone();
    cs.sort_by(f64::total_cmp);
    let svc = |c| LinearSvc { c, seed: args.seed, ..Default::default() };
    let problem = SvcProblem::new(features)?;
    let folds = stratified_k_fold(labels, args.folds, args.seed).map_err(named)?;
    let found =
        problem.cross_validate(&svc(1.0), &cs, &folds, labels, classes.len()).map_err(named)?;
    for (c, score) in cs.iter().zip(&found.scores) {
        println!("  C {c:6}: {:6.2} ± {:.2} %", score.mean * 100.0, score.deviation * 100.0);
    }
    let c = cs[found.best];
    let judged = svc(c).fit(features, labels, classes.len()).map_err(named)?.classifier;
    let judged = Evaluation::new(&judged.predict(&test.0)?, &test.1, &classes)?;
    let interval = judged.interval(Confidence::Percent95);
    println!(
        "C = {c}: {:.2} % of the images that judge ({:.2} to {:.2} with 95 % confidence)\n\n{judged}",
        judged.accuracy() * 100.0,
        interval.start() * 100.0,
        interval.end() * 100.0,
    );

    // What is shipped has learned from all images.
    let features = Features::stack(&[train.0, test.0]);
    let labels = [train.1, test.1].concat();
    let classifier = svc(c).fit(&features, &labels, classes.len()).map_err(named)?.classifier;
    let model = TransferModel::new(vec![extractor], None, classifier, classes.clone())?;
    let out = args.model.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    model.save(&args.model)?;
    let file = args.model.with_extension("png");
    matrix(judged.confusion(), &classes, "images that judge")
        .save(&file)
        .with_context(|| file.display().to_string())?;
    println!(
        "model, of all images: {}\nconfusion matrix: {}",
        args.model.display(),
        file.display()
    );
    Ok(())
}

fn extract(extractor: &FeatureExtractor, folder: &ImageFolder) -> anyhow::Result<Extraction> {
    let found = extractor.extract_folder(folder)?;
    found.unreadable.iter().for_each(|error| println!("left out: {error}"));
    Ok(found)
}
