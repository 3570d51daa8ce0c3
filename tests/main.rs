//! The integration tests, linked into one binary.

mod devices;
mod explanations;
mod networks;
mod operations;
mod pictures;
mod real;
mod weights;

use std::io::Write;

/// Tells, past the test harness, which shows only what failing tests print.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
