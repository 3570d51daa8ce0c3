//! Class visualization: Simonyan et al., 2014; see [`ClassVisualization`].

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::Rng;
use rand_distr::StandardNormal;

use super::SHARED;
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::gradient::scored_by;
use crate::explain::model::{Model, checked, logits, values};
use crate::explain::noise::{Purpose, drawn, generator};
use crate::explain::target::Target;
use crate::image::{Pixels, Preprocessing};
use crate::setting::{at_least, at_least_zero, in_range, positive};

/// An image that a class's logit is large for, by gradient ascent from an image or from noise.
///
/// It maximizes `logit - l2_reg * ||x||²` over the normalized image `x = (pixels - mean) / std`.
/// One iteration: roll the image by 0 to `max_jitter` pixels down and right, step by
/// `learning_rate * g / ||g||`, roll back, clamp to pixels, and now and then blur.
///
/// Karen Simonyan, Andrea Vedaldi, Andrew Zisserman, *Deep Inside Convolutional Networks: Visualising Image
/// Classification Models and Saliency Maps*, 2014, <https://arxiv.org/abs/1312.6034>, section 2, with the
/// jitter, blur and clamping of Jason Yosinski et al., *Understanding Neural Networks Through Deep
/// Visualization*, 2015, <https://arxiv.org/abs/1506.06579>, as Stanford's CS231n puts them together in its
/// exercise "class visualization" (<https://cs231n.github.io/assignments2020/assignment3/>).
///
/// Deviations from the exercise: noise is clamped to the valid range at once, not after the first step;
/// where the gradient is zero, the image stays as it is (there it divides by zero).
#[derive(Debug, Clone, PartialEq)]
pub struct ClassVisualization {
    /// Steps; at least 1.
    pub iterations: usize,
    /// Euclidean length of a step, in normalized pixels; above 0.
    pub learning_rate: f32,
    /// Weight of `||x||²`; at least 0.
    pub l2_reg: f32,
    /// Iterations from one blur to the next, the first of them blurred; 0 never blurs.
    pub blur_every: usize,
    /// Standard deviation of the blur, in pixels; above 0.
    pub blur_sigma: f32,
    /// Most pixels the image is rolled by.
    pub max_jitter: u32,
    /// Iterations from one snapshot to the next, besides the first and the last; 0 takes no others.
    pub snapshot_every: usize,
    /// Mean of the red, green and blue channel that the image is normalized with: the model's
    /// own, for the exercise's arithmetic; 0 to work on pixels.
    pub mean: [f32; 3],
    /// Standard deviation of the channels, likewise; above 0; 1 to work on pixels.
    pub std: [f32; 3],
    /// Seed of the jitter and of the noise.
    pub seed: u64,
}

/// The knobs of CS231n, with ImageNet's mean and standard deviation.
impl Default for ClassVisualization {
    fn default() -> Self {
        let Preprocessing { mean, std, .. } = Preprocessing::IMAGENET;
        Self {
            iterations: 100,
            learning_rate: 25.0,
            l2_reg: 1e-3,
            blur_every: 10,
            blur_sigma: 0.5,
            max_jitter: 16,
            snapshot_every: 25,
            mean,
            std,
            seed: 0,
        }
    }
}

/// The images after some iterations, and what the model says of them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClassSnapshot {
    /// Iterations done, from 1.
    pub iteration: usize,
    /// `[n, 3, h, w]`
    pub pixels: Pixels,
    /// The logit of each image's class.
    pub scores: Vec<f32>,
    /// Probability of the class, in `[0, 1]`: softmax of the logits, sigmoid of a single one.
    pub probabilities: Vec<f32>,
}

impl ClassVisualization {
    /// `images` different images of noise to start from, `[images, 3, height, width]`: standard
    /// normal when normalized, as far as pixels go.
    pub fn noise(&self, images: usize, [height, width]: [usize; 2], device: &Device) -> Pixels {
        let shape = [3, height, width];
        let device = device.clone().inner();
        let noise = drawn(
            self.seed,
            Purpose::ClassVisualization,
            0..images as u64,
            shape,
            StandardNormal,
            &device,
        );
        Pixels::new(self.pixels(noise).clamp(0.0, 1.0))
    }

