//! What the tests of several kernels share.

#![allow(dead_code, reason = "no test uses all")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use foveate_kernels::{Isa, with_isa};

/// Knuth's MMIX generator.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    /// Between -1 and 1.
    pub fn values(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.next() as f32 / (1_u64 << 30) as f32 - 1.0).collect()
    }
}

/// Runs a test on every instruction set of this processor.
pub fn on_each_isa(test: impl Fn(Isa)) {
    for isa in Isa::ALL {
        if isa.is_available() {
            with_isa(isa, || test(isa));
        } else {
            eprintln!("SKIPPED: this processor has no {isa:?}");
        }
    }
}

/// Every error is below `tolerance` times the largest expected value; NaN where NaN is expected.
#[track_caller]
pub fn assert_close(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let close = (f64::from(found) - expected).abs() <= tolerance * most
            || f64::from(found) == expected
            || found.is_nan() && expected.is_nan();
        assert!(close, "{what}: {found} for {expected} at {i}, largest {most}");
    }
}

/// The same bits on 1, 2 and 3 threads.
#[track_caller]
pub fn assert_threads_change_nothing(run: impl Fn() -> Vec<f32> + Sync) {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(&run).into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let one = on(1);
    assert!(!one.is_empty());
    assert_eq!(one, on(2));
    assert_eq!(one, on(3));
}

/// The call panics, and says so in these words.
#[track_caller]
pub fn assert_refused(words: &str, call: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(call)).expect_err(words);
    let text = panic.downcast_ref::<String>().expect("a message with the sizes");
    assert!(text.contains(words), "{text:?} instead of {words:?}");
}

/// In f64.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

/// The derivative of `loss` with respect to one of the values, by central difference.
pub fn derivative(loss: impl Fn(&[f64]) -> f64, values: &[f64], at: usize) -> f64 {
    let step = 1e-5;
    let [above, below] = [step, -step].map(|step| {
        let mut values = values.to_vec();
        values[at] += step;
        loss(&values)
    });
    (above - below) / (2.0 * step)
}

/// The sum of products.
pub fn dot(a: &[f64], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum()
}
