//! The bar that a training shows.

use std::borrow::Cow;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on the terminal, behind what it counts; nothing where there is none.
pub(crate) fn progress_bar(steps: usize, what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {pos}/{len} {eta} {msg}")
        .expect("the template is valid");
    ProgressBar::new(steps as u64).with_style(style).with_prefix(what)
}
