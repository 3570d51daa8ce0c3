//! Batch normalization against burn's.

use foveate::burn::tensor::{Device, module};
use foveate::ops::{self, BatchNormMode};

use super::{ACTIVATIONS, activated, is_burns};
use crate::support::devices::noise;

#[test]
fn batch_norm_is_burns() {
    for (i, input) in [[4, 3, 5, 7], [2, 6, 14, 14], [9, 5, 1, 1]].into_iter().enumerate() {
        let (channels, activation) = (input[1], ACTIVATIONS[i]);
        is_burns(
            &format!("{input:?}, in training, {activation:?}"),
            input,
            &[channels; 2],
            |x, v| {
                let numbers = ops::batch_statistics(x.clone());
                let [gamma, beta] = [0, 1].map(|i| v[i].clone());
                ops::batch_norm(x, gamma, beta, numbers, BatchNormMode::Batch, 1e-5, activation)
            },
            |x, v| {
                let output = module::batch_norm_train(x, v[0].clone(), v[1].clone(), 1e-5).output;
                activated(output, activation)
            },
        );
        let numbers =
            |device: &Device| [noise([channels], 5, device), noise([channels], 6, device).abs()];
        is_burns(
            &format!("{input:?}, {activation:?}"),
            input,
            &[channels; 2],
            |x, v| {
                let numbers = numbers(&x.device());
                let [gamma, beta] = [0, 1].map(|i| v[i].clone());
                ops::batch_norm(x, gamma, beta, numbers, BatchNormMode::Given, 1e-2, activation)
            },
            |x, v| {
                let [mean, variance] = numbers(&x.device());
                let (gamma, beta) = (v[0].clone(), v[1].clone());
                let output = module::batch_norm(x, gamma, beta, mean, variance, 1e-2);
                activated(output, activation)
            },
        );
    }
}
