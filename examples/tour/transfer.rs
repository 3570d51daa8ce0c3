//! Features of a network, and a linear classifier of them.

use foveate::data::{Images, colored_digits};
use foveate::image::chart::{Curves, Series, confusion_matrix};
use foveate::models::LeNet;
use foveate::prelude::*;
use foveate::transfer::{
    Evaluation, FeatureExtractor, Features, FoldScores, LinearSvc, Pooling, SvcProblem,
    stratified_k_fold,
};

use crate::page::Page;
use crate::percent;

const CS: [f64; 6] = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0];

/// The pixels as features.
fn pixels(set: &Images) -> Features {
    let values = set.pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    Features::new(values, set.pixels.len() / set.len()).l2_normalized()
}

fn curve(name: &str, scores: &[FoldScores]) -> Series {
    let points = CS.iter().zip(scores).map(|(c, score)| (c.log10(), 100.0 * score.mean)).collect();
    Series { name: name.into(), points, ..Default::default() }
}

fn draw(series: Vec<Series>) -> RgbImage {
    let curves = Curves {
        title: "accuracy by C".into(),
        x_label: "C, power of ten".into(),
        y_label: "accuracy of five folds, %".into(),
        series,
        ..Default::default()
    };
    curves.draw()
}

pub fn chapter(page: &mut Page, classifier: &Classifier<LeNet>, seed: u64) -> anyhow::Result<()> {
    let command = "cargo run --release --example 08_train_your_own -- images";
    page.chapter("Its features, for images of your own", command, |chapter| {
        println!("   support vector machines learn from pixels, and from features");
        let [training, test] = [seed, seed + 1].map(|seed| colored_digits(1000, seed));
        let (train_labels, test_labels) = (training.labels.clone(), test.labels.clone());
        let (network, preprocessing) = (classifier.network().clone(), *classifier.preprocessing());
        let extractor =
            FeatureExtractor::new(network, preprocessing, "features.5", Pooling::Flatten)?;
        let seen = [extractor.extract(&training.images())?, extractor.extract(&test.images())?];
        let raw = [pixels(&training), pixels(&test)];

        let folds = stratified_k_fold(&train_labels, 5, seed)?;
        let (mut rows, mut series, mut last) = (Vec::new(), Vec::new(), None);
        for (name, [training, test]) in [("pixels", &raw), ("features.5", &seen)] {
            let svc = |c| LinearSvc { c, seed, ..Default::default() };
            let problem = SvcProblem::new(training)?;
            let found = problem.cross_validate(&svc(1.0), &CS, &folds, &train_labels, 10)?;
            series.push(curve(name, &found.scores));
            let c = CS[found.best];
            let fitted = svc(c).fit(training, &train_labels, 10)?.classifier;
            let judged =
                Evaluation::new(&fitted.predict(test)?, &test_labels, classifier.labels())?;
            rows.push(vec![
                name.into(),
                c.to_string(),
                percent(found.scores[found.best].mean),
                percent(judged.accuracy()),
            ]);
            last = Some(judged);
        }
        let read = classifier.classify(&test.images(), 1)?;
        let read: Vec<usize> = read.iter().map(|guesses| guesses[0].class).collect();
        let read = Evaluation::new(&read, &test_labels, classifier.labels())?.accuracy();
        chapter.text(format!(
            "Digits in colors, on textures: of these the network reads {} only. But what its \
             middle layers see is worth something: a linear support vector machine learns from \
             those features and 1,000 images with labels.",
            percent(read)
        ));
        chapter.table(&["learned from", "C", "five folds", "1,000 test images"], &rows);
        chapter.figure(
            &draw(series),
            "two curves over C, that of the features far above that of the pixels",
            "C is what an error costs while learning: too little and the machine learns nothing, \
             too much and it learns by heart. Five-fold cross-validation chooses it.",
        )?;
        let judged = last.expect("there are two kinds of features");
        chapter.figure(
            &confusion_matrix(judged.confusion(), classifier.labels(), "1,000 colored digits"),
            "a table of ten rows and columns, dark on its diagonal",
            "Which digits are taken for which, by the features.",
        )
    })
}
