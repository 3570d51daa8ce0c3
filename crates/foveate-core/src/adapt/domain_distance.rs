//! [`proxy_a_distance`]: how well two domains can be told apart.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::learn::{Features, LearnError, LinearSvc, SvcProblem};

/// C of the support vector machine, of features divided by the root of their number.
const STRENGTHS: [f64; 4] = [0.01, 0.1, 1.0, 10.0];

/// `2 (1 - 2 err)` of a linear support vector machine that tells rows of `source` from rows of `target`: 0 where it
/// cannot (or does worse than by chance), 2 where it always can. A random half of either domain, chosen by `seed`,
/// trains it (of the larger domain as many rows as of the smaller), and the other half measures `err`, in which both
/// domains count the same.
///
/// Shai Ben-David, John Blitzer, Koby Crammer, Fernando Pereira, *Analysis of Representations for Domain
/// Adaptation*, 2007,
/// <https://proceedings.neurips.cc/paper/2006/hash/b1b0432ceafb0ce714426e9114852ac7-Abstract.html>, as Yaroslav
/// Ganin et al., *Domain-Adversarial Training of Neural Networks*, 2016, <https://arxiv.org/abs/1505.07818>,
/// equation 3, measure it. Deviation: features are standardized first.
///
/// The best of four values of C is taken, as by Ganin et al., by the same half that measures: for equal
/// domains of 1,000 rows each it lies a little above 0, and up to 0.2.
///
/// # Errors
///
/// [`LearnError::NotFinite`], [`Dimensions`](LearnError::Dimensions) where the domains' columns differ,
/// [`Sparse`](LearnError::Sparse) where a domain has fewer than two rows.
pub fn proxy_a_distance(
    source: &Features,
    target: &Features,
    seed: u64,
) -> Result<f64, LearnError> {
    let (expected, found) = (source.columns(), target.columns());
    if expected != found {
        return Err(LearnError::Dimensions { expected, found });
    }
    let domains = [source, target];
    for (class, domain) in domains.iter().enumerate() {
        if domain.rows() < 2 {
            let (name, why) = (Some(["source", "target"][class].into()), " to split".into());
            return Err(LearnError::Sparse { class, name, found: domain.rows(), needed: 2, why });
        }
    }
    let fewest = source.rows().min(target.rows()) / 2;
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let [mut train, mut test] = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for (domain, features) in domains.iter().enumerate() {
        let mut rows: Vec<usize> = (0..features.rows()).collect();
        rows.shuffle(&mut generator);
        let measuring = rows.split_off(rows.len() / 2);
        rows.truncate(fewest);
        for (half, rows) in [(&mut train, rows), (&mut test, measuring)] {
            half.1.extend(vec![domain; rows.len()]);
            half.0.push(features.select(&rows));
        }
    }
    let [(train, domains), (test, truth)] =
        [train, test].map(|(features, domains)| (Features::stack(&features), domains));
    let scaling = Scaling::of(&train);
    let (train, test) = (scaling.apply(&train), scaling.apply(&test));
    let (problem, rows) = (SvcProblem::new(&train)?, (0..train.rows()).collect::<Vec<_>>());
    let mut least = 1.0_f64;
    for c in STRENGTHS {
        let svc = LinearSvc { c, ..Default::default() };
        let predictions = problem.fit(&svc, &rows, &domains, 2)?.classifier.predict(&test)?;
        let error = |domain: usize| {
            let of_it = || truth.iter().zip(&predictions).filter(|pair| *pair.0 == domain);
            of_it().filter(|pair| pair.0 != pair.1).count() as f64 / of_it().count() as f64
        };
        least = least.min((error(0) + error(1)) / 2.0);
    }
    Ok((2.0 * (1.0 - 2.0 * least)).max(0.0))
}

/// What makes features of mean 0 and variance `1 / columns`.
struct Scaling {
    means: Vec<f64>,
    factors: Vec<f64>,
}

impl Scaling {
    fn of(features: &Features) -> Self {
        let (rows, columns) = (features.rows() as f64, features.columns());
        let mut means = vec![0.0; columns];
        for row in features {
            means.iter_mut().zip(row).for_each(|(mean, &v)| *mean += f64::from(v) / rows);
        }
        let mut factors = vec![0.0; columns];
        for row in features {
            for ((sum, mean), &value) in factors.iter_mut().zip(&means).zip(row) {
                *sum += (f64::from(value) - mean).powi(2) / rows;
            }
        }
        for (factor, mean) in factors.iter_mut().zip(&means) {
            // What does not vary but by rounding tells nothing.
            let varies = *factor > (1e-7 * mean).powi(2);
            *factor = if varies { 1.0 / (*factor * columns as f64).sqrt() } else { 0.0 };
        }
        Self { means, factors }
    }

    fn apply(&self, features: &Features) -> Features {
        let scaled = |row: &[f32]| -> Vec<f32> {
            let values = row.iter().zip(&self.means).zip(&self.factors);
            values.map(|((&v, mean), factor)| ((f64::from(v) - mean) * factor) as f32).collect()
        };
        Features::new(features.iter().flat_map(scaled).collect(), features.columns())
    }
}
