//! A classifier of your own images: one folder a class, features of a pretrained network, a linear
//! support vector machine, one file to ship.
//!
//! ```text
//! cargo run --release --example 08_train_your_own -- images            # images/cat/1.jpg, images/dog/1.jpg
//! cargo run --release --example 08_train_your_own -- --predict new.jpg # by the file it wrote
//! ```

mod common;

use std::path::PathBuf;

use clap::Parser;
use common::{Common, Failure};
use foveate::data::ImageFolder;
use foveate::image::{chart::confusion_matrix, open};
use foveate::transfer::{
    Evaluation, Extraction, FeatureSpec, LearnError, LinearSvc, SvcProblem, TransferModel,
    stratified_split,
};

/// Learns classes from folders of images (model.safetensors, confusion.png), or names the class of images.
#[derive(Parser)]
struct Args {
    /// A folder with one folder a class
    #[arg(required_unless_present = "predict")]
    folder: Option<PathBuf>,

    /// Images to classify instead, by the model of an earlier run
    #[arg(long, num_args = 1..)]
    predict: Vec<PathBuf>,

    /// network:layer or network:layer:pooled
    #[arg(long, default_value = "squeezenet1_1:features:pooled")]
    features: FeatureSpec,

    #[command(flatten)]
    common: Common,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let device = args.common.open()?;
    let file = args.common.out.join("model.safetensors");
    if let Some(folder) = &args.folder {
        let folder = ImageFolder::open(folder)?;
        let names = folder.classes();
        let extractor = args.features.extractor(&device)?;
        let Extraction { features, labels, unreadable, .. } = extractor.extract_folder(&folder)?;
        unreadable.iter().for_each(|error| println!("left out: {error}"));

        // A fifth of the images measures a classifier of the others; what is shipped has learned from all.
        let named = |error: LearnError| error.named(names);
        let split = stratified_split(&labels, 0.2, 0).map_err(named)?;
        let (svc, problem) = (LinearSvc::default(), SvcProblem::new(&features)?);
        let predicted =
            problem.fit_predict(&svc, &split.train, &labels, names.len()).map_err(named)?;
        let test = |all: &[usize]| split.validation.iter().map(|&row| all[row]).collect::<Vec<_>>();
        let evaluation = Evaluation::new(&test(&predicted), &test(&labels), names)?;
        println!("{evaluation}");
        let confusion = confusion_matrix(evaluation.confusion(), names, "test images");
        args.common.save(&confusion, "confusion.png")?;
        let classifier = svc.fit(&features, &labels, names.len())?.classifier;
        TransferModel::new(vec![extractor], None, classifier, names.to_vec())?.save(&file)?;
    }
    for image in &args.predict {
        let model = TransferModel::load(&file, &device)?;
        println!("{}: {}", image.display(), model.classify(&[open(image)?], 1)?[0][0].label);
    }
    Ok(())
}
