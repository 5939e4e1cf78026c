//! What a document turns out to hold.

use std::fmt;

use serde_json::Value;

use crate::cloudtrail::RejectReason;

/// One finding in a document, in the document's order.
#[derive(Debug)]
pub enum Found<'a> {
    /// One record: an object's JSON text, at most [`RECORD_BYTES_MAX`](crate::cloudtrail::RECORD_BYTES_MAX) long. It
    /// has a record's marks, but isn't parsed: it can nest to any depth, its texts can be no UTF-8, its numbers, words
    /// and escapes can be wrong, and in line-based documents its brackets too.
    Text(&'a [u8]),
    /// One record put together from columns, with CloudTrail's own names.
    Value(&'a Value),
    /// Something where a record should be that is none, or can't be read. The rest of the document goes on.
    Reject {
        /// What it is.
        reason: RejectReason,
        /// Where, and what was seen; for people. It is written out by who keeps it.
        detail: fmt::Arguments<'a>,
    },
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
pub(super) struct Seen<'a>(pub(super) &'a [u8]);

impl fmt::Display for Seen<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.trim_ascii_start();
        let shown = &text[..text.len().min(60)];
        let more = if shown.len() < text.len() { "…" } else { "" };
        write!(formatter, "\"{}{more}\"", shown.escape_ascii())
    }
}
