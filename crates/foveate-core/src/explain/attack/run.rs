//! A model under attack: asked, counted and watched.

use burn::tensor::{Int, Tensor, TensorData, activation::log_softmax};

use super::{AttackResult, Goal, Queries, Warning};
use crate::explain::error::ExplainError;
use crate::explain::gradient::scored;
use crate::explain::model::{Model, SAME, checked_counting, logits, two_classes, values};
use crate::explain::target::{Target, class_indices};
use crate::image::Pixels;
use crate::models::are_probabilities;
use crate::values::argmax_rows;

/// What an attack works with. `places` are indices of images.
pub(super) struct AttackRun<'a, M: ?Sized> {
    model: &'a M,
    pub original: Tensor<4>,
    /// Logits of the originals.
    pub logits: Tensor<2>,
    /// Whether the originals meet the goal.
    pub met: Vec<bool>,
    /// The class that the goal names for each image.
    pub classes: Vec<usize>,
    pub targeted: bool,
    /// How often each image was changed.
    pub steps: Vec<usize>,
    queries: Vec<Queries>,
    flat: Vec<bool>,
    warnings: Vec<Warning>,
}

/// What the model gives for some images.
pub(super) struct Answer {
    /// `[n, classes]`
    pub logits: Tensor<2>,
    /// `[n]`
    pub scores: Vec<f32>,
    /// `[n, c, h, w]`
    pub gradient: Tensor<4>,
}

impl<'a, M: Model + ?Sized> AttackRun<'a, M> {
    pub fn open(model: &'a M, pixels: &Pixels, goal: &Goal) -> Result<Self, ExplainError> {
        let (original, checks) = checked_counting(model, pixels.tensor())?;
        let odd = |(_, value): &(usize, f32)| !(0.0..=1.0).contains(value);
        if let Some((index, value)) = values(&original).into_iter().enumerate().find(odd) {
            return Err(ExplainError::NotPixels { index, value });
        }
        let images = original.dims()[0];
        let logits = logits(model, original.clone())?.inner();
        two_classes(&logits)?;
        let (goal, targeted) = match goal {
            Goal::Untargeted(classes) => (classes, false),
            Goal::Targeted(classes) => (classes, true),
        };
        let Target::Classes(classes) = Target::Classes(goal.clone()).fixed(&logits)? else {
            unreachable!("fixed classes are classes");
        };
        let mut session = Self {
            model,
            original: original.clone(),
            logits: logits.clone(),
            met: Vec::new(),
            classes,
            targeted,
            steps: vec![0; images],
            queries: vec![Queries { forward: 1, gradient: 0 }; images],
            flat: vec![false; images],
            warnings: Vec::new(),
        };
        session.queries[0].forward += checks;
        session.met = session.meets(&logits, &session.all())?;
        session.watch(&logits)?;
        Ok(session)
    }

    /// Looks for signs that the model hides its gradients.
    fn watch(&mut self, logits: &Tensor<2>) -> Result<(), ExplainError> {
        let again = self.logits(self.original.clone(), &self.all())?;
        let difference: f32 = (again - logits.clone()).max_abs().into_scalar();
        let largest: f32 = logits.clone().max_abs().into_scalar();
        if difference > SAME * largest {
            self.warnings.push(Warning::Random { difference });
        }
        if are_probabilities(&values(logits), logits.dims()[1]) {
            self.warnings.push(Warning::Probabilities);
        }
        Ok(())
    }

    /// All images.
    pub fn all(&self) -> Vec<usize> {
        (0..self.steps.len()).collect()
    }

    /// The images whose originals do not meet the goal.
    pub fn open_cases(&self) -> Vec<usize> {
        self.all().into_iter().filter(|&place| !self.met[place]).collect()
    }

    /// Logits of changed images.
    pub fn logits(&mut self, x: Tensor<4>, places: &[usize]) -> Result<Tensor<2>, ExplainError> {
        for &place in places {
            self.queries[place].forward += 1;
        }
        Ok(logits(self.model, x)?.inner())
    }

    /// A score of changed images, and its gradient.
    pub fn gradient(
        &mut self,
        x: &Tensor<4>,
        places: &[usize],
        target: &Target,
    ) -> Result<Answer, ExplainError> {
        for &place in places {
            self.queries[place].gradient += 1;
        }
        let answer = scored(self.model, x, target)?;
        finite("the gradient", largest(&answer.gradient), places)?;
        let scores = values(&answer.scores);
        Ok(Answer { logits: answer.logits, scores, gradient: answer.gradient })
    }

    /// Remembers which gradients are 0 throughout.
    pub fn note_flat(&mut self, gradient: &Tensor<4>, places: &[usize]) {
        for (largest, &place) in largest(gradient).into_iter().zip(places) {
            self.flat[place] |= largest == 0.0;
        }
    }

    /// Whether rows of logits meet the goal.
    pub fn meets(&self, logits: &Tensor<2>, places: &[usize]) -> Result<Vec<bool>, ExplainError> {
        let per_row = values(logits).into_iter();
        let classes = logits.dims()[1];
        let places_of = places.iter().flat_map(|&place| std::iter::repeat_n(place, classes));
        finite("a logit", per_row, &places_of.collect::<Vec<_>>())?;
        let found = argmax_rows(logits).into_iter().zip(places);
        Ok(found.map(|(class, &place)| (class == self.classes[place]) == self.targeted).collect())
    }

