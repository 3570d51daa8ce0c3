//! [`SettingError`]: the one way to say that a number is out of its range, and the ranges themselves.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {found}: expected {expected}")]
#[non_exhaustive]
pub struct SettingError {
    /// Name of the setting: a field, mostly.
    pub name: &'static str,
    /// Value of the setting.
    pub found: String,
    /// Range of the setting.
    pub expected: String,
}

impl SettingError {
    pub(crate) fn new(
        name: &'static str,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Self {
        Self { name, found: found.to_string(), expected: expected.into() }
    }

    /// The error as a result of any kind.
    pub(crate) fn refuse<T, E: From<Self>>(
        name: &'static str,
        found: impl ToString,
        expected: impl Into<String>,
    ) -> Result<T, E> {
        Err(Self::new(name, found, expected).into())
    }
}

/// A number above 0.
pub(crate) fn positive(name: &'static str, value: impl Number) -> Result<(), SettingError> {
    check(name, value, value.into() > 0.0 && value.into().is_finite(), "a finite number above 0")
}

/// A number of at least 0.
pub(crate) fn at_least_zero(name: &'static str, value: impl Number) -> Result<(), SettingError> {
    check(
        name,
        value,
        value.into() >= 0.0 && value.into().is_finite(),
        "a finite number, 0 or more",
    )
}

/// A number in `[0, 1)`: of 1, nothing would be left.
pub(crate) fn below_one(name: &'static str, value: impl Number) -> Result<(), SettingError> {
    check(name, value, (0.0..1.0).contains(&value.into()), "a number in [0, 1)")
}

/// A number in `(0, 1]`: a share that is not empty.
pub(crate) fn share(name: &'static str, value: impl Number) -> Result<(), SettingError> {
    check(name, value, value.into() > 0.0 && value.into() <= 1.0, "a number in (0, 1]")
}

/// A number in `[least, most]`.
pub(crate) fn in_range(
    name: &'static str,
    value: impl Number,
    range: RangeInclusive<f64>,
) -> Result<(), SettingError> {
    let expected = format!("a number in [{}, {}]", range.start(), range.end());
    check(name, value, range.contains(&value.into()), &expected)
}

/// A count of at least `least`.
pub(crate) fn at_least(name: &'static str, count: usize, least: usize) -> Result<(), SettingError> {
    check(name, count, count >= least, &format!("{least} or more"))
}

/// An `f32` or `f64`, shown as it was given.
pub(crate) trait Number: Copy + Display + Into<f64> {}

impl Number for f32 {}
impl Number for f64 {}

fn check(
    name: &'static str,
    found: impl Display,
    holds: bool,
    expected: &str,
) -> Result<(), SettingError> {
    if holds { Ok(()) } else { SettingError::refuse(name, found, expected) }
}
