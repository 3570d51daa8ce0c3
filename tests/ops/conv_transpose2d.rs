//! Transposed convolutions against burn's.

use foveate::burn::tensor::module;
use foveate::ops::{self, ConvTransposeOptions};

use super::{ACTIVATIONS, activated, is_burns};

#[test]
fn conv_transpose2d_is_burns() {
    let cases = [
        ([2, 6, 5, 4], [6, 3, 4, 4], ConvTransposeOptions::new([2; 2], [1; 2], [0; 2], [1; 2], 1)),
        ([1, 8, 1, 1], [8, 5, 4, 4], ConvTransposeOptions::new([1; 2], [0; 2], [0; 2], [1; 2], 1)),
        ([2, 4, 5, 5], [4, 2, 3, 3], ConvTransposeOptions::new([2; 2], [1; 2], [1; 2], [1; 2], 2)),
        ([1, 3, 6, 7], [3, 4, 3, 2], ConvTransposeOptions::new([3; 2], [2; 2], [0; 2], [2; 2], 1)),
    ];
    for (i, (input, weight, options)) in cases.into_iter().enumerate() {
        let channels = weight[1] * options.groups;
        let activation = ACTIVATIONS[i % 3];
        is_burns(
            &format!("{input:?} * {weight:?}, {options:?}, {activation:?}"),
            input,
            &[weight.iter().product(), channels],
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape(weight), Some(v[1].clone()));
                ops::conv_transpose2d(x, weight, bias, options.clone(), activation)
            },
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape(weight), Some(v[1].clone()));
                activated(module::conv_transpose2d(x, weight, bias, options.clone()), activation)
            },
        );
    }
}
