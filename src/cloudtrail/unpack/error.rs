//! Why a member can't be read.

use std::io;

/// Why one member, or a whole object, can't be opened. Each names the member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "fields are the member's path, and what the message says of them")]
pub enum UnpackError {
    /// Compressed data ends before its end: an upload or download that broke off.
    #[error("{member}: the data ends early; fetch the file again")]
    Truncated { member: String },
    /// A checksum or the format itself is wrong.
    #[error("{member}: damaged ({detail}); fetch the file again")]
    Corrupt { member: String, detail: String },
    /// One member inflates to more than [`Limits::member_bytes`](super::Limits::member_bytes).
    #[error("{member}: inflates to more than {}; unpack it, then ingest what was in it", bytes(*.limit as u64))]
    TooLarge { member: String, limit: usize },
    /// The object's layers together inflate to more than [`Limits::total_bytes`](super::Limits::total_bytes).
    #[error("{member}: its object inflates to more than {}, the rest is unread; split the archive", bytes(*.limit))]
    TotalTooLarge { member: String, limit: u64 },
    /// More files than [`Limits::members`](super::Limits::members).
    #[error("{member}: its object holds more than {limit} files, the rest is unread; split the archive")]
    TooManyMembers { member: String, limit: u64 },
    /// More layers than [`Limits::depth`](super::Limits::depth).
    #[error("{member}: more than {limit} archives or compressions one inside the other; unpack it first")]
    NestedTooDeep { member: String, limit: usize },
    /// The zip entry needs a password.
    #[error("{member}: encrypted; unpack it first")]
    Encrypted { member: String },
    /// An archive holds more than its directory leads to.
    #[error("{member}: {more}; unpack it, then ingest what was in it")]
    PartUnread { member: String, more: String },
    /// A compression that is recognised, but not read.
    #[error("{member}: {format} is not supported; unpack it first, or use gzip")]
    Unsupported { member: String, format: String },
}

/// A limit for people.
fn bytes(limit: u64) -> String {
    match limit >> 20 {
        0 => format!("{limit} bytes"),
        megabytes => format!("{megabytes} MB"),
    }
}

impl UnpackError {
    /// A short fixed word for the reason, in kebab case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated-archive",
            Self::Corrupt { .. } => "corrupt-archive",
            Self::TooLarge { .. } => "inflates-too-large",
            Self::TotalTooLarge { .. } => "archive-too-large",
            Self::TooManyMembers { .. } => "too-many-members",
            Self::NestedTooDeep { .. } => "archive-nested-too-deep",
            Self::Encrypted { .. } => "encrypted-archive",
            Self::PartUnread { .. } => "archive-part-unread",
            Self::Unsupported { .. } => "unsupported-compression",
        }
    }

    /// What a decoder of the member reported.
    pub(super) fn from_io(error: &io::Error, member: &str) -> Self {
        let member = member.to_owned();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { member },
            _ => Self::Corrupt { member, detail: error.to_string() },
        }
    }

    pub(super) fn from_zip(error: &zip::result::ZipError, member: &str) -> Self {
        use zip::result::ZipError;
        let owned = member.to_owned();
        match error {
            ZipError::Io(error) => Self::from_io(error, member),
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
                Self::Encrypted { member: owned }
            }
            ZipError::UnsupportedArchive(what) => Self::Unsupported { member: owned, format: (*what).to_owned() },
            ZipError::InvalidArchive(_) | ZipError::FileNotFound => {
                Self::Corrupt { member: owned, detail: error.to_string() }
            }
            _ => Self::Corrupt { member: owned, detail: error.to_string() },
        }
    }
}
