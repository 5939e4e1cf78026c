//! Why a record is set aside.

/// Why a record is set aside instead of counted. Each has a code that users see and may filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// The text is no JSON.
    Malformed,
    /// The text ends inside the record.
    Truncated,
    /// A list of records holds something that is no object.
    NotAnObject,
    /// An object without what makes a record: `eventVersion`, or `eventSource`, `eventName` and `eventTime`.
    NotARecord,
    /// A field that counting reads has another type than CloudTrail gives it.
    WrongType,
    /// `eventTime` is missing or no time.
    NoTime,
    /// `eventTime` lies before CloudTrail's first year or after 2100.
    TimeOutOfRange,
    /// `eventTime` lies more than a day ahead of the clock.
    TimeInFuture,
    /// Objects or lists nested deeper than 127, which serde_json refuses, in a record that the scanner can't read; or
    /// envelopes nested too deep.
    NestedTooDeep,
    /// The record is larger than [`RECORD_BYTES_MAX`](super::RECORD_BYTES_MAX), which none of CloudTrail's is.
    TooLarge,
    /// A text that is no UTF-8.
    InvalidUtf8,
    /// A payload that should be base64 of gzip, and isn't.
    UndecodablePayload,
    /// The record's hour is closed: its event ids are dropped, so whether it was counted before can't be told.
    HourClosed,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [RejectReason; 13] = [
        Self::Malformed,
        Self::Truncated,
        Self::NotAnObject,
        Self::NotARecord,
        Self::WrongType,
        Self::NoTime,
        Self::TimeOutOfRange,
        Self::TimeInFuture,
        Self::NestedTooDeep,
        Self::TooLarge,
        Self::InvalidUtf8,
        Self::UndecodablePayload,
        Self::HourClosed,
    ];

    /// The reason as shown and stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::NotAnObject => "not-an-object",
            Self::NotARecord => "not-a-record",
            Self::WrongType => "wrong-type",
            Self::NoTime => "no-time",
            Self::TimeOutOfRange => "time-out-of-range",
            Self::TimeInFuture => "time-in-future",
            Self::NestedTooDeep => "nested-too-deep",
            Self::TooLarge => "too-large",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::UndecodablePayload => "undecodable-payload",
            Self::HourClosed => "hour-closed",
        }
    }
}

/// A record that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its number in its document, from 0.
    pub position: u64,
    /// Why.
    pub reason: RejectReason,
    /// What was found, for people.
    pub detail: String,
}
