//! Random numbers that depend on a seed and a place alone: the same on every device, whatever is
//! computed together.

use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;

/// A generator for a place: a picture's sample, say.
pub(super) fn generator(seed: u64, place: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(place);
    generator
}

/// `[places, c, h, w]` numbers of a distribution, each place with a generator of its own.
pub(super) fn drawn(
    seed: u64,
    places: impl Iterator<Item = u64>,
    [c, h, w]: [usize; 3],
    distribution: impl Distribution<f32>,
    device: &Device,
) -> Tensor<4> {
    let mut values = Vec::new();
    let mut count = 0;
    for place in places {
        values.extend((&distribution).sample_iter(generator(seed, place)).take(c * h * w));
        count += 1;
    }
    Tensor::from_data(TensorData::new(values, [count, c, h, w]), device)
}
