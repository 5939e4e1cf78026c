//! The names by which envelopes, and the records in them, are told apart.

/// What a member's name says about the object it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `Records`: a trail's log file.
    Records,
    /// `Events`: LookupEvents.
    LookupEvents,
    /// `CloudTrailEvent`: one of LookupEvents' events.
    LookupEvent,
    /// `events`: FilterLogEvents, GetLogEvents.
    LogsEvents,
    /// `logEvents`: a CloudWatch Logs subscription's payload.
    SubscriptionEvents,
    /// `messageType`: the same.
    MessageType,
    /// `message`: one of CloudWatch Logs' events.
    Message,
    /// `awslogs`: the same as a Lambda function gets it.
    AwsLogs,
    /// `QueryResultRows`: CloudTrail Lake.
    Rows,
    /// `detail-type`: EventBridge.
    DetailType,
    /// `detail`: the same.
    Detail,
    /// `digestStartTime`: a digest file; `hashSignature`: that of a query's result in CloudTrail Lake.
    Digest,
    /// `eventVersion`: a record.
    EventVersion,
    /// `eventSource`: a record, with the two that follow.
    EventSource,
    /// `eventName`
    EventName,
    /// `eventTime`
    EventTime,
}

impl Key {
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"Records" => Self::Records,
            b"Events" => Self::LookupEvents,
            b"CloudTrailEvent" => Self::LookupEvent,
            b"events" => Self::LogsEvents,
            b"logEvents" => Self::SubscriptionEvents,
            b"messageType" => Self::MessageType,
            b"message" => Self::Message,
            b"awslogs" => Self::AwsLogs,
            b"QueryResultRows" => Self::Rows,
            b"detail-type" => Self::DetailType,
            b"detail" => Self::Detail,
            b"digestStartTime" | b"hashSignature" => Self::Digest,
            b"eventVersion" => Self::EventVersion,
            b"eventSource" => Self::EventSource,
            b"eventName" => Self::EventName,
            b"eventTime" => Self::EventTime,
            _ => return None,
        })
    }
}

/// The marks of a record that an object has shown (`eventVersion`, or `eventSource`, `eventName` and
/// `eventTime`).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks(u8);

impl Marks {
    pub(super) fn add(&mut self, key: Key) {
        self.0 |= match key {
            Key::EventVersion => 0b111,
            Key::EventSource => 0b001,
            Key::EventName => 0b010,
            Key::EventTime => 0b100,
            _ => 0,
        };
    }

    pub(super) const fn none(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn complete(self) -> bool {
        self.0 == 0b111
    }
}
