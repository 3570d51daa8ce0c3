//! Projected gradient descent: Madry et al., 2018; see [`Pgd`].

use burn::tensor::Tensor;
use rand::Rng;
use rand_distr::{StandardNormal, Uniform};

use super::ball::{Ball, Norm, unit};
use super::fgsm::sign_steps;
use super::run::{AttackRun, factors, put};
use super::{Attack, AttackResult, Goal};
use crate::explain::error::ExplainError;
use crate::explain::model::Model;
use crate::explain::noise::{Purpose, drawn, generator};
use crate::image::Pixels;
use crate::setting::{at_least, at_least_zero, positive};

/// Steps along the gradient, its sign for [`Norm::LInf`] and its direction for [`Norm::L2`], each
/// followed by the projection to the ball of size `epsilon` around the original and to `[0, 1]`.
///
/// Projected gradient descent on the cross entropy: Aleksander Madry et al., *Towards Deep Learning Models
/// Resistant to Adversarial Attacks*, 2018, <https://arxiv.org/abs/1706.06083>. Restarts are runs with other
/// seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pgd {
    /// What `epsilon` and `step_size` measure.
    pub norm: Norm,
    /// The largest distance from the original, in pixel values.
    pub epsilon: f32,
    /// Size of a step, in pixel values.
    pub step_size: f32,
    /// The most steps.
    pub steps: usize,
    /// Whether to start at a random place, uniform in the ball and clamped to [0, 1].
    pub random_start: bool,
    /// Seed of the random start: same seed, same start.
    pub seed: u64,
    /// Whether an image stands still once it meets the goal, or takes all steps.
    pub early_stop: bool,
}

/// `epsilon` 8/255 in [`Norm::LInf`], 10 steps of 2/255 from a random start.
impl Default for Pgd {
    fn default() -> Self {
        Self {
            norm: Norm::LInf,
            epsilon: 8.0 / 255.0,
            step_size: 2.0 / 255.0,
            steps: 10,
            random_start: true,
            seed: 0,
            early_stop: true,
        }
    }
}

impl Pgd {
    /// `epsilon` 1 in [`Norm::L2`], 10 steps of 0.2 from a random start.
    pub fn l2() -> Self {
        Self { norm: Norm::L2, epsilon: 1.0, step_size: 0.2, ..Self::default() }
    }

    /// A point of the ball around each of some images.
    fn start(&self, original: &Tensor<4>, ball: &Ball, places: &[usize]) -> Tensor<4> {
        let [_, c, h, w] = original.dims();
        let numbers = || places.iter().map(|&place| place as u64);
        let device = original.device();
        let change = match self.norm {
            Norm::LInf => {
                let epsilon = self.epsilon.min(f32::MAX / 4.0);
                let uniform = Uniform::new_inclusive(-epsilon, epsilon)
                    .expect("epsilon is finite and not negative");
                drawn(self.seed, Purpose::Pgd, numbers(), [c, h, w], uniform, &device)
            }
            Norm::L2 => {
                let direction =
                    drawn(self.seed, Purpose::Pgd, numbers(), [c, h, w], StandardNormal, &device);
                // Uniform in the volume: the radius is the root of a uniform number; from the far
                // half of the places, so that no image shares it.
                let radius = numbers().map(|place| {
                    let uniform: f64 = generator(self.seed, Purpose::Pgd, !place).random();
                    self.epsilon * uniform.powf(1.0 / (c * h * w) as f64) as f32
                });
                let radius = radius.collect();
                unit(direction) * factors(radius, original)
            }
        };
        let chosen = super::run::pick(original, places);
        put(original.clone(), places, ball.project(chosen + change, places))
    }
}

impl<M: Model + ?Sized> Attack<M> for Pgd {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        at_least_zero("epsilon", self.epsilon)?;
        positive("step_size", self.step_size)?;
        at_least("steps", self.steps, 1)?;
        let mut session = AttackRun::open(model, pixels, goal)?;
        let original = session.original.clone();
        let ball = Ball::new(&original, self.norm, self.epsilon);
        let moving = if self.early_stop { session.open_cases() } else { session.all() };
        let start = match self.random_start && !moving.is_empty() {
            true => self.start(&original, &ball, &moving),
            false => original,
        };
        if self.norm == Norm::LInf {
            let (step_size, steps) = (self.step_size, self.steps);
            return sign_steps(session, &ball, Some(start), step_size, steps, self.early_stop);
        }
        let score = AttackRun::log_probability;
        let adversarial =
            session.walk(start, self.steps, self.early_stop, score, |x, gradient, places| {
                ball.project(x + unit(gradient) * self.step_size, places)
            })?;
        session.close(ball.enclose(adversarial))
    }
}
