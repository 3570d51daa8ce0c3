//! DeepFool: Moosavi-Dezfooli et al., 2016; see [`DeepFool`].

use burn::tensor::Tensor;

use super::ball::{lengths, unit};
use super::run::{AttackRun, factors, pick, put};
use super::{Attack, AttackResult, Goal};
use crate::SettingError;
use crate::explain::error::ExplainError;
use crate::explain::model::{Model, values};
use crate::explain::target::Target;
use crate::image::Pixels;
use crate::setting::{at_least, at_least_zero};
use crate::values::ranked;

/// What a step goes beyond the boundary, in pixel values.
const BEYOND: f32 = 1e-4;

/// The smallest change in the Euclidean norm that crosses a boundary between classes, if these were
/// planes; again until one is crossed. Goals are [`Goal::Untargeted`].
///
/// Seyed-Mohsen Moosavi-Dezfooli, Alhussein Fawzi, Pascal Frossard, *DeepFool: a simple and accurate method
/// to fool deep neural networks*, 2016, <https://arxiv.org/abs/1511.04599>, algorithm 2. As in the authors'
/// code, the overshoot is part of every step, and a step goes a little further than the boundary, so that a
/// image on it moves. Deviation: values are clamped to [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeepFool {
    /// The most steps.
    pub steps: usize,
    /// How many of the classes, those with the largest logits, are looked at: 2 at least.
    pub classes: usize,
    /// How much further than to the boundary the whole change goes, as part of it.
    pub overshoot: f32,
}

/// The authors': 50 steps, 10 classes, overshoot 0.02.
impl Default for DeepFool {
    fn default() -> Self {
        Self { steps: 50, classes: 10, overshoot: 0.02 }
    }
}

impl<M: Model + ?Sized> Attack<M> for DeepFool {
    fn attack(
        &self,
        model: &M,
        pixels: &Pixels,
        goal: &Goal,
    ) -> Result<AttackResult, ExplainError> {
        at_least("steps", self.steps, 1)?;
        at_least_zero("overshoot", self.overshoot)?;
        at_least("classes", self.classes, 2)?;
        let Goal::Untargeted(_) = goal else {
            let expected = "Untargeted: DeepFool goes to the nearest class";
            return SettingError::refuse("goal", "Targeted", expected);
        };
        let mut session = AttackRun::open(model, pixels, goal)?;
        let rivals = rivals(&session.logits, &session.classes, self.classes - 1);
        let original = session.original.clone();
        let (mut x, mut change) = (original.clone(), original.zeros_like());
        let mut moving = session.open_cases();
        for _ in 0..self.steps {
            let own = moving.iter().map(|&place| session.classes[place]).collect();
            let Some(here) = Linear::of(&mut session, &x, &mut moving, own)? else { break };
            let step = here.nearest(&mut session, &pick(&x, &moving), &moving, &rivals)?;
            let now = pick(&change, &moving) + step;
            change = put(change, &moving, now.clone());
            let further = pick(&original, &moving) + now * (1.0 + self.overshoot);
            x = put(x, &moving, further.clamp(0.0, 1.0));
            session.count(&moving);
        }
        session.close(x)
    }
}

/// The classes with the largest logits of each image, its own left out.
fn rivals(logits: &Tensor<2>, own: &[usize], count: usize) -> Vec<Vec<usize>> {
    let classes = logits.dims()[1];
    let of = |(row, &own): (&[f32], &usize)| {
        ranked(row).into_iter().filter(|&class| class != own).take(count).collect()
    };
    values(logits).chunks_exact(classes).zip(own).map(of).collect()
}

/// The logits of images where they are, and the gradient of that of their own class.
struct Linear {
    own: Vec<usize>,
    logits: Vec<f32>,
    classes: usize,
    gradient: Tensor<4>,
}

impl Linear {
    /// Images that have crossed a boundary are dropped from `moving`.
    fn of<M: Model + ?Sized>(
        session: &mut AttackRun<'_, M>,
        x: &Tensor<4>,
        moving: &mut Vec<usize>,
        own: Vec<usize>,
    ) -> Result<Option<Self>, ExplainError> {
        if moving.is_empty() {
            return Ok(None);
        }
        let target = Target::Classes(own.clone());
        let answer = session.gradient(&pick(x, moving), moving, &target)?;
        let met = session.meets(&answer.logits, moving)?;
        let kept: Vec<usize> = (0..moving.len()).filter(|&i| !met[i]).collect();
        if kept.is_empty() {
            return Ok(None);
        }
        *moving = kept.iter().map(|&i| moving[i]).collect();
        let classes = answer.logits.dims()[1];
        let logits = values(&answer.logits);
        Ok(Some(Self {
            own: kept.iter().map(|&i| own[i]).collect(),
            logits: kept.iter().flat_map(|&i| logits[i * classes..][..classes].to_vec()).collect(),
            classes,
            gradient: pick(&answer.gradient, &kept),
        }))
    }

    /// The step over the nearest of the planes that stand for the boundaries to the rivals.
    fn nearest<M: Model + ?Sized>(
        &self,
        session: &mut AttackRun<'_, M>,
        x: &Tensor<4>,
        moving: &[usize],
        rivals: &[Vec<usize>],
    ) -> Result<Tensor<4>, ExplainError> {
        let mut nearest = vec![f32::INFINITY; moving.len()];
        let mut normal = x.zeros_like();
        let count = moving.first().map_or(0, |&place| rivals[place].len());
        #[allow(clippy::needless_range_loop, reason = "the k-th rival of each image")]
        for k in 0..count {
            let rival: Vec<usize> = moving.iter().map(|&place| rivals[place][k]).collect();
            let answer = session.gradient(x, moving, &Target::Classes(rival.clone()))?;
            let w = answer.gradient - self.gradient.clone();
            let mut closer = Vec::new();
            for (i, length) in lengths(&w).into_iter().enumerate() {
                let row = &self.logits[i * self.classes..];
                let distance = (row[rival[i]] - row[self.own[i]]).abs() / length;
                if distance < nearest[i] {
                    nearest[i] = distance;
                    closer.push(i);
                }
            }
            if !closer.is_empty() {
                normal = put(normal, &closer, pick(&w, &closer));
            }
        }
        session.note_flat(&normal, moving);
        // Where there is no boundary, the normal is 0 and the image stays.
        let far = nearest.into_iter().map(|d| if d.is_finite() { d + BEYOND } else { 0.0 });
        let far = far.collect();
        Ok(unit(normal) * factors(far, x))
    }
}
