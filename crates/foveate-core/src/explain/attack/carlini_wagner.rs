//! The L2 attack of Carlini and Wagner, 2017; see [`CarliniWagner`].

use burn::tensor::{Bool, Tensor};

use super::ball::lengths;
use super::run::{AttackRun, factors, pick, put};
use super::{Attack, AttackResult, Goal};
use crate::explain::error::ExplainError;
use crate::explain::model::Model;
use crate::explain::target::{Target, class_indices};
use crate::image::Pixels;
use crate::setting::{at_least, at_least_zero, positive};

/// Keeps `atanh` finite at 0 and 1, as the authors do.
const INSIDE: f32 = 0.999_999;
/// The fewest steps after which the loss must have fallen: the first ones of Adam raise it.
const PATIENCE: usize = 100;
/// What `c` may grow to.
const LARGEST_C: f32 = 1e10;

/// The smallest change in the Euclidean norm that meets the goal: Adam minimizes
/// `|change|^2 + c * max(margin, -confidence)`, where the margin is that of the logits against the
/// goal; a binary search finds the smallest `c` that succeeds. Pixels are `(tanh(w) + 1) / 2` and need
/// no clipping.
///
/// Nicholas Carlini, David Wagner, *Towards Evaluating the Robustness of Neural Networks*, 2017,
/// <https://arxiv.org/abs/1608.04644>, section VI.A (the L2 attack), with the binary search and the early
/// stop of the authors' code (less its last step at the upper bound, from 10 search steps on).
///
/// Strong and slow: up to `search_steps * steps` gradients an image. Images without success are
/// given back as they were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CarliniWagner {
    /// By how much, in logits, the goal is to be met at least.
    pub confidence: f32,
    /// Adam's learning rate, in `w`.
    pub learning_rate: f32,
    /// The most of Adam's steps for each `c`.
    pub steps: usize,
    /// How many `c` are tried.
    pub search_steps: usize,
    /// The first `c`.
    pub initial_c: f32,
}

/// The authors', with 1,000 instead of 10,000 steps.
impl Default for CarliniWagner {
    fn default() -> Self {
        Self { confidence: 0.0, learning_rate: 0.01, steps: 1000, search_steps: 9, initial_c: 1e-3 }
    }
}

/// The best change of an image so far, and what the search knows of its `c`.
#[derive(Clone)]
struct Search {
    c: f32,
    low: f32,
    high: f32,
    best: f32,
}

impl Search {
    fn next(&mut self, hit: bool) {
        if hit {
            self.high = self.c
        } else {
            self.low = self.c
        }
        self.c = match self.high < LARGEST_C {
            true => (self.low + self.high) / 2.0,
            false => (self.c * 10.0).min(LARGEST_C),
        };
    }
}

impl<M: Model + ?Sized> Attack<M> for CarliniWagner {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        at_least_zero("confidence", self.confidence)?;
        positive("learning_rate", self.learning_rate)?;
        at_least("steps", self.steps, 1)?;
        at_least("search_steps", self.search_steps, 1)?;
        positive("initial_c", self.initial_c)?;
        let mut session = AttackRun::open(model, pixels, goal)?;
        let new = Search { c: self.initial_c, low: 0.0, high: LARGEST_C, best: f32::INFINITY };
        let mut searches = vec![new; session.steps.len()];
        let mut adversarial = session.original.clone();
        for _ in 0..self.search_steps {
            let open = session.open_cases();
            let hit = self.descend(&mut session, &mut searches, &mut adversarial)?;
            open.into_iter().for_each(|place| searches[place].next(hit[place]));
        }
        session.close(adversarial)
    }
}

