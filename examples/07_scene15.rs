//! The practical's question 11: features of pretrained networks and a linear support vector machine
//! on the 15 scenes of 15-Scene; which layer, which network, which C, how many dimensions; and the
//! best of all together.
//!
//! ```text
//! cargo run --release --example 07_scene15                            # layers and networks, C = 1
//! cargo run --release --example 07_scene15 -- --part c pca            # the curves
//! cargo run --release --example 07_scene15 -- --part best             # networks, layers and sizes together
//! ```

mod failure;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use foveate::data::{ImageFolder, scene15};
use foveate::image::chart::{Curves, Series, matrix};
use foveate::models::weights::Source;
use foveate::prelude::*;
use foveate::transfer::{
    Confidence, Evaluation, Extraction, FeatureSpec, Features, Fold, LinearClassifier, LinearSvc,
    LinfaSvm, LogisticRegression, Pca, SvcProblem, stratified_k_fold,
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
    /// Downloads weights that are not at hand (hundreds of megabytes), instead of leaving them out.
    #[arg(long)]
    download: bool,
    /// Uses no features kept from an earlier run: for times.
    #[arg(long)]
    fresh: bool,
    /// Order of the folds and of the steps.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu.
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,
    /// Where images go.
    #[arg(long, default_value = "out")]
    out: PathBuf,
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
const CS: [f64; 7] = [0.001, 0.01, 0.1, 0.5, 1.0, 10.0, 100.0];
const COMPONENTS: [usize; 6] = [32, 64, 128, 256, 512, 1024];

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

fn main() -> ExitCode {
    failure::told(run())
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let chosen = foveate::device(&args.device)?;
    let (train, test) = scene15()?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let (train, test) = (train.limited(limit), test.limited(limit));
    println!("device:   {chosen}");
    println!("images: {} to learn from, {} to test\n", train.samples().len(), test.samples().len());
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let scenes = Scenes { args, device: chosen.device, train, test };
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
    /// VGG16 whole, if its weights are at hand; its convolutions alone otherwise.
    fn vgg(&self) -> &'static str {
        if self.at_hand(Architecture::Vgg16) { "vgg16" } else { "vgg16_features" }
    }

    fn at_hand(&self, architecture: Architecture) -> bool {
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

    fn judge(
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

    /// A table: one row for each set of features.
    fn compare(&self, title: &str, usual: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
        println!("{title}, C = {}", self.args.c);
        println!(
            "{:36} {:>6} {:>10} {:>16} {:>10} {:>8}",
            "features", "dim.", "accuracy", "95 % interval", "extract", "fit"
        );
        let mut last = None;
        for spec in self.specs(usual)? {
            if !self.at_hand(spec.architecture) {
                println!(
                    "{:36} weights not at hand; --download fetches what has an address",
                    spec.to_string()
                );
                continue;
            }
            let both = self.extract(&spec, self.args.size)?;
            let start = Instant::now();
            let classifier = self.learn(&both.train.features, &both.train.labels, self.args.c)?;
            let seconds = start.elapsed().as_secs_f64();
            let found = self.judge(&classifier, &both.test.features, &both.test.labels)?;
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
        let Some((both, found)) = last else { bail!("none of the weights are at hand") };
        println!("\n{found}");
        let file = self.args.out.join(format!("scene15_{title}.png"));
        let image = matrix(found.confusion(), found.classes(), &format!("15-Scene, {title}"));
        image.save(&file).with_context(|| file.display().to_string())?;
        println!("confusion matrix of the last row: {}", file.display());
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

    /// Accuracy and time over C, as the practical's figure 3.
    fn sweep_c(&self) -> anyhow::Result<()> {
        for spec in self.specs([format!("{}:features", self.vgg())])? {
            let both = self.extract(&spec, self.args.size)?;
            let (train, labels) = (&both.train.features, &both.train.labels);
            let problem = SvcProblem::new(train)?;
            let svc = |c| LinearSvc { c, seed: self.args.seed, ..Default::default() };
            let classes = self.train.classes().len();
            let folds = self.folds(labels)?;
            let found = problem.cross_validate(&svc(1.0), &CS, &folds, labels, classes)?;
            println!("{spec}: C by {} folds of the training set", self.args.folds);
            let (mut test, mut seconds) = (Vec::new(), Vec::new());
            for (&c, score) in CS.iter().zip(&found.scores) {
                let start = Instant::now();
                let fit = svc(c).fit(train, labels, classes)?;
                seconds.push((c, start.elapsed().as_secs_f64()));
                let judged = self.judge(&fit.classifier, &both.test.features, &both.test.labels)?;
                test.push((c, judged.accuracy() * 100.0));
                let late = if fit.converged() { "" } else { ", not converged" };
                println!(
                    "  C {c:7}: folds {:6.2} ± {:.2} %, fit {:.2} s{late}",
                    score.mean * 100.0,
                    score.deviation * 100.0,
                    seconds[seconds.len() - 1].1,
                );
            }
            println!("  best: C = {}, test {:.2} %", CS[found.best], test[found.best].1);
            let folds = CS.iter().zip(&found.scores).map(|(&c, score)| (c, score.mean * 100.0));
            self.curves("c", "C", &spec, [folds.collect(), test, seconds])?;
        }
        Ok(())
    }

    /// The same over the number of principal components.
    fn sweep_pca(&self) -> anyhow::Result<()> {
        for spec in self.specs([format!("{}:features", self.vgg())])? {
            let both = self.extract(&spec, self.args.size)?;
            let (train, labels) = (&both.train.features, &both.train.labels);
            let folds = self.folds(labels)?;
            // A fold's components may know nothing of its validation rows.
            let most = folds.iter().map(|fold| fold.train.len()).min().unwrap_or(0);
            let most = most.min(train.columns());
            let sizes: Vec<usize> = COMPONENTS.into_iter().filter(|&size| size <= most).collect();
            let Some(&largest) = sizes.last() else { bail!("too few images for 32 components") };
            let classes = self.train.classes().len();
            let svc = LinearSvc { c: self.args.c, seed: self.args.seed, ..Default::default() };
            let mut shares = vec![0.0; sizes.len()];
            for fold in &folds {
                let pca = Pca::fit(&train.select(&fold.train), largest)?;
                for (share_of, &size) in shares.iter_mut().zip(&sizes) {
                    let rows = pca.truncated(size)?.transform(train)?;
                    let answers =
                        SvcProblem::new(&rows)?.fit_predict(&svc, &fold.train, labels, classes)?;
                    *share_of += share(&fold.validation, |row| answers[row] == labels[row]) * 100.0
                        / folds.len() as f64;
                }
            }
            let best =
                (0..sizes.len()).fold(0, |best, i| if shares[i] > shares[best] { i } else { best });
            let start = Instant::now();
            let pca = Pca::fit(train, largest)?;
            println!(
                "{spec}: {largest} components in {:.2} s, C = {}",
                start.elapsed().as_secs_f64(),
                self.args.c
            );
            let (mut test, mut seconds) = (Vec::new(), Vec::new());
            for (i, &size) in sizes.iter().enumerate() {
                let pca = pca.truncated(size)?;
                let rows = pca.transform(train)?;
                let start = Instant::now();
                let fit = svc.fit(&rows, labels, classes)?;
                seconds.push((size as f64, start.elapsed().as_secs_f64()));
                let judged = self.judge(
                    &fit.classifier,
                    &pca.transform(&both.test.features)?,
                    &both.test.labels,
                )?;
                test.push((size as f64, judged.accuracy() * 100.0));
                let variance: f32 = pca.explained_variance_ratio().iter().sum();
                println!(
                    "  {size:5} components: {:5.1} % of the variance, folds {:5.2} %, fit {:.2} s",
                    variance * 100.0,
                    shares[i],
                    seconds[i].1
                );
            }
            println!("  best: {} components, test {:.2} %", sizes[best], test[best].1);
            let shares = sizes.iter().zip(shares).map(|(&size, share)| (size as f64, share));
            self.curves("pca", "components", &spec, [shares.collect(), test, seconds])?;
        }
        Ok(())
    }

    /// Several sets of features side by side, one more in each row of the table; C and the row are
    /// chosen by cross-validation.
    fn best(&self) -> anyhow::Result<()> {
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
            let tested = self.judge(&classifier, &test, &both.test.labels)?.accuracy() * 100.0;
            let name = format!("+ {spec} {size}x{size}");
            println!("{name:44} {:6} {c:8} {mean:7.2} % {tested:7.2} %", train.columns());
            if mean > chosen.0 {
                chosen = (mean, tested, i + 1);
            }
        }
        println!("chosen by the folds: the first {}, test {:.2} %\n", chosen.2, chosen.1);
        Ok(())
    }

    /// Draws a sweep: accuracy on the left, seconds on the right.
    fn curves(
        &self,
        name: &str,
        x_label: &str,
        spec: &FeatureSpec,
        [folds, test, seconds]: [Vec<(f64, f64)>; 3],
    ) -> anyhow::Result<()> {
        let series = |name: &str, points, right| Series {
            name: name.into(),
            points,
            errors: Vec::new(),
            right,
        };
        let chart = Curves {
            title: format!("15-Scene, {spec}"),
            x_label: x_label.into(),
            y_label: "accuracy, %".into(),
            right_label: "fit, seconds".into(),
            log_x: true,
            series: vec![
                series("folds", folds, false),
                series("test", test, false),
                series("fit", seconds, true),
            ],
        };
        let file = self
            .args
            .out
            .join(format!("scene15_{name}_{}.png", spec.to_string().replace(':', "_")));
        chart.draw().save(&file).with_context(|| file.display().to_string())?;
        println!("  curves: {}\n", file.display());
        Ok(())
    }
}

/// The share of rows for which something holds.
fn share(rows: &[usize], holds: impl Fn(usize) -> bool) -> f64 {
    rows.iter().filter(|&&row| holds(row)).count() as f64 / rows.len() as f64
}
