//! Random numbers of drawn digits: the same on every platform.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Height and width of an image.
pub(super) const SIDE: usize = 28;

/// What random numbers are for: each has streams of its own.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Labels,
    Digit,
    Texture,
}

/// The random numbers of one image.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64, i: usize, purpose: Purpose) -> Self {
        // The key is the seed itself: nothing but ChaCha8's definition decides the numbers.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(i as u64 * 3 + purpose as u64);
        Self(rng)
    }

    /// An integer of `0..n`.
    pub fn below(&mut self, n: u64) -> u64 {
        (u64::from(self.0.next_u32()) * n) >> 32
    }

    /// Uniform in `low..=high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        let uniform = (f64::from(self.0.next_u32()) / 4_294_967_296.0) as f32;
        low + (high - low) * uniform
    }

    /// Nearly normal: four uniform numbers' sum, scaled to this deviation. Never beyond 3.5 deviations.
    pub fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        let sum: f32 = (0..4).map(|_| self.between(-1.0, 1.0)).sum();
        mean + deviation * 0.866_025_4 * sum
    }

    /// A rotation, as cosine and sine of an angle of at most 2 atan `t`.
    pub fn rotation(&mut self, t: f32) -> (f32, f32) {
        let t = self.between(-t, t);
        ((1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t))
    }
}
