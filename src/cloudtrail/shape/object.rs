//! What an object is: a record, an envelope, or what holds one of them.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use smallvec::SmallVec;

use super::alike;
use super::cursor::{Cursor, Fault};
use super::keys::{Key, Marks};
use super::list::Items;
use super::walk::{Place, Walker};
use crate::cloudtrail::RejectReason;
use crate::cloudtrail::unpack::{Inflater, Limits};

/// Bytes that one payload of CloudWatch Logs may inflate to. Lambda takes 6 MB of payload.
const PAYLOAD_BYTES: usize = 64 << 20;

/// What an object's members say about it. Ranges are members' values.
#[derive(Default)]
struct Members {
    marks: Marks,
    /// It has one of the lists in which records come, or null in the place of one.
    envelope: bool,
    digest: bool,
    event_bridge: bool,
    detail: Option<Range<usize>>,
    lookup_event: Option<Range<usize>>,
    message: Option<Range<usize>>,
    message_type: Option<Range<usize>>,
    log_events: Option<Range<usize>>,
    awslogs: Option<Range<usize>>,
    /// Lists and objects, but for those lists.
    nested: SmallVec<[Range<usize>; 8]>,
}

impl Members {
    fn note(&mut self, key: Key, value: Range<usize>, text: &[u8]) {
        match key {
            Key::Records | Key::LookupEvents | Key::LogsEvents | Key::Rows => {
                self.envelope |= &text[value] == b"null";
            }
            Key::SubscriptionEvents => self.log_events = Some(value),
            Key::MessageType => self.message_type = Some(value),
            Key::LookupEvent => self.lookup_event = Some(value),
            Key::Message => self.message = Some(value),
            Key::AwsLogs => self.awslogs = Some(value),
            Key::DetailType => self.event_bridge = true,
            Key::Detail => self.detail = Some(value),
            Key::Digest => self.digest = true,
            Key::EventVersion | Key::EventSource | Key::EventName | Key::EventTime => self.marks.add(key),
        }
    }

    /// What the items of a list of that name are, if it is one in which records come.
    fn items_of(&self, key: Key, text: &[u8]) -> Option<Items> {
        match key {
            Key::Records | Key::LookupEvents | Key::LogsEvents => Some(Items::Values),
            Key::SubscriptionEvents if self.is_data(text) == Some(true) => Some(Items::Values),
            Key::Rows => Some(Items::LakeRows),
            _ => None,
        }
    }

    /// Whether a subscription's payload has data, not only a test of the destination; if that is known.
    fn is_data(&self, text: &[u8]) -> Option<bool> {
        self.message_type.clone().map(|kind| &text[kind] != b"\"CONTROL_MESSAGE\"")
    }
}

/// The object of a Lambda event for CloudWatch Logs.
#[derive(serde::Deserialize)]
struct AwsLogs<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

