//! Pooling against burn's.

use foveate::burn::nn::PaddingConfig2d;
use foveate::burn::nn::pool::MaxPool2dConfig;
use foveate::burn::tensor::module;
use foveate::ops::{self, PoolOptions};

use super::is_burns;

#[test]
fn pooling_is_burns() {
    for (kernel, stride, padding, ceil_mode) in
        [(2, 2, 0, false), (3, 2, 0, true), (3, 2, 1, false), (3, 1, 1, true), (2, 3, 1, false)]
    {
        let window = PoolOptions {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [1; 2],
            ceil_mode,
        };
        let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
        let pool = MaxPool2dConfig::new(window.kernel)
            .with_strides(window.stride)
            .with_padding(padding)
            .with_ceil_mode(ceil_mode)
            .init();
        is_burns(
            &format!("{window:?}"),
            [2, 3, 12, 15],
            &[],
            |x, _| ops::max_pool2d(x, window),
            |x, _| pool.forward(x),
        );
    }
    for output in [[1, 1], [7, 7], [3, 5]] {
        is_burns(
            &format!("to {output:?}"),
            [2, 3, 14, 11],
            &[],
            |x, _| ops::adaptive_avg_pool2d(x, output),
            |x, _| module::adaptive_avg_pool2d(x, output),
        );
    }
}
