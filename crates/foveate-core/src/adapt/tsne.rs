//! [`Tsne`]: rows of features as points on a page, by t-SNE.
//!
//! The crate bhtsne does the descent. Its own neighbor search draws from the machine's random numbers, and its
//! sums depend on the number of threads: neighbors and first places come from here, and it runs in one thread.
//!
//! Its gradient is without the paper's factor of 4, and its gains end at 2, where they are free to grow in the
//! paper and in scikit-learn. With the same learning rates it stops far from a minimum; so here the rates are
//! larger, largest in the middle of the descent, and the steps are twice as many.

use std::fmt::Write;

use bhtsne::{Neighbor, tSNE};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

use crate::learn::Features;

/// t-SNE in two dimensions: rows that are near each other stay so; distances between groups mean little.
///
/// Laurens van der Maaten, Geoffrey Hinton, *Visualizing Data using t-SNE*, Journal of Machine Learning
/// Research 9, 2008, <https://jmlr.org/papers/v9/vandermaaten08a.html>; the tree: Laurens van der Maaten,
/// *Accelerating t-SNE using Tree-Based Algorithms*, Journal of Machine Learning Research 15, 2014,
/// <https://jmlr.org/papers/v15/vandermaaten14a.html>; by the crate bhtsne. Distances are exact, of all
/// features: no PCA comes before. Deviations: gains end at 2, learning rates are larger than the paper's, and
/// largest in the middle of the descent.
#[derive(Debug, Clone, PartialEq)]
pub struct Tsne {
    /// How many neighbors count for a row, from 1 to a third of the other rows; 5 to 50 are usual.
    pub perplexity: f32,
    /// Steps of the descent. The first 250, a quarter at most, pull neighbors together twelvefold; as many
    /// at the end are small.
    pub iterations: usize,
    /// Seed of the first places.
    pub seed: u64,
}

impl Default for Tsne {
    /// Perplexity 30, 2000 iterations, seed 0.
    fn default() -> Self {
        Self { perplexity: 30.0, iterations: 2000, seed: 0 }
    }
}

/// A cell is taken for one point if half its side is less than this share of its distance: scikit-learn's
/// 0.5, there of the whole side.
const THETA: f32 = 0.25;

/// Rows compared with all others at a time: they stay in the cache.
const BLOCK: usize = 16;

impl Tsne {
    /// A point for each row of `features`; their mean is 0.
    ///
    /// The same bits for the same seed on a machine, however many threads there are; another machine's
    /// `exp` may round otherwise, which moves points. Time: `n² columns` to compare all rows, in all threads,
    /// and `n log n` a step, in one.
    ///
    /// # Panics
    ///
    /// If features are not finite, or there are no more rows than three times a perplexity
    /// of 1 or above.
    pub fn run(&self, features: &Features) -> Vec<[f32; 2]> {
        assert!(features.values().iter().all(|feature| feature.is_finite()), "features are finite");
        let rows: Vec<&[f32]> = features.iter().collect();
        let count = (3.0 * self.perplexity) as usize;
        assert!(
            self.perplexity >= 1.0 && rows.len() > count,
            "a perplexity of {} needs more than {count} rows, not {}",
            self.perplexity,
            rows.len(),
        );
        let neighbors = neighbors(&rows, count);
        let drawn = ChaCha8Rng::seed_from_u64(self.seed).sample_iter::<f32, _>(StandardNormal);
        let mut places: Vec<f32> = drawn.take(2 * rows.len()).map(|place| 1e-4 * place).collect();
        let edge = (self.iterations / 4).min(250);
        // scikit-learn's, but less for few rows.
        let auto = (rows.len() as f32 / 48.0).max(50.0).min(rows.len() as f32 / 20.0);
        let stages = [
            (edge, 4.0, 0.5, usize::MAX),
            (self.iterations - 2 * edge, 64.0, 0.8, 0),
            (edge, 8.0, 0.8, 0),
        ];
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        one.expect("a thread can be started").install(|| {
            for (iterations, rate, momentum, exaggerated) in stages {
                places = tSNE::<f32, &[f32]>::new(&rows)
                    .perplexity(self.perplexity)
                    .initial_embedding(places.as_slice())
                    .epochs(iterations)
                    .learning_rate(rate * auto)
                    .momentum(momentum)
                    .final_momentum(momentum)
                    .stop_lying_epoch(exaggerated)
                    .barnes_hut_with_neighbors(THETA, &neighbors)
                    .embedding();
            }
        });
        places.as_chunks().0.to_vec()
    }
}

/// The `count` nearest of the others for each row, nearest first.
fn neighbors(rows: &[&[f32]], count: usize) -> Vec<Vec<Neighbor<f32>>> {
    let blocks = rows.par_chunks(BLOCK).enumerate().flat_map_iter(|(block, some)| {
        let mut found = vec![Vec::with_capacity(rows.len()); some.len()];
        for (index, row) in rows.iter().enumerate() {
            for (i, one) in some.iter().enumerate().filter(|(i, _)| block * BLOCK + i != index) {
                found[i].push(Neighbor { index, distance: squared_distance(one, row) });
            }
        }
        found.into_iter().map(|mut all| {
            let order = |a: &Neighbor<f32>, b: &Neighbor<f32>| {
                a.distance.total_cmp(&b.distance).then(a.index.cmp(&b.index))
            };
            if count < all.len() {
                all.select_nth_unstable_by(count, order);
                all.truncate(count);
            }
            all.sort_unstable_by(order);
            all.iter_mut().for_each(|neighbor| neighbor.distance = neighbor.distance.sqrt());
            all
        })
    });
    blocks.collect()
}

/// In sixteen sums, for the processor to do at once.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0; 16];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += (a - b) * (a - b);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b));
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}

/// A line `x,y,domain,class` for each point, below one with these words; LF ends them.
///
/// # Panics
///
/// If there is not one domain and one class for each point.
pub fn tsne_csv(points: &[[f32; 2]], domains: &[&str], classes: &[usize]) -> String {
    let found = (domains.len(), classes.len());
    assert_eq!(found, (points.len(), points.len()), "domains and classes of the points");
    let mut lines = String::from("x,y,domain,class\n");
    for (([x, y], domain), class) in points.iter().zip(domains).zip(classes) {
        // Words with a comma or a quotation mark stand in quotation marks.
        let domain = match domain.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", domain.replace('"', "\"\"")),
            false => (*domain).into(),
        };
        writeln!(lines, "{x},{y},{domain},{class}").expect("a string can be written to");
    }
    lines
}