    /// Visualizes a class in each image of a batch, one for each or one for all. Images do not
    /// influence one another; all are rolled alike.
    ///
    /// Gives the snapshots in their order; the last is the result.
    ///
    /// # Errors
    ///
    /// [`ExplainError`]: a class the model does not have, a setting out of its range, a start outside
    /// `[0, 1]`.
    pub fn run<M: Model + ?Sized>(
        &self,
        model: &M,
        start: &Pixels,
        classes: &[usize],
    ) -> Result<Vec<ClassSnapshot>, ExplainError> {
        self.validate()?;
        let start = checked(model, start.tensor())?;
        let odd = values(&start).into_iter().enumerate().find(|(_, v)| !(0.0..=1.0).contains(v));
        if let Some((index, value)) = odd {
            return Err(ExplainError::NotPixels { index, value });
        }
        let target = Target::Classes(classes.to_vec()).fixed(&logits(model, start.clone())?)?;
        let mut generator = generator(self.seed, Purpose::ClassVisualization, SHARED);

        let mut x = self.normalized(start);
        let (least, most) = (self.normalized(x.zeros_like()), self.normalized(x.ones_like()));
        let mut snapshots = Vec::new();
        for i in 0..self.iterations {
            let [down, right] =
                [(); 2].map(|()| i64::from(generator.random_range(0..=self.max_jitter)));
            x = x.roll(&[down, right], &[2, 3]);
            let logits = |x| Ok(model.logits(self.pixels(x)));
            let gradient = scored_by(logits, &x, &target)?.gradient;
            let gradient = gradient - x.clone().mul_scalar(2.0 * self.l2_reg);
            x = x + unit(gradient).mul_scalar(self.learning_rate);
            x = x.roll(&[-down, -right], &[2, 3]);
            x = x.max_pair(least.clone()).min_pair(most.clone());
            if self.blur_every > 0 && i % self.blur_every == 0 {
                x = blurred(blurred(x, 2, self.blur_sigma), 3, self.blur_sigma);
            }
            let done = i + 1;
            let regular = self.snapshot_every > 0 && done % self.snapshot_every == 0;
            if regular || done == 1 || done == self.iterations {
                snapshots.push(self.snapshot(model, done, x.clone(), &target)?);
            }
        }
        Ok(snapshots)
    }

    fn snapshot<M: Model + ?Sized>(
        &self,
        model: &M,
        iteration: usize,
        x: Tensor<4>,
        target: &Target,
    ) -> Result<ClassSnapshot, ExplainError> {
        // Rounding leaves pixels a little outside.
        let pixels = self.pixels(x).clamp(0.0, 1.0);
        let logits = logits(model, pixels.clone())?;
        let probabilities = match logits.dims() {
            [_, 1] => sigmoid(logits.clone()),
            _ => softmax(logits.clone(), 1),
        };
        Ok(ClassSnapshot {
            iteration,
            pixels: Pixels::new(pixels),
            scores: values(&target.scores(logits)?),
            probabilities: values(&target.scores(probabilities)?),
        })
    }

    fn normalized(&self, pixels: Tensor<4>) -> Tensor<4> {
        let device = pixels.device();
        (pixels - channels(self.mean, &device)) / channels(self.std, &device)
    }

    fn pixels(&self, normalized: Tensor<4>) -> Tensor<4> {
        let device = normalized.device();
        normalized * channels(self.std, &device) + channels(self.mean, &device)
    }

    fn validate(&self) -> Result<(), ExplainError> {
        at_least("iterations", self.iterations, 1)?;
        positive("learning_rate", self.learning_rate)?;
        positive("blur_sigma", self.blur_sigma)?;
        in_range("blur_sigma", self.blur_sigma, 0.0..=100.0)?;
        self.std.iter().try_for_each(|&std| positive("std", std))?;
        at_least_zero("l2_reg", self.l2_reg)?;
        match self.mean.iter().find(|mean| !mean.is_finite()) {
            Some(mean) => SettingError::refuse("mean", mean, "a finite number"),
            None => Ok(()),
        }
    }
}

fn channels(values: [f32; 3], device: &Device) -> Tensor<4> {
    Tensor::<1>::from_floats(values, device).reshape([1, 3, 1, 1])
}

/// Each image's gradient with the Euclidean length 1, or 0.
fn unit(gradient: Tensor<4>) -> Tensor<4> {
    let square = gradient.clone().square().sum_dim(1).sum_dim(2).sum_dim(3);
    gradient / square.sqrt().clamp_min(f32::MIN_POSITIVE)
}

/// A Gaussian filter along one side, SciPy's `gaussian_filter1d`: cut off at 4 sigma, the image
/// mirrored at its edges, edge pixels included.
fn blurred(x: Tensor<4>, side: usize, sigma: f32) -> Tensor<4> {
    let sigma = f64::from(sigma);
    let radius = (4.0 * sigma + 0.5) as i64;
    let weight = |offset: i64| (-0.5 * (offset as f64 / sigma).powi(2)).exp();
    let sum: f64 = (-radius..=radius).map(weight).sum();
    let length = x.dims()[side] as i64;
    let shifted = (-radius..=radius).map(|offset| {
        let mirrored = (0..length).map(|pixel| {
            let place = (pixel + offset).rem_euclid(2 * length);
            place.min(2 * length - 1 - place)
        });
        let places = TensorData::new(mirrored.collect::<Vec<_>>(), [length as usize]);
        let places = Tensor::<1, Int>::from_data(places, &x.device());
        x.clone().select(side, places).mul_scalar(weight(offset) / sum)
    });
    shifted.reduce(|sum, part| sum + part).unwrap_or(x)
}
