//! A network that draws digits by class.

use std::ops::ControlFlow;

use foveate::data::digits;
use foveate::generate::metrics::{Score, Scorer};
use foveate::generate::{GanTraining, Interpolation, Noise, interpolate, sample};
use foveate::models::{CganConfig, Generator, Initialization};
use foveate::prelude::*;

use crate::generating::{curves, print};
use crate::page::{Figure, Page};
use crate::percent;

/// Iterations after which images are drawn; the last ends the training.
const GRIDS: [usize; 4] = [1, 100, 300, 1000];

/// Of generated digits beside real ones, and of other real ones beside them.
fn scores(generator: &Generator, device: &Device, seed: u64) -> anyhow::Result<[Score; 2]> {
    const COUNT: usize = 1000;
    let rows = Noise::Normal.rows(COUNT, generator.latent_dim(), seed + 3);
    let asked: Vec<usize> = (0..COUNT).map(|i| i % 10).collect();
    let drawn = sample(generator, &rows, &asked);
    let scorer = Scorer::digits(device)?;
    let [real, others] =
        [seed + 4, seed + 5].map(|seed| scorer.activations(&digits(COUNT, seed).resized(32, 32)));
    let score = Score::of(&real, &scorer.activations(&drawn), Some(&drawn.labels))?;
    Ok([score, Score::of(&real, &others, None)?])
}

/// From the first noise to the second, a row for each digit.
fn interpolated(generator: &Generator, noise: &[f32]) -> RgbImage {
    let width = generator.latent_dim();
    let [from, to] = [0, 1].map(|row| &noise[row * width..][..width]);
    let way = interpolate(from, to, 10, Interpolation::Spherical).repeat(10);
    let lines: Vec<usize> = (0..100).map(|i| i / 10).collect();
    sample(generator, &way, &lines).grid(10)
}

pub fn chapter(page: &mut Page, device: &Device, seed: u64) -> anyhow::Result<()> {
    let command = "cargo run --release --example 16_cgan -- --data digits";
    page.chapter("A network that draws", command, |chapter| {
        let images = digits(6400, seed).resized(32, 32);
        let config = CganConfig::new().with_width(32);
        let generator = Initialization::Dcgan.of(config.generator(device), seed);
        let discriminator = Initialization::Dcgan.of(config.discriminator(device), seed + 1);
        let settings = GanTraining {
            iterations: GRIDS[GRIDS.len() - 1],
            batch: 32,
            discriminator_learning_rate: 1e-3,
            generator_learning_rate: 1e-3,
            ema_decay: Some(0.98),
            seed,
            ..Default::default()
        };
        let noise = Noise::Normal.rows(50, config.latent_dim, seed + 2);
        let classes: Vec<usize> = (0..50).map(|i| i % 10).collect();
        let mut grids = Vec::new();
        let made = settings.run_with(generator, discriminator, &images, |step, generator| {
            if step.iteration % 100 == 0 {
                print(step);
            }
            if GRIDS.contains(&step.iteration) {
                grids.push(Figure {
                    image: sample(generator, &noise, &classes).grid(10),
                    alt: format!("fifty generated digits after step {}", step.iteration),
                    caption: format!("Step {}.", step.iteration),
                });
            }
            ControlFlow::Continue(())
        })?;

        let [score, floor] = scores(&made.generator, device, seed)?;
        chapter.text(format!(
            "Two networks play: one draws a digit that it is asked for, from noise; the other \
             tells drawn ones from real ones. After {} steps, LeNet-5 reads the digit that was \
             asked for in {} of the images; their Fréchet distance (FID) from real ones is \
             {:.0}, where real ones among themselves have {:.0}.",
            settings.iterations,
            percent(score.conditional_accuracy.unwrap_or(f64::NAN)),
            score.frechet,
            floor.frechet
        ));
        chapter.text("The digits from 0 to 9, five of each, always of the same noise:");
        chapter.row(&grids)?;
        chapter.figure(
            &interpolated(&made.generator, &noise),
            "ten rows of generated digits that change slowly from left to right",
            "From one noise to another, a row for each digit: what the noise tells is the hand, \
             not the digit.",
        )?;
        chapter.figure(
            &curves("losses", &made.history),
            "four curves over a thousand steps",
            "How the game went: the losses of both, and how real the second network takes real \
             and drawn images to be.",
        )
    })
}
