//! Random numbers that depend on a seed and a place alone: the same on every device, whatever is
//! computed together.

use burn::tensor::{Device, Tensor, TensorData};
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;

use crate::random::stream;

/// What draws: with one seed, no two draw the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    SmoothGrad,
    Rise,
    Infidelity,
    Sensitivity,
    Randomization,
    Pgd,
    ClassVisualization,
    FeatureVisualization,
}

/// A generator for a purpose at a place: an image's sample, say. Places count from 0, or down from
/// `u64::MAX` for what is no image's own.
pub(super) fn generator(seed: u64, purpose: Purpose, place: u64) -> ChaCha8Rng {
    stream(seed, purpose as u64, place)
}

/// `[places, c, h, w]` numbers of a distribution, each place with a generator of its own.
pub(super) fn drawn(
    seed: u64,
    purpose: Purpose,
    places: impl Iterator<Item = u64>,
    [c, h, w]: [usize; 3],
    distribution: impl Distribution<f32>,
    device: &Device,
) -> Tensor<4> {
    let mut values = Vec::new();
    let mut count = 0;
    for place in places {
        values.extend((&distribution).sample_iter(generator(seed, purpose, place)).take(c * h * w));
        count += 1;
    }
    Tensor::from_data(TensorData::new(values, [count, c, h, w]), device)
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    #[test]
    fn purposes_and_places_have_numbers_of_their_own() {
        use Purpose::*;
        let purposes = [
            SmoothGrad,
            Rise,
            Infidelity,
            Sensitivity,
            Randomization,
            Pgd,
            ClassVisualization,
            FeatureVisualization,
        ];
        let mut numbers = std::collections::BTreeSet::new();
        for place in [0, 1, 1 << 40, u64::MAX, u64::MAX - 1, u64::MAX - (1 << 40)] {
            numbers.extend(purposes.map(|purpose| generator(7, purpose, place).next_u64()));
        }
        assert_eq!(numbers.len(), 6 * purposes.len());
    }
}
