//! Fully connected layers against burn's.

use foveate::burn::tensor::{Tensor, module};
use foveate::ops;

use super::{ACTIVATIONS, activated, is_burns};

#[test]
fn linear_is_burns() {
    for (i, [batch, inputs, outputs]) in
        [[1, 300, 70], [5, 64, 10], [40, 30, 20]].into_iter().enumerate()
    {
        let activation = ACTIVATIONS[i];
        let four = |y: Tensor<2>| y.reshape([batch, outputs, 1, 1]);
        is_burns(
            &format!("{batch} x {inputs} * {outputs}, {activation:?}"),
            [batch, inputs, 1, 1],
            &[inputs * outputs, outputs],
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape([inputs, outputs]), v[1].clone());
                four(ops::linear(x.flatten(1, 3), weight, Some(bias), activation))
            },
            |x, v| {
                let (weight, bias) = (v[0].clone().reshape([inputs, outputs]), v[1].clone());
                let x: Tensor<2> = x.flatten(1, 3);
                activated(four(module::linear(x, weight, Some(bias))), activation)
            },
        );
    }
}
