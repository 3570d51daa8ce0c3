//! Rank correlation.

use foveate::explain::metrics::spearman;

use crate::support::close::close;

/// scipy.stats.spearmanr of scipy 1.17.
#[test]
fn spearman_as_scipy() {
    let a = [0.3, -1.0, 2.5, 2.5, 0.0, 7.0, -3.0, 2.5];
    let b = [1.0, -2.0, 2.0, 3.0, 1.0, 1.5, -4.0, 0.0];
    close(&[spearman(&a, &b)], &[0.7485931], 1e-6);
    let square: Vec<f32> = a.iter().map(|a| a * a).collect();
    close(&[spearman(&a, &square)], &[0.4], 1e-6);
    assert_eq!(spearman(&a, &a), 1.0);
    let back: Vec<f32> = a.iter().map(|a| -a.powi(3)).collect();
    assert_eq!(spearman(&a, &back), -1.0);
    assert!(spearman(&a, &[2.0; 8]).is_nan());
    // 0 and -0 are equal.
    assert_eq!(spearman(&[0.0, -0.0, 1.0], &[-0.0, 0.0, 1.0]), 1.0);
}
