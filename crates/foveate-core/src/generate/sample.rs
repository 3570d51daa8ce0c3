//! Images of a trained generator.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use rand::RngCore;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::data::Images;
use crate::models::{Generator, at_once, device_of};
use crate::random::stream;
use crate::train::integers;

/// Where noise comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Noise {
    /// The standard normal distribution.
    #[default]
    Normal,
    /// From -1 to 1, uniformly.
    Uniform,
}

impl Noise {
    /// Noise for `count` images, `[count, latent_dim]` row by row. Same seed, same noise; a row does
    /// not depend on `count`.
    pub fn rows(self, count: usize, latent_dim: usize, seed: u64) -> Vec<f32> {
        // A stream of its own: weights are drawn from the first one.
        self.draw(count * latent_dim, stream(seed, 0, 1))
    }

    pub(super) fn draw(self, count: usize, mut generator: ChaCha8Rng) -> Vec<f32> {
        let draw = |_| match self {
            Self::Normal => StandardNormal.sample(&mut generator),
            // 24 bits are an f32's.
            Self::Uniform => (generator.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0,
        };
        (0..count).map(draw).collect()
    }
}

/// The generator's images, in evaluation mode, of noise `[n, latent_dim]`, and of labels `[n]` if it has
/// classes.
///
/// # Panics
///
/// If the noise is no whole rows, or there is not one label below [`classes`](Generator::classes) a row
/// where there are classes.
pub fn sample(generator: &Generator, noise: &[f32], labels: &[usize]) -> Images {
    let (width, classes) = (generator.latent_dim(), generator.classes());
    assert!(noise.len().is_multiple_of(width), "{} numbers are no rows of {width}", noise.len());
    let count = noise.len() / width;
    assert_eq!(labels.len(), if classes > 0 { count } else { 0 }, "one label an image");
    let known = labels.iter().all(|&label| label < classes);
    assert!(known, "labels are below {classes}");

    let generator = generator.valid();
    let device = device_of(&generator);
    let [channels, height, width_] = generator.size();
    let mut all =
        Images { height, width: width_, channels, pixels: Vec::new(), labels: Vec::new() };
    let at_once = at_once([height, width_], 250, 64);
    for (i, rows) in noise.chunks(at_once * width).enumerate() {
        let n = rows.len() / width;
        let chosen = (classes > 0).then(|| {
            integers(labels[i * at_once..][..n].iter().map(|&label| label as i64), &device)
        });
        let rows = Tensor::from_data(TensorData::new(rows.to_vec(), [n, width]), &device);
        let made = Images::from_signed(generator.forward(rows, chosen));
        all.pixels.extend(made.pixels);
        all.labels.extend(made.labels);
    }
    if classes > 0 {
        all.labels = labels.to_vec();
    }
    all
}

/// A way from one noise to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interpolation {
    /// Straight.
    Linear,
    /// Along a circle, as long as noise is on the way: Tom White, *Sampling Generative Networks*, 2016,
    /// <https://arxiv.org/abs/1609.04468>.
    Spherical,
}

/// `count` rows of noise from `from` to `to`, both among them.
///
/// # Panics
///
/// If the two are of different lengths, or `count` is below 2.
pub fn interpolate(from: &[f32], to: &[f32], count: usize, along: Interpolation) -> Vec<f32> {
    assert_eq!(from.len(), to.len(), "numbers of both ends");
    assert!(count >= 2, "a way has two ends");
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let cosine = dot(from, to) / (dot(from, from) * dot(to, to)).sqrt();
    let angle = cosine.clamp(-1.0, 1.0).acos();
    let shares = |t: f64| match along {
        // Between parallel noises, or from 0, the circle is a line.
        Interpolation::Spherical if angle.sin() > 1e-6 => {
            [((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin()]
        }
        _ => [1.0 - t, t],
    };
    let row = |i: usize| {
        let [a, b] = shares(i as f64 / (count - 1) as f64);
        let mix =
            move |(&from, &to): (&f32, &f32)| (a * f64::from(from) + b * f64::from(to)) as f32;
        from.iter().zip(to).map(mix)
    };
    (0..count).flat_map(row).collect()
}
