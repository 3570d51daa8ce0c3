//! The integration tests, linked into one binary.

mod attacks;
mod devices;
mod explained;
mod explanations;
mod judge;
mod networks;
mod operations;
mod perturbation;
mod pictures;
mod real;
mod visualise;
mod weights;

use std::io::Write;

/// Tells, past the test harness, which shows only what failing tests print.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