    /// The score that grows towards the goal: of the class, or against it, `log softmax`.
    pub fn log_probability(&self, places: &[usize]) -> Target {
        let classes: Vec<usize> = places.iter().map(|&place| self.classes[place]).collect();
        let sign = if self.targeted { 1.0 } else { -1.0 };
        Target::score(move |logits| {
            let indices = class_indices(&classes, &logits.device());
            log_softmax(logits, 1).gather(1, indices).squeeze_dim(1) * sign
        })
    }

    /// Changes images step by step. `step` gets the images, the gradient of the score, and their
    /// places. With `early_stop` an image stands still once it meets the goal.
    pub fn walk(
        &mut self,
        mut x: Tensor<4>,
        steps: usize,
        early_stop: bool,
        score: impl Fn(&Self, &[usize]) -> Target,
        mut step: impl FnMut(Tensor<4>, Tensor<4>, &[usize]) -> Tensor<4>,
    ) -> Result<Tensor<4>, ExplainError> {
        let mut moving = if early_stop { self.open_cases() } else { self.all() };
        for _ in 0..steps {
            if moving.is_empty() {
                break;
            }
            let answer = self.gradient(&pick(&x, &moving), &moving, &score(self, &moving))?;
            let met = self.meets(&answer.logits, &moving)?;
            let kept: Vec<usize> = (0..moving.len()).filter(|&i| !(early_stop && met[i])).collect();
            if kept.is_empty() {
                break;
            }
            moving = kept.iter().map(|&i| moving[i]).collect();
            let gradient = pick(&answer.gradient, &kept);
            self.note_flat(&gradient, &moving);
            x = put(x.clone(), &moving, step(pick(&x, &moving), gradient, &moving));
            self.count(&moving);
        }
        Ok(x)
    }

    /// Counts a change.
    pub fn count(&mut self, places: &[usize]) {
        for &place in places {
            self.steps[place] += 1;
        }
    }

    /// Looks at what has been reached.
    pub fn close(mut self, adversarial: Tensor<4>) -> Result<AttackResult, ExplainError> {
        let all = self.all();
        let logits = self.logits(adversarial.clone(), &all)?;
        let success = self.meets(&logits, &all)?;
        let [_, channels, h, w] = adversarial.dims();
        let (before, after) = (values(&self.original), values(&adversarial));
        let change: Vec<f64> =
            after.iter().zip(&before).map(|(&a, &b)| f64::from(a) - f64::from(b)).collect();
        let images = || change.chunks_exact(channels * h * w);
        let differs = |image: &[f64], pixel: usize| {
            (0..channels).any(|channel| image[channel * h * w + pixel] != 0.0)
        };
        let flat: Vec<usize> = all.iter().copied().filter(|&place| self.flat[place]).collect();
        if !flat.is_empty() {
            self.warnings.push(Warning::ZeroGradient { images: flat });
        }
        let most = |image: &[f64]| image.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        Ok(AttackResult {
            l0: images().map(|p| (0..h * w).filter(|&i| differs(p, i)).count()).collect(),
            l2: images().map(|p| p.iter().map(|v| v * v).sum::<f64>().sqrt() as f32).collect(),
            l_inf: images().map(|p| most(p) as f32).collect(),
            original: Pixels::new(self.original),
            adversarial: Pixels::new(adversarial),
            before: self.met,
            success,
            steps: self.steps,
            queries: self.queries,
            warnings: self.warnings,
        })
    }
}

fn finite(
    what: &'static str,
    values: impl IntoIterator<Item = f32>,
    places: &[usize],
) -> Result<(), ExplainError> {
    match values.into_iter().zip(places).find(|(value, _)| !value.is_finite()) {
        Some((value, &image)) => Err(ExplainError::Answer { what, image, value }),
        None => Ok(()),
    }
}

/// The largest absolute value of each image.
fn largest(x: &Tensor<4>) -> Vec<f32> {
    values(&x.clone().max_abs_dims(&[1, 2, 3]))
}

/// Some images of all.
pub(super) fn pick(x: &Tensor<4>, places: &[usize]) -> Tensor<4> {
    if places.len() == x.dims()[0] {
        return x.clone();
    }
    let indices: Vec<i64> = places.iter().map(|&place| place as i64).collect();
    let indices = TensorData::new(indices, [places.len()]);
    x.clone().select(0, Tensor::<1, Int>::from_data(indices, &x.device()))
}

/// All images, with others at some places.
pub(super) fn put(x: Tensor<4>, places: &[usize], others: Tensor<4>) -> Tensor<4> {
    if places.len() == x.dims()[0] {
        return others;
    }
    let mut images = x.split(1, 0);
    for (&place, other) in places.iter().zip(others.split(1, 0)) {
        images[place] = other;
    }
    Tensor::cat(images, 0)
}

/// Numbers, one for each image, to multiply images with: `[n, 1, 1, 1]`.
pub(super) fn factors(numbers: Vec<f32>, like: &Tensor<4>) -> Tensor<4> {
    let shape = [numbers.len(), 1, 1, 1];
    Tensor::from_data(TensorData::new(numbers, shape), &like.device())
}
