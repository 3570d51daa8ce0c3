//! Feature visualization: Olah et al., 2017; see [`FeatureVisualization`].

use burn::optim::{AdamConfig, Optimizer};
use burn::tensor::{Device, Tensor};

use super::{FourierImage, Transformations};
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::model::{LayeredModel, checked, values};
use crate::image::Pixels;
use crate::ops::exact;
use crate::setting::{at_least, positive};

/// What of a layer's activations `[n, channels, h, w]` is made large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objective {
    /// The mean over a channel.
    Channel(usize),
    /// One value of a channel, the one at the center: row `h / 2`, column `w / 2`.
    Neuron(usize),
}

/// An image that a channel or neuron of a network responds to.
///
/// Chris Olah, Alexander Mordvintsev, Ludwig Schubert, *Feature Visualization*, Distill, 2017,
/// <https://distill.pub/2017/feature-visualization/>, as in its code lucid and in lucent, lucid for PyTorch:
/// Adam raises the [`Objective`] of a [`FourierImage`] under random [`Transformations`].
///
/// Deviations: those of these two; small images are not enlarged to 224 pixels before the network; the
/// gradient goes through ReLUs as it is, where lucid lets some through that are off in the first 16 steps.
/// A neuron that is off at the start thus stays off: take another seed, or the layer before the ReLU.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureVisualization {
    /// Steps of Adam; at least 1.
    pub steps: usize,
    /// Adam's learning rate, for a spectrum; above 0.
    pub learning_rate: f32,
    /// Standard deviation of the spectrum in the beginning; at least 0.
    pub standard_deviation: f32,
    /// The power of the frequency that the spectrum is divided by.
    pub decay_power: f32,
    /// What the image must withstand.
    pub transformations: Transformations,
    /// Steps from one snapshot to the next, besides the first and the last; 0 takes no others.
    pub snapshot_every: usize,
    /// Seed of the spectrum and of the transformations.
    pub seed: u64,
}

/// lucent's.
impl Default for FeatureVisualization {
    fn default() -> Self {
        Self {
            steps: 512,
            learning_rate: 0.05,
            standard_deviation: 0.01,
            decay_power: 1.0,
            transformations: Transformations::default(),
            snapshot_every: 0,
            seed: 0,
        }
    }
}

/// The images after some steps, and what is answered to them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FeatureSnapshot {
    /// Steps done, from 1.
    pub step: usize,
    /// `[n, 3, height, width]`
    pub pixels: Pixels,
    /// The objective for each image, untransformed.
    pub activations: Vec<f32>,
}

impl FeatureVisualization {
    /// Visualizes objectives at a layer, an image of `height` x `width` pixels for each. Images do
    /// not influence one another; all are transformed alike.
    ///
    /// Gives the snapshots in their order; the last is the result.
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: a layer or channel that the model does not have, a setting out of its range, a
    /// size of 0, no objective.
    pub fn run<M: LayeredModel + ?Sized>(
        &self,
        model: &M,
        layer: &str,
        objectives: &[Objective],
        [height, width]: [usize; 2],
        device: &Device,
    ) -> Result<Vec<FeatureSnapshot>, ExplainError> {
        self.validate()?;
        let device = device.clone().inner();
        let image = FourierImage::new([height, width], self.decay_power, &device)?;
        let mut spectrum = image.spectrum(objectives.len(), self.standard_deviation, self.seed)?;
        let start = checked(model, image.pixels(spectrum.clone()).tensor())?;
        let answers = |pixels: Tensor<4>| -> Result<Vec<Tensor<1>>, ExplainError> {
            let maps = exact(|| model.features(model.normalized(pixels), layer))?;
            objectives.iter().enumerate().map(|(i, objective)| objective.of(&maps, i)).collect()
        };
        answers(start)?;

        let adam = AdamConfig::new().with_epsilon(1e-8).build();
        let mut state = None;
        let mut snapshots = Vec::new();
        for done in 1..=self.steps {
            let tracked = spectrum.clone().autodiff().require_grad();
            let pixels = image.pixels(tracked.clone()).tensor().clone();
            let pixels = self.transformations.apply(pixels, self.seed, done as u64)?;
            let loss = Tensor::cat(answers(pixels)?, 0).sum().neg();
            // An objective that does not depend on the image leaves it as it is.
            let gradient = if loss.is_tracked() { tracked.grad(&loss.backward()) } else { None };
            let gradient = gradient.unwrap_or_else(|| spectrum.zeros_like());
            (spectrum, state) = adam.step(self.learning_rate.into(), spectrum, gradient, state);

            let regular = self.snapshot_every > 0 && done % self.snapshot_every == 0;
            if regular || done == 1 || done == self.steps {
                let pixels = image.pixels(spectrum.clone());
                let activations = values(&Tensor::cat(answers(pixels.tensor().clone())?, 0));
                snapshots.push(FeatureSnapshot { step: done, pixels, activations });
            }
        }
        Ok(snapshots)
    }

    fn validate(&self) -> Result<(), ExplainError> {
        at_least("steps", self.steps, 1)?;
        Ok(positive("learning_rate", self.learning_rate)?)
    }
}

impl Objective {
    /// The objective's value `[1]` for one image of a batch.
    fn of(self, maps: &Tensor<4>, image: usize) -> Result<Tensor<1>, ExplainError> {
        let [_, channels, h, w] = maps.dims();
        let (Self::Channel(channel) | Self::Neuron(channel)) = self;
        if channel >= channels {
            let expected = format!("0 to {}, the channels of this layer", channels - 1);
            return SettingError::refuse("channel", channel, expected);
        }
        let map = maps.clone().slice([image..image + 1, channel..channel + 1]);
        Ok(match self {
            Self::Channel(_) => map.mean(),
            Self::Neuron(_) => map.slice([0..1, 0..1, h / 2..h / 2 + 1, w / 2..w / 2 + 1]).sum(),
        })
    }
}
