//! Random numbers that depend on a seed, a purpose and a place alone: nothing else that draws changes them.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A generator for one purpose, below 256, at one place. Purpose 0 at place 0 draws weights.
pub(crate) fn stream(seed: u64, purpose: u64, place: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(purpose << 56 ^ place);
    generator
}

/// A training's generator for one purpose, below 16, in an epoch (or iteration, or pass), at one place in it: an image,
/// a step.
pub(crate) fn step_stream(seed: u64, purpose: u64, epoch: usize, place: usize) -> ChaCha8Rng {
    stream(seed, purpose << 4, (epoch as u64) << 32 | place as u64)
}
