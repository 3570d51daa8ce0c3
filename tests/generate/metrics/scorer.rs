//! Spoilt digits are worse, by their pixels and by the features of a network.

use std::fs;

use foveate::data::{ImageFolder, Images, Split, digits, mnist};
use foveate::generate::metrics::{
    Features, Prdc, Score, Scorer, frechet_distance, kernel_distance,
};
use foveate::models::{LeNet, Pooling};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::support::devices;
use crate::support::real::real_data;

/// 10,000 real digits on 32x32 pixels in `[0, 1]`.
fn real_digits() -> Vec<[f32; 1024]> {
    let pad = |image: &[u8]| {
        let mut padded = [0.0; 1024];
        for (y, row) in image.chunks_exact(28).enumerate() {
            let into = padded[(y + 2) * 32 + 2..].iter_mut();
            into.zip(row).for_each(|(into, &value)| *into = f32::from(value) / 255.0);
        }
        padded
    };
    let set = mnist(Split::Test).unwrap();
    (0..set.len()).map(|i| pad(set.bytes(i))).collect()
}

/// Means of 4x4 pixels: 64 features.
fn pooled(images: &[[f32; 1024]]) -> Features {
    let mean = |image: &[f32; 1024], at: usize| -> f32 {
        let corner = at / 8 * 4 * 32 + at % 8 * 4;
        (0..16).map(|k| image[corner + k / 4 * 32 + k % 4]).sum::<f32>() / 16.0
    };
    let values = images.iter().flat_map(|image| (0..64).map(|at| mean(image, at)));
    Features::new(values.collect(), 64)
}

/// With pixels moved by normal noise, within `[0, 1]`.
fn noisy(images: &[[f32; 1024]], deviation: f32) -> Vec<[f32; 1024]> {
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    let mut move_on = |value: f32| -> f32 {
        let noise: f32 = StandardNormal.sample(&mut generator);
        (value + deviation * noise).clamp(0.0, 1.0)
    };
    images.iter().map(|image| image.map(&mut move_on)).collect()
}

/// Blurred by a Gaussian, black around.
fn blurred(images: &[[f32; 1024]], deviation: f32) -> Vec<[f32; 1024]> {
    const REACH: usize = 9;
    let weight = |at: usize| (-(at as f32 - REACH as f32).powi(2) / 2.0 / deviation.powi(2)).exp();
    let mut weights: [f32; 2 * REACH + 1] = std::array::from_fn(weight);
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let pass = |image: [f32; 1024], step: usize| -> [f32; 1024] {
        std::array::from_fn(|at| {
            let place = at / step % 32;
            let (first, last) = (place.saturating_sub(REACH), (place + REACH).min(31));
            let line = at - place * step;
            let near = first..=last;
            near.map(|near| weights[near + REACH - place] * image[line + near * step]).sum()
        })
    };
    images.iter().map(|&image| pass(pass(image, 1), 32)).collect()
}

/// Real digits against other real digits, spoilt more and more: FID and KID grow. Noise takes them away
/// from all real ones: precision falls. Blur draws them together, to the middle of the real ones: of
/// these features recall falls, and precision does not.
#[test]
fn bad_images_are_worse() {
    if !real_data("bad_images_are_worse") {
        return;
    }
    let digits = real_digits();
    // The first 5,000 of the file are easier than the last: by turns.
    let half = |odd| digits.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>();
    let (real, others) = (pooled(&half(0)), half(1));
    let measure = |what: &str, generated: &Features| {
        let frechet = frechet_distance(&real, generated).unwrap();
        let kernel = kernel_distance(&real, generated).unwrap();
        let found = Prdc::of(&real, generated, Prdc::NEAREST_K).unwrap();
        println!("{what}: {frechet:.5} {kernel:.7} {found:?}");
        (frechet, kernel, found)
    };
    let clean = measure("clean", &pooled(&others));
    let mut last = clean;
    for deviation in [0.1, 0.2, 0.3, 0.4] {
        let now = measure(&format!("noise {deviation}"), &pooled(&noisy(&others, deviation)));
        assert!(now.0 > last.0 && now.1 > last.1 && now.2.precision < last.2.precision);
        last = now;
    }
    let mut last = clean;
    for deviation in [1.0, 2.0, 3.0] {
        let now = measure(&format!("blur {deviation}"), &pooled(&blurred(&others, deviation)));
        assert!(now.0 > last.0 && now.1 > last.1 && now.2.recall < last.2.recall);
        last = now;
    }
}