impl CarliniWagner {
    /// Adam's steps for one `c` of each image. Gives the images that succeeded.
    fn descend<M: Model + ?Sized>(
        &self,
        session: &mut AttackRun<'_, M>,
        searches: &mut [Search],
        adversarial: &mut Tensor<4>,
    ) -> Result<Vec<bool>, ExplainError> {
        let mut hit = vec![false; searches.len()];
        let mut previous = vec![f32::INFINITY; searches.len()];
        let mut moving = session.open_cases();
        let mut w = ((session.original.clone() * 2.0 - 1.0) * INSIDE).atanh();
        let mut adam = Adam { m: w.zeros_like(), v: w.zeros_like(), t: 0 };
        for step in 0..self.steps {
            if moving.is_empty() {
                break;
            }
            let tanh = pick(&w, &moving).tanh();
            // Some tanh are a rounding error above 1.
            let x = ((tanh.clone() + 1.0) / 2.0).clamp(0.0, 1.0);
            let answer = session.gradient(&x, &moving, &margin(session, &moving))?;
            let change = x.clone() - pick(&session.original, &moving);
            let sizes = lengths(&change);
            let met = session.meets(&answer.logits, &moving)?;

            let mut weights = Vec::new();
            let mut stuck = Vec::new();
            for (i, &place) in moving.iter().enumerate() {
                let Search { c, best, .. } = &mut searches[place];
                let missed = answer.scores[i] > -self.confidence;
                if met[i] && !missed {
                    hit[place] = true;
                    if sizes[i] < *best {
                        *best = sizes[i];
                        *adversarial = put(adversarial.clone(), &[place], pick(&x, &[i]));
                    }
                }
                weights.push(if missed { *c } else { 0.0 });
                if step % (self.steps / 10).max(PATIENCE) == 0 {
                    let loss = sizes[i].powi(2) + *c * answer.scores[i].max(-self.confidence);
                    stuck.push(loss > previous[place] * 0.9999);
                    previous[place] = loss;
                }
            }
            session.note_flat(&answer.gradient, &moving);
            let gradient = change * 2.0 + answer.gradient * factors(weights, &x);
            // d x / d w
            let gradient = gradient * (1.0 - tanh.square()) / 2.0;
            w = adam.step(w, gradient, &moving, self.learning_rate);
            session.count(&moving);
            if !stuck.is_empty() {
                moving = moving.into_iter().zip(stuck).filter(|p| !p.1).map(|p| p.0).collect();
            }
        }
        Ok(hit)
    }
}

/// By how much the logits miss the goal: the largest other logit minus the target's, or the class'
/// own minus the largest other.
fn margin<M: Model + ?Sized>(session: &AttackRun<'_, M>, places: &[usize]) -> Target {
    let classes: Vec<usize> = places.iter().map(|&place| session.classes[place]).collect();
    let sign = if session.targeted { -1.0 } else { 1.0 };
    Target::score(move |logits| {
        let indices = class_indices(&classes, &logits.device());
        let this = logits.clone().gather(1, indices);
        let mask: Vec<bool> = classes
            .iter()
            .flat_map(|&own| (0..logits.dims()[1]).map(move |class| class == own))
            .collect();
        let mask = Tensor::<1, Bool>::from_bool(mask.as_slice(), &logits.device().inner());
        let others = logits.clone().mask_fill(mask.reshape(logits.dims()), f32::MIN);
        (this - others.max_dim(1)).squeeze_dim(1) * sign
    })
}

/// Adam (Diederik P. Kingma, Jimmy Ba, 2015) with its usual constants.
struct Adam {
    m: Tensor<4>,
    v: Tensor<4>,
    t: i32,
}

impl Adam {
    fn step(
        &mut self,
        w: Tensor<4>,
        gradient: Tensor<4>,
        places: &[usize],
        rate: f32,
    ) -> Tensor<4> {
        self.t += 1;
        let m = pick(&self.m, places) * 0.9 + gradient.clone() * 0.1;
        let v = pick(&self.v, places) * 0.999 + gradient.square() * 0.001;
        self.m = put(self.m.clone(), places, m.clone());
        self.v = put(self.v.clone(), places, v.clone());
        let (m, v) = (m / (1.0 - 0.9_f32.powi(self.t)), v / (1.0 - 0.999_f32.powi(self.t)));
        put(w.clone(), places, pick(&w, places) - m / (v.sqrt() + 1e-8) * rate)
    }
}
