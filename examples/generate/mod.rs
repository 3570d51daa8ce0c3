//! What the examples of generation share: their images, how a training is run and told, and its score.

// Not every example uses all of it.
#![allow(dead_code)]

use std::convert::Infallible;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, ensure};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use foveate::data::{DataError, ImageFolder, Images, Split, digits, mnist};
use foveate::generate::metrics::{Activations, Features, Nearest, Score, Scorer, nearest};
use foveate::generate::{
    GanTraining, Generated, History, Interpolation, Noise, Step, interpolate, sample,
};
use foveate::image::chart::{Curves, Series};
use foveate::image::{Resize, open, resize};
use foveate::models::weights::Precision;
use foveate::models::{GanConfig, Generator, Initialization, LeNet};
use foveate::prelude::*;

/// Images, by a name or by a folder's path.
#[derive(Clone)]
pub enum Data {
    /// Drawn digits: nothing to download.
    Digits,
    /// MNIST's digits.
    Mnist(Split),
    /// A folder with folders of images, one a class; or with images alone.
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
    /// At most `count` images.
    pub fn load(&self, count: usize) -> anyhow::Result<Images> {
        let all = match self {
            Self::Digits => return Ok(digits(count, 0)),
            Self::Mnist(split) => mnist(*split)?,
            Self::Folder(path) => return folder(path, count, None),
        };
        Ok(all.slice(0..count.min(all.len())))
    }

    /// The same of `size` x `size` pixels, to learn from: a folder's images are cut to a square.
    pub fn load_square(&self, count: usize, size: usize) -> anyhow::Result<Images> {
        match self {
            Self::Folder(path) => folder(path, count, Some(size as u32)),
            _ => Ok(self.load(count)?.resized(size, size)),
        }
    }

    /// Real images that scores compare with, as many and as large as generated ones: such as were not
    /// learned from, but where a folder is all there is.
    pub fn beside(&self, count: usize, size: usize) -> anyhow::Result<Images> {
        match self {
            Self::Mnist(_) => Self::Mnist(Split::Test).load_square(count, size),
            Self::Digits => Ok(digits(count, 1).resized(size, size)),
            Self::Folder(_) => self.load_square(count, size),
        }
    }
}

/// Images of a folder, evenly from all of it; of one size, unless they are cut to a square. What is no image
/// is told, and left out.
fn folder(path: &Path, count: usize, square: Option<u32>) -> anyhow::Result<Images> {
    let all = match ImageFolder::open(path) {
        Err(DataError::NoClasses { .. }) => ImageFolder::flat(path)?,
        folder => folder?,
    };
    let (all, others) = all.recognized();
    others.iter().for_each(|error| println!("left out: {error}"));
    let samples = all.samples();
    let kept = count.min(samples.len());
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for sample in (0..kept).map(|i| &samples[i * samples.len() / kept]) {
        let read = open(&sample.path).and_then(|image| match square {
            Some(side) => resize(&image, Resize::ShortSideCrop { short_side: side, crop: side }),
            None => Ok(image),
        });
        match read {
            Ok(image) => {
                images.push(image);
                labels.push(sample.class);
            }
            Err(error) => println!("left out: {error}"),
        }
    }
    Images::from_images(&images, labels).with_context(|| path.display().to_string())
}

/// Options of a training.
#[derive(clap::Args)]
pub struct Training {
    /// mnist, digits (drawn), or a folder with folders of images, one a class
    #[arg(long, default_value = "mnist")]
    pub data: Data,

    /// Images to learn from, at most; of drawn ones, so many
    #[arg(long, default_value_t = 60_000)]
    pub limit: usize,

    /// Images a step
    #[arg(long, default_value_t = 128)]
    batch: usize,

    /// Passes over the images
    #[arg(long, default_value_t = 5)]
    epochs: usize,

    /// The share of the old in a moving average of the generator, less at first, such as 0.999 (default: no average)
    #[arg(long)]
    ema_decay: Option<f64>,

    /// Iterations after which images are drawn
    #[arg(long, num_args = 0.., default_values_t = [1, 400, 1000, 2000])]
    grids: Vec<usize>,

    /// One training for each
    #[arg(long, num_args = 1.., default_values_t = [0])]
    seeds: Vec<u64>,

    /// Images that are scored; 0 for none
    #[arg(long, default_value_t = 10_000)]
    samples: usize,

    /// A file to go on from after an interruption; its name gets the seed
    #[arg(long)]
    checkpoint: Option<PathBuf>,

    /// Iterations from one checkpoint to the next
    #[arg(long, default_value_t = 200)]
    checkpoint_every: usize,

    /// Train nothing: draw images with this generator
    #[arg(long)]
    pub sample: Option<PathBuf>,

