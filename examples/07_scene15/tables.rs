//! Tables of test accuracies: one set of features in a row, or one more beside the others.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::bail;
use foveate::image::chart::confusion_matrix;
use foveate::transfer::{Confidence, Evaluation, FeatureSpec, Features, LinearSvc, SvcProblem};

use crate::sweeps::CS;
use crate::{Both, Scenes};

/// One more of these in each row of the table: network and layer, height and width of the images.
const BEST: [(&str, u32); 8] = [
    ("vgg:features:pooled", 224),
    ("googlenet_published:avgpool", 224),
    ("squeezenet1_1:features:pooled", 224),
    ("resnet18_layer3:layer3:pooled", 224),
    ("vgg:features.23:pooled", 224),
    ("googlenet_published:avgpool", 320),
    ("squeezenet1_1:features:pooled", 320),
    ("resnet18_layer3:layer3:pooled", 320),
];

impl Scenes {
    /// A table: one row for each set of features.
    pub fn compare(
        &self,
        title: &str,
        usual: impl IntoIterator<Item = String>,
    ) -> anyhow::Result<()> {
        println!("{title}, C = {}", self.args.c);
        println!(
            "{:36} {:>6} {:>10} {:>16} {:>10} {:>8}",
            "features", "dim.", "accuracy", "95 % interval", "extract", "fit"
        );
        let mut last = None;
        for spec in self.specs(usual)? {
            if !self.has_weights(spec.architecture) {
                println!(
                    "{:36} weights not found; --download fetches what has an address",
                    spec.to_string()
                );
                continue;
            }
            let both = self.extract(&spec, self.args.size)?;
            let start = Instant::now();
            let classifier = self.learn(&both.train.features, &both.train.labels, self.args.c)?;
            let seconds = start.elapsed().as_secs_f64();
            let found = self.evaluate(&classifier, &both.test.features, &both.test.labels)?;
            let interval = found.interval(Confidence::Percent95);
            let kept = if both.train.computed + both.test.computed == 0 { " kept" } else { "" };
            println!(
                "{:36} {:6} {:8.2} % {:7.2} to {:5.2} {:8.1} s {:6.2} s{kept}",
                spec.to_string(),
                both.train.features.columns(),
                found.accuracy() * 100.0,
                interval.start() * 100.0,
                interval.end() * 100.0,
                both.seconds,
                seconds,
            );
            last = Some((both, found));
        }
        let Some((both, found)) = last else { bail!("none of the weights are found") };
        println!("\n{found}");
        println!("confusion matrix of the last row:");
        let image =
            confusion_matrix(found.confusion(), found.classes(), &format!("15-Scene, {title}"));
        self.args.common.save(&image, &format!("scene15_{title}.png"))?;
        self.duplicates(&both, &found);
        println!();
        Ok(())
    }

    /// Images whose bytes occur twice, and what those in both parts are worth.
    fn duplicates(&self, both: &Both, found: &Evaluation) {
        let mut places: BTreeMap<_, [usize; 2]> = BTreeMap::new();
        for (part, extraction) in [&both.train, &both.test].into_iter().enumerate() {
            for digest in &extraction.digests {
                places.entry(digest).or_default()[part] += 1;
            }
        }
        let twice = places.values().filter(|[train, test]| train + test > 1).count();
        let crossing = places.values().filter(|[train, test]| train * test > 0);
        let known: usize = crossing.clone().map(|[_, test]| test).sum();
        println!(
            "{twice} images occur twice, {} of them in both parts ({known} of {} test images: at most {:.2} points)",
            crossing.count(),
            found.rows(),
            known as f64 / found.rows() as f64 * 100.0,
        );
    }

    /// Several sets of features side by side, one more in each row of the table; C and the row are
    /// chosen by cross-validation.
    pub fn best(&self) -> anyhow::Result<()> {
        println!("features side by side, C by {} folds of the training set", self.args.folds);
        println!("{:44} {:>6} {:>8} {:>9} {:>9}", "features", "dim.", "C", "folds", "test");
        let (mut train_parts, mut test_parts) = (Vec::new(), Vec::new());
        let mut chosen = (0.0, 0.0, 0);
        let classes = self.train.classes().len();
        let svc = |c| LinearSvc { c, seed: self.args.seed, ..Default::default() };
        for (i, (name, size)) in BEST.into_iter().enumerate() {
            let spec: FeatureSpec = name.replace("vgg", self.vgg()).parse()?;
            let both = self.extract(&spec, size)?;
            let labels = both.train.labels;
            train_parts.push(both.train.features);
            test_parts.push(both.test.features);
            let [train, test] = [&train_parts, &test_parts].map(|parts| Features::concat(parts));
            let (problem, folds) = (SvcProblem::new(&train)?, self.folds(&labels)?);
            let found = problem.cross_validate(&svc(1.0), &CS, &folds, &labels, classes)?;
            let (c, mean) = (CS[found.best], found.scores[found.best].mean * 100.0);
            let classifier = svc(c).fit(&train, &labels, classes)?.classifier;
            let tested = self.evaluate(&classifier, &test, &both.test.labels)?.accuracy() * 100.0;
            let name = format!("+ {spec} {size}x{size}");
            println!("{name:44} {:6} {c:8} {mean:7.2} % {tested:7.2} %", train.columns());
            if mean > chosen.0 {
                chosen = (mean, tested, i + 1);
            }
        }
        println!("chosen by the folds: the first {}, test {:.2} %\n", chosen.2, chosen.1);
        Ok(())
    }
}
