//! Digits drawn by a pen of our own; see [`digits`] and [`colored_digits`].
//!
//! The bits are the same on every platform: only `+ - * /`, `sqrt`, `floor`, comparisons and integers,
//! which IEEE 754 makes exact, and ChaCha8 for the random numbers.

// Rows of points show a glyph's shape; one a line would hide it.
mod chance;
#[rustfmt::skip]
mod glyphs;
mod pen;
mod textures;

use rayon::prelude::*;

use self::chance::{Chance, Purpose, SIDE};
use super::images::Images;

/// `count` drawn digits, 28x28 and gray: white strokes on black, 20 pixels in the longer side, their center of
/// mass in the middle. Nothing is downloaded.
///
/// A stand-in for MNIST, in its form (Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner, *Gradient-Based
/// Learning Applied to Document Recognition*, 1998, <http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf>); no
/// pixel of it went into them.
///
/// Every ten in a row hold each class once, in a random order. The i-th digit depends on `seed` and i
/// alone, not on `count` or the number of threads; its bits are the same on every platform.
pub fn digits(count: usize, seed: u64) -> Images {
    images(count, 1, seed, |i, label, image| {
        image.copy_from_slice(&pen::draw(label, &mut Chance::new(seed, i, Purpose::Digit)));
    })
}

/// `count` drawn digits, 28x28 in color: each blended with a texture as |texture - digit|, a digit's pixel
/// being 0 or 255.
///
/// A stand-in for MNIST-M (Yaroslav Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016,
/// <https://arxiv.org/abs/1505.07818>, section 5.2.4), with procedural textures in place of photographs; no
/// pixel of it went into them.
///
/// Their shapes and labels are those of [`digits`] of the same seed: take another one for images to
/// be tested on, or for an unpaired second domain.
pub fn colored_digits(count: usize, seed: u64) -> Images {
    images(count, 3, seed, |i, label, image| {
        let digit = pen::draw(label, &mut Chance::new(seed, i, Purpose::Digit));
        let texture = textures::draw(&mut Chance::new(seed, i, Purpose::Texture));
        for ((blended, texture), digit) in image.chunks_exact_mut(3).zip(&texture).zip(digit) {
            for (blended, texture) in blended.iter_mut().zip(texture) {
                *blended = if digit >= 128 { 255 - texture } else { *texture };
            }
        }
    })
}

/// Fills every image with `draw(index, label, bytes)`, on all cores.
fn images(
    count: usize,
    channels: usize,
    seed: u64,
    draw: impl Fn(usize, usize, &mut [u8]) + Sync,
) -> Images {
    let bytes = SIDE * SIDE * channels;
    let labels: Vec<usize> = (0..count).map(|i| label(seed, i)).collect();
    let mut pixels = vec![0; count * bytes];
    pixels
        .par_chunks_exact_mut(bytes)
        .zip(&labels)
        .enumerate()
        .for_each(|(i, (image, &label))| draw(i, label, image));
    Images { height: SIDE, width: SIDE, channels, pixels, labels }
}

/// The label of the i-th digit: every ten have an order of their own.
fn label(seed: u64, i: usize) -> usize {
    let mut chance = Chance::new(seed, i / 10, Purpose::Labels);
    let mut order: [usize; 10] = std::array::from_fn(|class| class);
    for last in (1..10).rev() {
        order.swap(last, chance.below(last as u64 + 1) as usize);
    }
    order[i % 10]
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// The bits are those of every other platform, and of every release.
    #[test]
    fn checksums() {
        for (images, expected) in [
            (digits(200, 7), "eb471a45627bcde8e7cb6fe6e97d275f58fa39c4c55b37b5c19691ab768394c2"),
            (
                colored_digits(200, 7),
                "9d04641e9d78f5090ecc1341ae1993ba210bab2da2691518fb9b9e27d46f33e7",
            ),
        ] {
            let labels: Vec<u8> = images.labels.iter().map(|&label| label as u8).collect();
            let digest = Sha256::new().chain_update(labels).chain_update(&images.pixels);
            let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected, "{} channels", images.channels);
        }
    }

    #[test]
    fn a_digit_depends_on_seed_and_index_alone() {
        for draw in [digits, colored_digits] {
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
        for draw in [digits, colored_digits] {
            assert_eq!(pool(1).install(|| draw(100, 3)), pool(4).install(|| draw(100, 3)));
        }
    }

    #[test]
    fn labels_are_balanced_and_mixed() {
        let labels = digits(1000, 0).labels;
        for ten in labels.chunks(10) {
            let mut sorted = ten.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<usize>>());
        }
        // A class stands in a given place of ten once in ten times: 10 of 100, deviation 3.
        for class in 0..10 {
            let first = labels.iter().step_by(10).filter(|&&label| label == class).count();
            assert!((1..=22).contains(&first), "class {class} comes first {first} times of 100");
        }
    }

    /// As in MNIST: within the image, 20 pixels in the longer side, centered by mass.
    #[test]
    fn glyphs_fit_the_box() {
        let images = digits(2000, 5);
        for (image, label) in images.pixels.chunks(SIDE * SIDE).zip(&images.labels) {
            let pixels = || image.iter().enumerate().filter(|&(_, &pixel)| pixel > 0);
            let edge = |i: usize| [i % SIDE, i / SIDE].iter().any(|v| [0, SIDE - 1].contains(v));
            let faint = pixels().filter(|&(i, _)| edge(i)).all(|(_, &pixel)| pixel < 128);
            assert!(faint, "a {label} touches the image's edge");
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
                assert!(off.abs() < 2.0, "a {label}'s center of mass is {off} pixels off");
            }
        }
    }

    /// The colored digit is |texture - digit|: outside the digit its texture, inside the inverse.
    #[test]
    fn colored_digits_are_blended() {
        let (gray, colored) = (digits(50, 9), colored_digits(50, 9));
        assert_eq!(gray.labels, colored.labels);
        for i in 0..50 {
            let texture = textures::draw(&mut Chance::new(9, i, Purpose::Texture));
            for (k, texture) in texture.iter().enumerate() {
                let place = i * SIDE * SIDE + k;
                let digit = if gray.pixels[place] >= 128 { 255_u8 } else { 0 };
                let blended = texture.map(|channel| channel.abs_diff(digit));
                assert_eq!(colored.pixels[3 * place..3 * place + 3], blended);
            }
        }
    }
}
