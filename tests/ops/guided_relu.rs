//! The ReLU of guided backpropagation.

use foveate::burn::tensor::Tensor;
use foveate::burn::tensor::activation::relu;
use foveate::ops;

use super::assert_close;
use crate::support::devices::{all, noise};

/// `max(x, 0)`, and the gradient by the definitions, for inputs and gradients of both signs.
#[test]
fn guided_relu() {
    for chosen in all() {
        let x = noise([2, 3, 4, 5], 40, &chosen.device);
        let arriving = noise([2, 3, 4, 5], 41, &chosen.device);
        let positive = |tensor: &Tensor<4>| tensor.clone().greater_scalar(0.0).float();
        for guided in [true, false] {
            let input = x.clone().autodiff().require_grad();
            let output = ops::guided_relu(input.clone(), guided);
            assert_close(output.clone().inner(), relu(x.clone()), "values");
            let gradient = input.grad(&(output * arriving.clone()).sum().backward()).unwrap();
            let expected = arriving.clone() * positive(&arriving);
            let expected = if guided { expected * positive(&x) } else { expected };
            assert_close(gradient, expected, &format!("guided {guided} on {chosen}"));
            assert!(!ops::guided_relu(x.clone(), guided).is_tracked());
        }
    }
}
