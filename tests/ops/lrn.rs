//! Local response normalization against burn's.

use foveate::burn::nn::LocalResponseNormConfig;
use foveate::ops::{self, LrnOptions};

use super::is_burns;

#[test]
fn lrn_is_burns() {
    for (size, beta) in [(5, 0.75), (3, 0.6), (1, 0.75)] {
        // A larger alpha than is usual, for the sum to count.
        let constants = LrnOptions { size, alpha: 0.5, beta, k: 1.5 };
        let layer =
            LocalResponseNormConfig::new(size).with_alpha(0.5).with_beta(beta).with_k(1.5).init();
        is_burns(
            &format!("{constants:?}"),
            [2, 7, 5, 6],
            &[],
            |x, _| ops::local_response_norm(x, constants),
            |x, _| layer.forward(x),
        );
    }
}
