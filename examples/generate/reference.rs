//! [`Reference`]: how good generated images are beside real ones.

use anyhow::ensure;
use foveate::data::Images;
use foveate::generate::metrics::{Activations, Score, Scorer};
use foveate::generate::{Noise, sample};
use foveate::models::{Generator, LeNet};
use foveate::prelude::*;

use super::data::Data;

/// Real images, with which generated ones are compared by the features of the fixed network.
pub struct Reference {
    scorer: Scorer<LeNet>,
    real: Activations,
    count: usize,
    /// Whether classes are the digits that the network reads.
    digits: bool,
}

impl Reference {
    /// `count` images will be compared with as many real ones.
    pub fn new(data: &Data, count: usize, size: usize, device: &Device) -> anyhow::Result<Self> {
        Self::of(data, &data.beside(count, size)?, count, device)
    }

    /// `count` images will be compared with these of `data`.
    pub fn of(data: &Data, real: &Images, count: usize, device: &Device) -> anyhow::Result<Self> {
        let scorer = Scorer::digits(device)?;
        ensure!(!real.is_empty(), "there are no real images to compare with");
        let real = scorer.activations(real);
        // Refused before the training, not after it.
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
