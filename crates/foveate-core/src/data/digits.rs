//! Digits drawn by a pen of our own; see [`digits`] and [`coloured_digits`].
//!
//! The bits are the same on every platform: only `+ - * /`, `sqrt`, `floor`, comparisons and integers,
//! which IEEE 754 makes exact, and ChaCha8 for the random numbers.

// Rows of points show a glyph's shape; one a line would hide it.
#[rustfmt::skip]
mod glyphs;
mod pen;
mod textures;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::pictures::Pictures;

/// Height and width of a picture.
const SIDE: usize = 28;

/// `count` drawn digits, 28x28 and grey: white strokes on black, 20 pixels in the longer side, their centre of
/// mass in the middle. Nothing is downloaded.
///
/// A stand-in for MNIST, in its form (Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, *Gradient-Based
/// Learning Applied to Document Recognition*, 1998, <http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf>); no
/// pixel of it went into them.
///
/// Every ten in a row hold each class once, in a random order. The i-th digit depends on `seed` and i
/// alone, not on `count` or the number of threads; its bits are the same on every platform.
pub fn digits(count: usize, seed: u64) -> Pictures {
    pictures(count, 1, seed, |i, label, picture| {
        picture.copy_from_slice(&pen::draw(label, &mut Chance::new(seed, i, Purpose::Digit)));
    })
}

/// `count` drawn digits, 28x28 in colour: each blended with a texture as |texture - digit|, a digit's pixel
/// being 0 or 255.
///
/// A stand-in for MNIST-M (Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016,
/// <https://arxiv.org/abs/1505.07818>, section 5.2.4), with procedural textures in place of photographs; no
/// pixel of it went into them.
///
/// Their shapes and labels are those of [`digits`] of the same seed: take another one for pictures to
/// be tested on, or for an unpaired second domain.
pub fn coloured_digits(count: usize, seed: u64) -> Pictures {
    pictures(count, 3, seed, |i, label, picture| {
        let digit = pen::draw(label, &mut Chance::new(seed, i, Purpose::Digit));
        let texture = textures::draw(&mut Chance::new(seed, i, Purpose::Texture));
        for ((blended, texture), digit) in picture.chunks_exact_mut(3).zip(&texture).zip(digit) {
            for (blended, texture) in blended.iter_mut().zip(texture) {
                *blended = if digit >= 128 { 255 - texture } else { *texture };
            }
        }
    })
}

/// Fills every picture with `draw(index, label, bytes)`, on all cores.
fn pictures(
    count: usize,
    channels: usize,
    seed: u64,
    draw: impl Fn(usize, u8, &mut [u8]) + Sync,
) -> Pictures {
    let bytes = SIDE * SIDE * channels;
    let labels: Vec<u8> = (0..count).map(|i| label(seed, i)).collect();
    let mut pixels = vec![0; count * bytes];
    pixels
        .par_chunks_exact_mut(bytes)
        .zip(&labels)
        .enumerate()
        .for_each(|(i, (picture, &label))| draw(i, label, picture));
    Pictures { height: SIDE, width: SIDE, channels, pixels, labels }
}

/// The label of the i-th digit: every ten have an order of their own.
fn label(seed: u64, i: usize) -> u8 {
    let mut chance = Chance::new(seed, i / 10, Purpose::Labels);
    let mut order: [u8; 10] = std::array::from_fn(|class| class as u8);
    for last in (1..10).rev() {
        order.swap(last, chance.below(last as u64 + 1) as usize);
    }
    order[i % 10]
}

/// What random numbers are for: each has streams of its own.
#[derive(Clone, Copy)]
enum Purpose {
    Labels,
    Digit,
    Texture,
}

/// The random numbers of one picture.
struct Chance(ChaCha8Rng);

impl Chance {
    fn new(seed: u64, i: usize, purpose: Purpose) -> Self {
        // The key is the seed itself: nothing but ChaCha8's definition decides the numbers.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(i as u64 * 3 + purpose as u64);
        Self(rng)
    }

    /// An integer of `0..n`.
    fn below(&mut self, n: u64) -> u64 {
        (u64::from(self.0.next_u32()) * n) >> 32
    }

    /// Uniform in `low..=high`.
    fn between(&mut self, low: f32, high: f32) -> f32 {
        let uniform = (f64::from(self.0.next_u32()) / 4_294_967_296.0) as f32;
        low + (high - low) * uniform
    }

