//! [`TwoDomains`]: a source with labels and a target to adapt to.

use super::digits::{colored_digits, digits};
use super::error::DataError;
use super::images::Images;
use super::mnist::{Split, mnist};
use super::mnist_m::{Binarization, bsds500, mnist_m};

/// Two domains of the same classes, each with images to learn from and to validate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoDomains {
    /// The source's training images.
    pub source: Images,
    /// The source's validation images.
    pub source_validation: Images,
    /// The target's training images.
    pub target: Images,
    /// The target's validation images.
    pub target_validation: Images,
}

impl TwoDomains {
    /// MNIST and MNIST-M: 60,000 training and 10,000 test digits of each. Training and test digits are
    /// blended with patches of the same photographs.
    ///
    /// # Errors
    ///
    /// [`DataError`]: MNIST or the photographs are not at hand, or damaged.
    pub fn mnist(binarization: Binarization, seed: u64) -> Result<Self, DataError> {
        let photographs = bsds500()?;
        let [source, source_validation] = [mnist(Split::Train)?, mnist(Split::Test)?];
        let target = mnist_m(&source, &photographs, binarization, seed)?;
        // Another seed: the test digits get other patches.
        let target_validation = mnist_m(&source_validation, &photographs, binarization, !seed)?;
        Ok(Self { source, source_validation, target, target_validation })
    }

    /// Drawn digits, and other drawn digits on colored textures: nothing to download.
    pub fn synthetic(training: usize, validation: usize, seed: u64) -> Self {
        let [source, source_validation] = drawn_source(training, validation, seed);
        Self {
            source,
            source_validation,
            target: colored_digits(training, part(seed, 2)),
            target_validation: colored_digits(validation, part(seed, 3)),
        }
    }

    /// Drawn digits, and MNIST's.
    ///
    /// # Errors
    ///
    /// [`DataError`]: MNIST cannot be had, or is damaged.
    pub fn synthetic_to_mnist(
        training: usize,
        validation: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        let [source, source_validation] = drawn_source(training, validation, seed);
        let [target, target_validation] = [mnist(Split::Train)?, mnist(Split::Test)?];
        Ok(Self { source, source_validation, target, target_validation })
    }

    /// The first `training` and `validation` images of each domain, or as many as there are.
    #[must_use]
    pub fn limited(self, training: usize, validation: usize) -> Self {
        let first = |set: Images, most: usize| set.slice(0..most.min(set.len()));
        Self {
            source: first(self.source, training),
            source_validation: first(self.source_validation, validation),
            target: first(self.target, training),
            target_validation: first(self.target_validation, validation),
        }
    }
}

fn drawn_source(training: usize, validation: usize, seed: u64) -> [Images; 2] {
    [digits(training, part(seed, 0)), digits(validation, part(seed, 1))]
}

/// A seed for each part: no digit comes twice.
fn part(seed: u64, part: u64) -> u64 {
    seed.wrapping_mul(4).wrapping_add(part)
}