/// The same of the features of the fixed network, on drawn digits that it has never seen: it reads them,
/// and FID grows with noise and blur.
#[test]
fn the_fixed_network_sees_bad_images() {
    let scorer = Scorer::digits(&devices::any()).unwrap();
    let set = digits(1200, 3);
    let scaled: Vec<[f32; 1024]> = {
        let set = set.resized(32, 32);
        (0..set.len())
            .map(|i| std::array::from_fn(|at| f32::from(set.bytes(i)[at]) / 255.0))
            .collect()
    };
    let see = |images: &[[f32; 1024]], labels: &[usize]| {
        let bytes = images.iter().flatten().map(|value| (value * 255.0).round() as u8);
        let pixels = bytes.collect();
        let labels = labels.to_vec();
        scorer.activations(&Images { height: 32, width: 32, channels: 1, pixels, labels })
    };
    let (half, labels) = (scaled.len() / 2, &set.labels);
    let real = see(&scaled[..half], &labels[..half]);
    let (others, asked) = (&scaled[half..], &labels[half..]);
    let classes: Vec<usize> = asked.to_vec();
    let score =
        |images: &[[f32; 1024]]| Score::of(&real, &see(images, asked), Some(&classes)).unwrap();
    let clean = score(others);
    println!("{clean}");
    assert!(clean.conditional_accuracy.unwrap() > 0.9 && clean.modes.covered == 10);
    let spoilt: [Vec<Score>; 2] = [
        [0.2, 0.4, 0.6].map(|deviation| score(&noisy(others, deviation))).to_vec(),
        [1.0, 2.0, 3.0].map(|deviation| score(&blurred(others, deviation))).to_vec(),
    ];
    for scores in spoilt {
        let distances: Vec<f64> = scores.iter().map(|score| score.frechet).collect();
        let accuracies: Vec<f64> =
            scores.iter().map(|score| score.conditional_accuracy.unwrap()).collect();
        println!("{:.2}, then {distances:.2?}; {accuracies:.3?}", clean.frechet);
        assert!(clean.frechet < distances[0] && distances.is_sorted(), "{distances:?}");
        assert!(accuracies.is_sorted_by(|a, b| a > b), "{accuracies:?}");
    }
}

/// Files of a set's images are measured as the set is; a folder beside itself is at no distance.
#[test]
fn folders_are_scored_as_their_images() {
    let set = digits(40, 5);
    let folder = tempfile::tempdir().unwrap();
    for (i, image) in set.images().iter().enumerate() {
        image.save(folder.path().join(format!("{i:02}.png"))).unwrap();
    }
    let files = ImageFolder::flat(folder.path()).unwrap();
    let scorer = Scorer::digits(&devices::any()).unwrap();
    assert_eq!(scorer.activations_of_folder(&files).unwrap(), scorer.activations(&set));
    // More rows than columns: pooled features of a convolution.
    let classifier = LeNet::digits(&devices::any()).unwrap();
    let scorer = Scorer::new(classifier, "features.5", Pooling::GlobalAverage).unwrap();
    let score = Score::of_folders(&scorer, &files, &files).unwrap();
    assert!(score.frechet.abs() < 1e-6 && score.prdc.precision == 1.0, "{score}");
    fs::write(folder.path().join("99.png"), "not an image").unwrap();
    let files = ImageFolder::flat(folder.path()).unwrap();
    assert!(scorer.activations_of_folder(&files).unwrap_err().to_string().contains("99.png"));
    let empty = scorer.activations_of_folder(&files.limited(0)).unwrap_err().to_string();
    assert!(empty.contains("0 rows: expected 1"), "{empty}");
}
