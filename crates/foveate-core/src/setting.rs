//! [`SettingError`]: the one way to say that a number is out of its range.

/// A setting out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {found}: expected {expected}")]
#[non_exhaustive]
pub struct SettingError {
    /// Which one: a field, mostly.
    pub name: &'static str,
    /// Its value.
    pub found: String,
    /// Its range.
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
