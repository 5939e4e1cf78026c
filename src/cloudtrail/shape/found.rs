//! What a document turns out to hold.

use serde_json::Value;

/// One finding in a document, in the document's order.
#[derive(Debug)]
pub enum Found<'a> {
    /// One record: an object's JSON text, valid UTF-8, at most [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES) long and
    /// [`MAX_DEPTH`](super::MAX_DEPTH) deep. It has a record's marks, but isn't parsed: its numbers, words and escapes
    /// can still be wrong, and in line-based documents its brackets too.
    Text(&'a [u8]),
    /// One record put together from columns, with CloudTrail's own names.
    Value(&'a Value),
    /// Something where a record should be that is none, or can't be read. The rest of the document goes on.
    Reject {
        /// What it is.
        reason: RejectReason,
        /// Where, and what was seen; for people.
        detail: String,
    },
}

/// Why a part of a document is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// A number, text, list or `null` where a record should be.
    NotAnObject,
    /// An object with neither `eventVersion` nor `eventSource`, `eventName` and `eventTime`.
    NotARecord,
    /// Not JSON.
    Malformed,
    /// The document ends inside the record.
    Truncated,
    /// A text that isn't UTF-8.
    InvalidUtf8,
    /// Larger than [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES).
    TooLarge,
    /// Nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    NestedTooDeep,
    /// A payload that should be base64 of gzip, and isn't.
    UndecodablePayload,
}

impl RejectReason {
    /// A short fixed word, in kebab case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAnObject => "not-an-object",
            Self::NotARecord => "not-a-record",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::TooLarge => "too-large",
            Self::NestedTooDeep => "nested-too-deep",
            Self::UndecodablePayload => "undecodable-payload",
        }
    }
}

impl std::fmt::Display for RejectReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

/// What a walk through a document met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// [`Found::Text`] and [`Found::Value`].
    pub records: u64,
    /// [`Found::Reject`].
    pub rejects: u64,
    /// Things known to hold no record: digests, control messages of CloudWatch Logs, EventBridge events that aren't
    /// CloudTrail's.
    pub recordless: u64,
}

/// Why nothing at all can be read from a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No bytes, or white space only.
    #[error("the file is empty")]
    Empty,
    /// Text in UTF-16, as PowerShell's `>` writes it.
    #[error("text in UTF-16; write it as UTF-8 (PowerShell: `| Out-File -Encoding utf8`)")]
    Utf16,
    /// Neither JSON nor CSV.
    #[error("neither JSON nor a CloudTrail Lake CSV; it begins with {seen}")]
    NotJson {
        /// The first bytes, printable.
        seen: String,
    },
    /// JSON in which no record is, of no known shape.
    #[error("JSON without CloudTrail records; it begins with {seen}")]
    NoRecords {
        /// The first bytes, printable.
        seen: String,
    },
    /// A CloudTrail Lake result without the columns that make a record.
    #[error("a CloudTrail Lake result without {missing}; select eventJson, or eventSource, eventName and eventTime")]
    ColumnsMissing {
        /// The columns, comma-separated.
        missing: String,
    },
}

impl Unreadable {
    /// A short fixed word, in kebab case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Utf16 => "utf-16",
            Self::NotJson { .. } => "not-json",
            Self::NoRecords { .. } => "no-records",
            Self::ColumnsMissing { .. } => "columns-missing",
        }
    }
}

/// The first bytes of a text, quoted and escaped, for a message.
pub(super) fn seen(text: &[u8]) -> String {
    let text = text.trim_ascii_start();
    let shown = &text[..text.len().min(60)];
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", shown.escape_ascii())
}