impl Walker<'_> {
    /// Walks an object: hands it out if it is a record, or what it wraps.
    pub(super) fn object(&mut self, cursor: &mut Cursor<'_>, place: Place) -> Result<(), Fault> {
        let (start, before) = (cursor.at, self.findings);
        cursor.expect(b'{')?;
        let mut members = Members::default();
        if !cursor.eat(b'}') {
            self.members(cursor, &mut members, place)?;
        }
        let (object, is_record) = (start..cursor.at, members.marks.complete());
        if !is_record && self.findings > before {
            self.search_nested(cursor.text, &members, place);
            return Ok(());
        }
        // Damage can leave a list open, which then takes in the items that follow, and ends where theirs ends.
        if place.item && !matches!(cursor.peek(), Some(b',' | b']')) && alike::holds_another(cursor.text, &object) {
            return Err(Fault { reason: RejectReason::Malformed, at: object.end, reported: false });
        }
        if is_record {
            self.record(&cursor.text[object]);
        } else {
            self.unwrap(cursor.text, object, &members, place);
        }
        Ok(())
    }

    /// Walks what is left of an envelope, from after one of its values.
    pub(super) fn rest_of_envelope(&mut self, cursor: &mut Cursor<'_>, place: Place) -> Result<(), Fault> {
        if cursor.eat(b',') { self.members(cursor, &mut Members::default(), place) } else { cursor.expect(b'}') }
    }

    /// Walks an object's members from a key on, and its closing bracket.
    fn members(&mut self, cursor: &mut Cursor<'_>, members: &mut Members, place: Place) -> Result<(), Fault> {
        loop {
            let key = Key::of(cursor.key()?);
            let first = cursor.peek();
            match key.and_then(|key| members.items_of(key, cursor.text)) {
                // Handed out as it comes: such a list can be most of the document, and be cut.
                Some(items) if first == Some(b'[') && !members.marks.complete() && !place.is_deepest() => {
                    members.envelope = true;
                    self.member_list(cursor, place, items)?;
                }
                _ => {
                    let value = cursor.at;
                    cursor.skip()?;
                    if matches!(first, Some(b'{' | b'[')) {
                        members.nested.push(value..cursor.at);
                    }
                    if let Some(key) = key {
                        members.note(key, value..cursor.at, cursor.text);
                    }
                }
            }
            if !cursor.eat(b',') {
                return cursor.expect(b'}');
            }
        }
    }

    /// Hands out what an object that is no record wraps.
    fn unwrap(&mut self, text: &[u8], object: Range<usize>, members: &Members, place: Place) {
        if place.is_deepest() {
            if !place.search {
                self.reject(RejectReason::NestedTooDeep, &text[object]);
            }
            return;
        }
        let before = self.findings;
        // A text that doesn't begin like an object is no envelope.
        let quoted = |range: &Option<Range<usize>>| {
            range.clone().map(|range| &text[range]).filter(|value| value.starts_with(b"\"{"))
        };
        if members.digest {
            // Known, and without records.
        } else if let (true, Some(detail)) = (members.event_bridge, &members.detail) {
            // EventBridge carries other services' events too.
            self.part(text, detail, place.searching());
        } else if members.is_data(text) == Some(false) {
            // A test of the destination.
        } else if let Some(events) = &members.log_events {
            self.part(text, events, place);
        } else if let Some(event) = quoted(&members.lookup_event).or_else(|| quoted(&members.message)) {
            self.quoted(event, place);
        } else if let Some(payload) = &members.awslogs {
            self.payload(&text[payload.clone()], place);
        } else {
            self.search_nested(text, members, place);
            if self.findings == before && !place.search && !members.envelope {
                self.reject(RejectReason::NotARecord, &text[object]);
            }
        }
    }

    /// Searches an object's lists and objects. Nothing inside a record is another record, also if it is a record that
    /// lacks something.
    fn search_nested(&mut self, text: &[u8], members: &Members, place: Place) {
        if members.marks.none() {
            for nested in &members.nested {
                self.part(text, nested, place.searching());
            }
        }
    }

    /// Walks a value inside an object that was passed once, so that it has an end.
    fn part(&mut self, text: &[u8], range: &Range<usize>, place: Place) {
        let mut cursor = Cursor { text, at: range.start };
        // A fault is impossible here, and if there was one it would have been the enclosing value's.
        let _ = self.value(&mut cursor, place.deeper());
    }

    /// Walks base64 of gzip.
    fn payload(&mut self, awslogs: &[u8], place: Place) {
        let data = serde_json::from_slice::<AwsLogs<'_>>(awslogs)
            .ok()
            .and_then(|awslogs| base64::engine::general_purpose::STANDARD.decode(awslogs.data.as_bytes()).ok());
        let Some(data) = data else { return self.reject(RejectReason::UndecodablePayload, awslogs) };
        let mut inflater: Inflater = self.inflater.take().unwrap_or_default();
        let limits = Limits { member_bytes: PAYLOAD_BYTES, ..Limits::default() };
        if inflater.gunzip(&data, "awslogs.data", &limits, |text| self.inner(text, place)).is_err() {
            self.reject(RejectReason::UndecodablePayload, awslogs);
        }
        self.inflater = Some(inflater);
    }
}
