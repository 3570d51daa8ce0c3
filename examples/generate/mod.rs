//! What the examples of generation share: their images, how a training is run and reported, and its score.

// Not every example uses all of it.
#![allow(dead_code)]

pub mod data;
pub mod reference;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::ensure;
use foveate::data::Images;
use foveate::generate::metrics::{Features, Nearest, nearest};
use foveate::generate::{
    GanTraining, Generated, History, Interpolation, Noise, Step, interpolate, sample,
};
use foveate::image::chart::{Curves, Series};
use foveate::models::weights::Precision;
use foveate::models::{GanConfig, Generator, Initialization};
use foveate::prelude::*;

/// A pair of networks to be trained, and how the training is shown.
pub struct Run<'a> {
    pub name: String,
    pub config: GanConfig,
    pub initialization: Initialization,
    pub settings: GanTraining,
    /// After which iterations a grid of images is drawn.
    pub grids: &'a [usize],
    pub out: &'a Path,
    pub device: &'a Device,
}

impl Run<'_> {
    /// Trains; writes NAME_ITERATION.png, NAME.csv, NAME_loss.png, NAME.safetensors, and NAME_nearest.png:
    /// generated images above the nearest of those learned from.
    pub fn train(&self, images: &Images) -> anyhow::Result<Generated> {
        let seed = self.settings.seed;
        let generator = self.initialization.of(self.config.generator(self.device), seed);
        let other = seed.wrapping_add(1 << 32);
        let discriminator = self.initialization.of(self.config.discriminator(self.device), other);
        let file = |end: &str| self.out.join(format!("{}{end}", self.name));
        let (rows, labels) = fixed(&generator, &self.settings);
        let mut unsaved = Ok(());
        let made =
            self.settings.run_with(generator, discriminator, images, |step, generator| {
                if step.iteration % 100 == 0 || self.grids.contains(&step.iteration) {
                    print(step);
                }
                if self.grids.contains(&step.iteration) {
                    let grid = sample(generator, &rows, &labels).grid(COLUMNS);
                    unsaved = grid.save(file(&format!("_{}.png", step.iteration)));
                }
                if unsaved.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        // What took hours comes first.
        self.config.save(&made.generator, file(".safetensors"), Precision::Single)?;
        unsaved?;
        fs::write(file(".csv"), made.history.csv())?;
        curves(&self.name, &made.history).save(file("_loss.png"))?;
        let grid = sample(&made.generator, &rows, &labels);
        grid.grid(COLUMNS).save(file(".png"))?;
        beside_nearest(&grid.slice(0..COLUMNS), images)?.save(file("_nearest.png"))?;
        Ok(made)
    }
}

/// Images in a row, and below each the nearest of others by the differences of its pixels.
fn beside_nearest(images: &Images, others: &Images) -> anyhow::Result<RgbImage> {
    let features = |images: &Images| {
        let values = images.pixels.iter().map(|&byte| f32::from(byte) / 255.0);
        Features::new(values.collect(), images.channels * images.height * images.width)
    };
    let generated = features(images);
    let mut best = vec![Nearest { row: 0, distance: f64::INFINITY }; images.len()];
    // A part at a time: as floats they take four times the room.
    for start in (0..others.len()).step_by(4096) {
        let part = others.slice(start..others.len().min(start + 4096));
        for (best, found) in best.iter_mut().zip(nearest(&generated, &features(&part))?) {
            if found.distance < best.distance {
                *best = Nearest { row: start + found.row, ..found };
            }
        }
    }
    let mut both = images.clone();
    for nearest in best {
        both.pixels.extend(others.bytes(nearest.row));
        both.labels.push(others.labels[nearest.row]);
    }
    Ok(both.grid(images.len()))
}

/// NAME_noises.png: each class, or one, of the same 15 noises; NAME_ways.png: a row of images for
/// each class, or for each of ten pairs of noises, on the way from one noise to the other.
pub fn draw(generator: &Generator, out: &Path, name: &str) -> anyhow::Result<()> {
    const NOISES: usize = 15;
    let (width, classes) = (generator.latent_dim(), generator.classes());
    let of = |rows: &[f32], of_class: &dyn Fn(usize) -> usize| {
        let count = (0..rows.len() / width).filter(|_| classes > 0);
        let labels: Vec<usize> = count.map(|i| of_class(i / NOISES)).collect();
        sample(generator, rows, &labels).grid(NOISES)
    };
    let lines = if classes > 0 { classes } else { COLUMNS };
    let noises = Noise::Normal.rows(NOISES, width, 3_000_000);
    let rows = noises.repeat(classes.max(1));
    of(&rows, &|line| line).save(out.join(format!("{name}_noises.png")))?;
    let noises = Noise::Normal.rows(2 * lines, width, 3_000_000);
    let ways = (0..lines).flat_map(|line| {
        // Classes go the same way.
        let line = if classes > 0 { 0 } else { line };
        let [from, to] = [2 * line, 2 * line + 1].map(|row| &noises[row * width..][..width]);
        interpolate(from, to, NOISES, Interpolation::Spherical)
    });
    of(&ways.collect::<Vec<f32>>(), &|line| line).save(out.join(format!("{name}_ways.png")))?;
    println!("{}: {name}_noises.png, {name}_ways.png", out.display());
    Ok(())
}

/// Images in a row of a grid, and rows.
const COLUMNS: usize = 10;

/// The noise of all grids; each column has a class, where there are classes.
fn fixed(generator: &Generator, settings: &GanTraining) -> (Vec<f32>, Vec<usize>) {
    let count = COLUMNS * COLUMNS;
    let rows = settings.noise.rows(count, generator.latent_dim(), 1_000_000);
    let classes = generator.classes();
    let labels = (0..count).filter(|_| classes > 0).map(|i| i % COLUMNS % classes);
    (rows, labels.collect())
}

/// A line an iteration.
pub fn print(step: &Step) {
    let Step {
        iteration, discriminator_loss, generator_loss, real, fake, fake_after, seconds, ..
    } = step;
    println!(
        "{iteration:6}  loss D {discriminator_loss:6.3}  G {generator_loss:6.3}   D(x) {real:.3}  \
         D(G(z)) {fake:.3}, {fake_after:.3}   {seconds:.0} s"
    );
}

/// Classes of labeled images, two or more.
pub fn classes(images: &Images) -> anyhow::Result<usize> {
    let classes = images.labels.iter().max().map_or(0, |&label| label + 1);
    ensure!(classes > 1, "images of {classes} class: expected a folder for each of two or more");
    Ok(classes)
}

/// Losses and probabilities over the iterations, as means of every 20.
pub fn curves(title: &str, history: &History) -> RgbImage {
    let series = |name: &str, right: bool, value: &dyn Fn(&Step) -> f64| {
        let windows = history.steps.chunks(20);
        let points = windows.map(|steps| {
            let mean = steps.iter().map(value).sum::<f64>() / steps.len() as f64;
            (steps[steps.len() - 1].iteration as f64, mean)
        });
        Series { name: name.into(), points: points.collect(), right, ..Default::default() }
    };
    let chart = Curves {
        title: title.into(),
        x_label: "iteration".into(),
        y_label: "loss".into(),
        right_label: "probability of being real".into(),
        series: vec![
            series("loss of D", false, &|step| step.discriminator_loss),
            series("loss of G", false, &|step| step.generator_loss),
            series("D(x)", true, &|step| step.real),
            series("D(G(z))", true, &|step| step.fake),
        ],
        ..Default::default()
    };
    chart.draw()
}
