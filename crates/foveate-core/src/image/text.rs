//! Words in images.

use std::sync::Once;

use plotters::style::{FontStyle, register_font as register};

/// The family that texts are drawn in.
pub(super) const FONT: &str = "foveate";

/// Makes the font known, which comes with the crate: texts look the same on every machine.
pub(super) fn register_font() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        if register(FONT, FontStyle::Normal, font).is_err() {
            unreachable!("the font of the crate is valid");
        }
    });
}

/// The first letters of a line, and `…` where there are more than `most`.
pub(super) fn clip(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.into();
    }
    line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
