//! What the tests share.

pub mod close;
pub mod devices;
pub mod golden;
pub mod logged;
pub mod real;

use std::io::Write;

/// Tells, past the test harness, which shows only what failing tests print.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
