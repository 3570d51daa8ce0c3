//! Accuracies and times over C, and over the number of principal components.

use std::time::Instant;

use anyhow::bail;
use foveate::image::chart::{Curves, Series};
use foveate::transfer::{FeatureSpec, LinearSvc, Pca, SvcProblem};

use crate::Scenes;

pub const CS: [f64; 7] = [0.001, 0.01, 0.1, 0.5, 1.0, 10.0, 100.0];
const COMPONENTS: [usize; 6] = [32, 64, 128, 256, 512, 1024];

impl Scenes {
    /// Accuracy and time over C, as the practical's figure 3.
    pub fn sweep_c(&self) -> anyhow::Result<()> {
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
                let evaluated =
                    self.evaluate(&fit.classifier, &both.test.features, &both.test.labels)?;
                test.push((c, evaluated.accuracy() * 100.0));
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
    pub fn sweep_pca(&self) -> anyhow::Result<()> {
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
                let evaluated = self.evaluate(
                    &fit.classifier,
                    &pca.transform(&both.test.features)?,
                    &both.test.labels,
                )?;
                test.push((size as f64, evaluated.accuracy() * 100.0));
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
        let file = format!("scene15_{name}_{}.png", spec.to_string().replace(':', "_"));
        self.args.common.save(&chart.draw(), &file)
    }
}

/// The share of rows for which something holds.
fn share(rows: &[usize], holds: impl Fn(usize) -> bool) -> f64 {
    rows.iter().filter(|&&row| holds(row)).count() as f64 / rows.len() as f64
}
