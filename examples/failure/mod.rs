//! How every example ends.

use std::backtrace::BacktraceStatus;
use std::process::ExitCode;

/// Tells an error in one line with its causes; with a backtrace where `RUST_BACKTRACE` asks for one.
pub fn told(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if error.backtrace().status() == BacktraceStatus::Captured {
        eprintln!("Error: {error:?}");
    } else {
        let words = format!("{error:#}");
        eprintln!("Error: {}", words.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    ExitCode::FAILURE
}