    #[command(flatten)]
    pub place: Place,
}

/// Where it is computed, and where it is written.
#[derive(clap::Args)]
pub struct Place {
    /// auto, ndarray, flex, wgpu, wgpu:N, wgpu:cpu
    #[arg(long, env = "FOVEATE_DEVICE", default_value = "auto")]
    device: String,

    /// Folder for what is written
    #[arg(long, default_value = "out")]
    pub out: PathBuf,
}

impl Place {
    /// The device, and the folder made.
    pub fn open(&self) -> anyhow::Result<Device> {
        let chosen = foveate::device(&self.device)?;
        println!("device:   {chosen}");
        fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        Ok(chosen.device)
    }
}

impl Training {
    /// Trains networks once for each seed, by `settings` and the options, and scores them. Writes what
    /// [`Run::train`] and [`draw`] write as NAME_SEED.
    pub fn run(
        &self,
        name: &str,
        config: &GanConfig,
        initialization: Initialization,
        settings: &GanTraining,
        images: &Images,
        device: &Device,
    ) -> anyhow::Result<()> {
        let out = &self.place.out;
        let judge = match self.samples {
            0 => None,
            count => Some(Judge::new(&self.data, count, images.height, device)?),
        };
        for &seed in &self.seeds {
            println!("\nseed {seed}");
            let settings = GanTraining {
                // A batch of 0 is refused by the settings.
                iterations: self.epochs * (images.len() / self.batch.max(1)),
                batch: self.batch,
                ema_decay: self.ema_decay,
                seed,
                checkpoint: self.checkpoint.as_ref().map(|file| {
                    let mut name = file.as_os_str().to_owned();
                    name.push(format!(".{seed}"));
                    name.into()
                }),
                checkpoint_every: self.checkpoint_every,
                ..settings.clone()
            };
            let (name, config) = (format!("{name}_{seed}"), config.clone());
            let run =
                Run { name, config, initialization, settings, grids: &self.grids, out, device };
            let made = run.train(images)?;
            let seconds = made.history.steps.last().map_or(0.0, |step| step.seconds);
            println!("{} iterations in {seconds:.0} s", made.history.steps.len());
            draw(&made.generator, out, &run.name)?;
            if let Some(judge) = &judge {
                println!("{}", judge.score(&made.generator)?);
            }
        }
        println!(
            "{}: {name}_SEED.png, .csv, .safetensors, _loss.png, _nearest.png, _ITERATION.png",
            out.display()
        );
        Ok(())
    }
}

/// A number of numbers, of channels, of classes.
pub fn size(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size| (1..=1 << 16).contains(size));
    size.ok_or_else(|| "expected a number from 1 to 65536".into())
}

/// Height and width of an image.
pub fn side() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["8", "16", "32", "64", "128", "256"])
        .map(|side| side.parse().expect("it is a number"))
}

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

/// Tells how good images are beside real ones, by the fixed network.
pub struct Judge {
    scorer: Scorer<LeNet>,
    real: Activations,
    count: usize,
    /// Whether classes are the digits that the network reads.
    digits: bool,
}

impl Judge {
    /// `count` images will be compared with as many real ones.
    pub fn new(data: &Data, count: usize, size: usize, device: &Device) -> anyhow::Result<Self> {
        Self::of(data, &data.beside(count, size)?, count, device)
    }

    /// `count` images will be compared with these of `data`.
    pub fn of(data: &Data, real: &Images, count: usize, device: &Device) -> anyhow::Result<Self> {
        let scorer = Scorer::digits(device)?;
        ensure!(!real.is_empty(), "there are no real images to compare with");
        let real = scorer.activations(real);
        // Told before the training, not behind it.
        let (found, features) = (count.min(real.features.rows()), real.features.columns());
        ensure!(
            found > features,
            "{found} images to compare: expected more than the {features} features"
        );
        Ok(Self { scorer, real, count, digits: !matches!(data, Data::Folder(_)) })
    }

    /// Scores of a generator.
    pub fn score(&self, generator: &Generator) -> anyhow::Result<Score> {
        let rows = Noise::Normal.rows(self.count, generator.latent_dim(), 2_000_000);
        let classes = generator.classes();
        let labels: Vec<usize> =
            (0..self.count).filter(|_| classes > 0).map(|i| i % classes).collect();
        let made = sample(generator, &rows, &labels);
        let asked = (self.digits && classes > 0).then(|| made.labels.clone());
        Ok(Score::of(&self.real, &self.scorer.activations(&made), asked.as_deref())?)
    }

    /// Scores of images.
    pub fn score_of(&self, images: &Images) -> anyhow::Result<Score> {
        Ok(Score::of(&self.real, &self.scorer.activations(images), None)?)
    }
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
