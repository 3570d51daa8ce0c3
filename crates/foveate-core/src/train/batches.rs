//! The order in which a training sees its images.

use rand::seq::SliceRandom;

use crate::random::step_stream;

/// The places from 0 to `count - 1` in random order, another one for each `pass`.
pub(crate) fn shuffled(count: usize, seed: u64, purpose: u64, pass: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut step_stream(seed, purpose, pass, 0));
    order
}

/// Batches over and over, in each pass in another order; what does not fill a batch is left out.
pub(crate) struct Cycle {
    count: usize,
    batch: usize,
    seed: u64,
    purpose: u64,
    /// The pass that goes on, and its order.
    order: (usize, Vec<usize>),
}

impl Cycle {
    pub fn new(count: usize, batch: usize, seed: u64, purpose: u64) -> Self {
        Self { count, batch, seed, purpose, order: (usize::MAX, Vec::new()) }
    }

    /// The batch of this number, counted from the first of the training.
    pub fn batch(&mut self, number: usize) -> &[usize] {
        let batches = self.count / self.batch;
        let pass = number / batches;
        if self.order.0 != pass {
            self.order = (pass, shuffled(self.count, self.seed, self.purpose, pass));
        }
        &self.order.1[number % batches * self.batch..][..self.batch]
    }
}