    /// Nearly normal: four uniform numbers' sum, scaled to this deviation. Never beyond 3.5 deviations.
    fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        let sum: f32 = (0..4).map(|_| self.between(-1.0, 1.0)).sum();
        mean + deviation * 0.866_025_4 * sum
    }

    /// A rotation, as cosine and sine of an angle of at most 2 atan `t`.
    fn rotation(&mut self, t: f32) -> (f32, f32) {
        let t = self.between(-t, t);
        ((1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// The bits are those of every other platform, and of every release.
    #[test]
    fn checksums() {
        for (pictures, expected) in [
            (digits(200, 7), "eb471a45627bcde8e7cb6fe6e97d275f58fa39c4c55b37b5c19691ab768394c2"),
            (
                coloured_digits(200, 7),
                "9d04641e9d78f5090ecc1341ae1993ba210bab2da2691518fb9b9e27d46f33e7",
            ),
        ] {
            let digest =
                Sha256::new().chain_update(&pictures.labels).chain_update(&pictures.pixels);
            let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{} channels", pictures.channels);
        }
    }

    #[test]
    fn a_digit_depends_on_seed_and_index_alone() {
        for draw in [digits, coloured_digits] {
            let (few, many, other) = (draw(13, 1), draw(40, 1), draw(13, 2));
            assert_eq!(few.labels, many.labels[..13]);
            assert_eq!(few.pixels, many.pixels[..few.pixels.len()]);
            assert_ne!(few.labels, other.labels);
            assert_ne!(few.pixels, other.pixels);
        }
    }

    #[test]
    fn one_thread_draws_what_many_draw() {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for draw in [digits, coloured_digits] {
            assert_eq!(pool(1).install(|| draw(100, 3)), pool(4).install(|| draw(100, 3)));
        }
    }

    #[test]
    fn labels_are_balanced_and_mixed() {
        let labels = digits(1000, 0).labels;
        for ten in labels.chunks(10) {
            let mut sorted = ten.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<u8>>());
        }
        // A class stands in a given place of ten once in ten times: 10 of 100, deviation 3.
        for class in 0..10 {
            let first = labels.iter().step_by(10).filter(|&&label| label == class).count();
            assert!((1..=22).contains(&first), "class {class} comes first {first} times of 100");
        }
    }

    /// As in MNIST: within the picture, 20 pixels in the longer side, centred by mass.
    #[test]
    fn glyphs_fit_the_box() {
        let pictures = digits(2000, 5);
        for (picture, label) in pictures.pixels.chunks(SIDE * SIDE).zip(&pictures.labels) {
            let pixels = || picture.iter().enumerate().filter(|&(_, &pixel)| pixel > 0);
            let edge = |i: usize| [i % SIDE, i / SIDE].iter().any(|v| [0, SIDE - 1].contains(v));
            let faint = pixels().filter(|&(i, _)| edge(i)).all(|(_, &pixel)| pixel < 128);
            assert!(faint, "a {label} touches the picture's edge");
            let sides = [1, SIDE].map(|step| {
                let places = || pixels().filter(|&(_, &v)| v >= 64).map(|(i, _)| i / step % SIDE);
                places().max().unwrap() - places().min().unwrap() + 1
            });
            let longer = sides[0].max(sides[1]);
            assert!((18..=22).contains(&longer), "a {label} is {longer} pixels long");
            let mass: f64 = pixels().map(|(_, &v)| f64::from(v)).sum();
            for step in [1, SIDE] {
                let moment: f64 =
                    pixels().map(|(i, &v)| f64::from(v) * (i / step % SIDE) as f64).sum();
                let off = moment / mass - 14.0;
                assert!(off.abs() < 2.0, "a {label}'s centre of mass is {off} pixels off");
            }
        }
    }

    /// The coloured digit is |texture - digit|: outside the digit its texture, inside the inverse.
    #[test]
    fn coloured_digits_are_blended() {
        let (grey, coloured) = (digits(50, 9), coloured_digits(50, 9));
        assert_eq!(grey.labels, coloured.labels);
        for i in 0..50 {
            let texture = textures::draw(&mut Chance::new(9, i, Purpose::Texture));
            for (k, texture) in texture.iter().enumerate() {
                let place = i * SIDE * SIDE + k;
                let digit = if grey.pixels[place] >= 128 { 255_u8 } else { 0 };
                let blended = texture.map(|channel| channel.abs_diff(digit));
                assert_eq!(coloured.pixels[3 * place..3 * place + 3], blended);
            }
        }
    }
}
