//! What the examples of generation share: their pictures, how a training is told, and its score.

// Not every example uses all of it.
#![allow(dead_code)]

use std::convert::Infallible;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use foveate::data::{DataError, ImageFolder, Pictures, Split, digits, mnist};
use foveate::generate::metrics::{Score, Scorer};
use foveate::generate::{AdversarialGeneration, Generated, History, Noise, Step, sample};
use foveate::image::chart::{Curves, Series};
use foveate::image::{Resize, resize};
use foveate::models::weights::Precision;
use foveate::models::{GanConfig, Generator, Initialisation};
use foveate::prelude::*;

/// Pictures, by a name or by a folder's path.
#[derive(Clone)]
pub enum Data {
    /// Drawn digits: nothing to download.
    Digits,
    /// MNIST's digits.
    Mnist(Split),
    /// A folder with folders of pictures, one a class; or with pictures alone.
    Folder(PathBuf),
}

impl FromStr for Data {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(match name {
            "digits" => Self::Digits,
            "mnist" | "mnist-train" => Self::Mnist(Split::Train),
            "mnist-test" => Self::Mnist(Split::Test),
            folder => Self::Folder(folder.into()),
        })
    }
}

impl Data {
    /// At most `count` pictures.
    pub fn load(&self, count: usize) -> anyhow::Result<Pictures> {
        let all = match self {
            Self::Digits => return Ok(digits(count, 0)),
            Self::Mnist(split) => mnist(*split)?,
            Self::Folder(path) => return folder(path, count, None),
        };
        Ok(all.slice(0..count.min(all.len())))
    }

    /// The same of `size` x `size` pixels, to learn from: a folder's pictures are cut to a square.
    pub fn load_square(&self, count: usize, size: usize) -> anyhow::Result<Pictures> {
        match self {
            Self::Folder(path) => folder(path, count, Some(size as u32)),
            _ => Ok(self.load(count)?.resized(size, size)),
        }
    }

    /// Real pictures that scores compare with, as many and as large as generated ones: such as were not
    /// learned from, but where a folder is all there is.
    pub fn beside(&self, count: usize, size: usize) -> anyhow::Result<Pictures> {
        match self {
            Self::Mnist(_) => Self::Mnist(Split::Test).load_square(count, size),
            Self::Digits => Ok(digits(count, 1).resized(size, size)),
            Self::Folder(_) => self.load_square(count, size),
        }
    }
}

/// Pictures of a folder, evenly from all of it; of one size, unless they are cut to a square.
fn folder(path: &Path, count: usize, square: Option<u32>) -> anyhow::Result<Pictures> {
    let name = || path.display().to_string();
    let files: Vec<(PathBuf, usize)> = match ImageFolder::open(path) {
        Ok(folder) => folder.samples().iter().map(|one| (one.path.clone(), one.class)).collect(),
        Err(DataError::NoClasses { .. }) => {
            let entries: Result<Vec<_>, _> = fs::read_dir(path).with_context(name)?.collect();
            let mut files: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
            files.sort();
            files.into_iter().map(|file| (file, 0)).collect()
        }
        Err(error) => return Err(error.into()),
    };
    let kept = count.min(files.len());
    let (mut pictures, mut labels) = (Vec::new(), Vec::new());
    for (file, class) in (0..kept).map(|i| &files[i * files.len() / kept]) {
        let picture = foveate::image::open(file)?;
        pictures.push(match square {
            Some(side) => resize(&picture, Resize::ShortSideCrop { short_side: side, crop: side })?,
            None => picture,
        });
        labels.push(u8::try_from(*class).context("more than 256 classes")?);
    }
    Pictures::from_images(&pictures, labels).with_context(name)
}

/// A pair of networks to be trained, and how the training is shown.
pub struct Run<'a> {
    pub name: String,
    pub config: GanConfig,
    pub initialisation: Initialisation,
    pub settings: AdversarialGeneration,
    /// After which iterations a grid of pictures is drawn.
    pub grids: &'a [usize],
    pub out: &'a Path,
    pub device: &'a Device,
}

impl Run<'_> {
    /// Trains; writes NAME_ITERATION.png, NAME.csv, NAME_loss.png and NAME.safetensors.
    pub fn train(&self, pictures: &Pictures) -> anyhow::Result<Generated> {
        let seed = self.settings.seed;
        let generator = self.initialisation.of(self.config.generator(self.device), seed);
        let other = seed.wrapping_add(1 << 32);
        let discriminator = self.initialisation.of(self.config.discriminator(self.device), other);
        let file = |end: &str| self.out.join(format!("{}{end}", self.name));
        let (rows, labels) = fixed(&generator, &self.settings);
        let mut unsaved = Ok(());
        let made =
            self.settings.watched(generator, discriminator, pictures, |step, generator| {
                if step.iteration % 100 == 0 || self.grids.contains(&step.iteration) {
                    print(step);
                }
                if self.grids.contains(&step.iteration) {
                    let grid = sample(generator, &rows, &labels).grid(COLUMNS);
                    unsaved = grid.save(file(&format!("_{}.png", step.iteration)));
                }
                if unsaved.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        unsaved?;
        sample(&made.generator, &rows, &labels).grid(COLUMNS).save(file(".png"))?;
        fs::write(file(".csv"), made.history.csv())?;
        curves(&self.name, &made.history).save(file("_loss.png"))?;
        self.config.save(&made.generator, file(".safetensors"), Precision::Single)?;
        Ok(made)
    }
}

/// Pictures in a row of a grid, and rows.
const COLUMNS: usize = 10;

/// The noise of all grids; each column has a class, where there are classes.
fn fixed(generator: &Generator, settings: &AdversarialGeneration) -> (Vec<f32>, Vec<u8>) {
    let count = COLUMNS * COLUMNS;
    let rows = settings.noise.rows(count, generator.latent_dim(), 1_000_000);
    let classes = generator.classes();
    let labels = (0..count).filter(|_| classes > 0).map(|i| (i % COLUMNS % classes) as u8);
    (rows, labels.collect())
}

fn print(step: &Step) {
    let Step { iteration, discriminator_loss, generator_loss, real, fake, fake_after, seconds } =
        step;
    println!(
        "{iteration:6}  loss D {discriminator_loss:6.3}  G {generator_loss:6.3}   D(x) {real:.3}  D(G(z)) {fake:.3}, \
         {fake_after:.3}   {seconds:.0} s"
    );
}

/// How good `count` pictures of a generator are, beside real ones, by the fixed network.
pub fn score(
    generator: &Generator,
    noise: Noise,
    count: usize,
    real: &Pictures,
    device: &Device,
) -> anyhow::Result<Score> {
    let scorer = Scorer::digits(device)?;
    let rows = noise.rows(count, generator.latent_dim(), 2_000_000);
    let classes = generator.classes();
    let asked: Vec<u8> = (0..count).filter(|_| classes > 0).map(|i| (i % classes) as u8).collect();
    let made = sample(generator, &rows, &asked);
    let asked: Vec<usize> = asked.into_iter().map(usize::from).collect();
    let asked = (classes > 0).then_some(asked.as_slice());
    Ok(Score::of(&scorer.see(real), &scorer.see(&made), asked)?)
}

/// Losses and probabilities over the iterations, as running means of 20.
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
