//! What is wrong in a text that people wrote, and where.

use std::ops::Range;

/// A setting that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingError {
    /// Where it stands: bytes of the text.
    pub span: Range<usize>,
    /// What is wrong and what is expected; no capital, no full stop.
    pub message: String,
}

impl SettingError {
    /// An error at a place.
    pub fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        SettingError { span, message: message.into() }
    }
}
