//! The bars that long work shows on a terminal, in one style; the environment variable `FOVEATE_PROGRESS=off` hides
//! them all.

use std::borrow::Cow;
use std::env;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar behind what it counts.
pub(crate) fn progress_bar(count: usize, what: impl Into<Cow<'static, str>>) -> ProgressBar {
    bar(count as u64, "{pos}/{len}", what.into())
}

/// A bar of bytes, the number of which is not known yet.
pub(crate) fn progress_bar_of_bytes(what: impl Into<Cow<'static, str>>) -> ProgressBar {
    bar(0, "{bytes}/{total_bytes} {bytes_per_sec}", what.into())
}

fn bar(length: u64, done: &str, what: Cow<'static, str>) -> ProgressBar {
    if env::var_os("FOVEATE_PROGRESS").is_some_and(|value| value == "off") {
        return ProgressBar::hidden();
    }
    let template = format!("{{prefix}} [{{bar:40}}] {done} {{eta}} {{msg}}");
    let style = ProgressStyle::with_template(&template).expect("the template is valid");
    ProgressBar::new(length).with_style(style).with_prefix(what)
}
