//! Bytes to calls and lifecycle facts.
//!
//! A document enters: the inflated bytes of one log file, in any of the shapes that CloudTrail's records come in. Its
//! records leave one by one to a [`Sink`], each as a request to KMS, a lifecycle fact, a reject with its reason, or as
//! nothing but a number. The room refuses to know where the bytes are from, which records were seen before, and what
//! time it is.
//!
//! Plain trail files take the fast way: `index` marks quotes and brackets, `scan` reads the fields from them. All else
//! is opened by `shape`, and what the scanner finds odd is read again by `value`; `call` holds the rules of counting.

mod call;
mod context;
#[cfg(test)]
mod damage_tests;
mod facts;
#[cfg(test)]
mod facts_tests;
mod fields;
mod hash;
mod index;
mod profile;
mod reject;
mod scan;
mod sessions;
pub mod shape;
pub mod unpack;
mod value;

pub use call::{Call, CallerDetail};
pub use facts::Fact;
pub use fields::{Fields, Identity, Request, Resource};
pub use reject::{Reject, RejectReason};

use call::{Classified, KnownHour};
use index::{Index, Indexed};
use scan::{Odd, Verdict};
use serde_json::Value;
use sessions::Sessions;
use std::fmt;

use crate::domain::Operation;

/// Receives a document's records.
pub trait Sink {
    /// A request to KMS. What it derives may yet be unreadable: then the sink gets a reject of its own making.
    fn request(&mut self, position: u64, call: &Call<'_>) -> Result<(), (RejectReason, String)>;
    /// A lifecycle fact. The same record may also be a request, unless the sink sets it aside.
    fn fact(&mut self, fact: Fact) -> Result<(), (RejectReason, String)>;
    /// A record set aside: its number in its document, from 0, why, and what was found, for people.
    fn reject(&mut self, position: u64, reason: RejectReason, detail: fmt::Arguments<'_>);
    /// A record that was read and is neither rejected nor a request.
    fn passed_over(&mut self, kind: PassedOver);
}

/// Records that are read and count for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// Another service's.
    OtherService,
    /// KMS's, but no request: a service event, or network activity and Insights, which describe requests again.
    NotARequest,
}

/// The largest record, in bytes. CloudTrail's own bound is 256 KB, CloudTrail Lake's 1 MB.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// Reads documents. Holds memory between them, so that a thread keeps one.
#[derive(Default)]
pub struct Decoder {
    index: Index,
    sessions: Sessions,
    hour: KnownHour,
}

impl Decoder {
    /// Reads one document to `sink`; what it turned out to be, or why it is none that can be read.
    pub fn document(&mut self, document: &[u8], sink: &mut impl Sink) -> Result<shape::Shape, shape::Unreadable> {
        let mut position = 0;
        let indexed = self.index.over(document);
        match trail_file(&indexed, &mut self.sessions, &mut self.hour, &mut position, sink) {
            TrailFile::Other => return self.other_shape(document, position, sink),
            TrailFile::OddFrom { first, at } => {
                shape::rest_of_trail(document, first, at, &mut |more, found| self.found(position + more, found, sink));
            }
            TrailFile::Read(end) => {
                let rest = document[end..].trim_ascii_start();
                if !rest.is_empty()
                    && let Err(unreadable) = self.other_shape(rest, position, sink)
                {
                    // The file before it is read and stays so.
                    let reason = match unreadable {
                        shape::Unreadable::NoRecords { .. } => RejectReason::NotARecord,
                        _ => RejectReason::Malformed,
                    };
                    sink.reject(position, reason, format_args!("after the log file's end: {unreadable}"));
                }
            }
        }
        Ok(shape::Shape::Trail)
    }

    fn other_shape(
        &mut self,
        document: &[u8],
        start: u64,
        sink: &mut impl Sink,
    ) -> Result<shape::Shape, shape::Unreadable> {
        let shape = shape::recognise(document);
        shape::each_record(document, shape, &mut |position, found| self.found(start + position, found, sink))?;
        Ok(shape)
    }

    fn found(&mut self, position: u64, found: shape::Found<'_>, sink: &mut impl Sink) {
        match found {
            shape::Found::Text(text) => self.text(position, text, sink),
            shape::Found::Value(value) => one_value(position, value, sink),
            shape::Found::Reject { reason, detail } => sink.reject(position, reason, detail),
        }
    }

    /// Reads one record's text.
    pub fn text(&mut self, position: u64, text: &[u8], sink: &mut impl Sink) {
        let text = text.trim_ascii();
        let indexed = self.index.over(text);
        let mut fields = Fields::default();
        match scan::record(&indexed, 0, &mut self.sessions, &mut fields) {
            (Ok(verdict), Some(end)) if end == text.len() => {
                one_scanned(position, verdict, &fields, &mut self.hour, sink);
            }
            _ => one_text(position, text, sink),
        }
    }
}

/// What the fast way made of a document.
enum TrailFile {
    /// It is none; nothing is read.
    Other,
    /// All of it is read; where its object ends.
    Read(usize),
    /// It is read up to `at`. What begins there is damaged, or has an end that can't be trusted. The first item of the
    /// list begins at `first`.
    OddFrom { first: usize, at: usize },
}

/// Reads a document that begins as a trail file, `{"Records":[`, counting its records in `position`.
fn trail_file(
    doc: &Indexed<'_, '_>,
    sessions: &mut Sessions,
    hour: &mut KnownHour,
    position: &mut u64,
    sink: &mut impl Sink,
) -> TrailFile {
    let mut at = skip_space(doc, 0);
    for token in [&b"{"[..], b"\"Records\"", b":", b"["] {
        if !doc.bytes()[at..].starts_with(token) {
            return TrailFile::Other;
        }
        at = skip_space(doc, at + token.len());
    }
    let first = at;
    let mut fields = Fields::default();
    while doc.byte(at) != b']' {
        let (verdict, end) = match doc.byte(at) {
            b'{' => scan::record(doc, at, sessions, &mut fields),
            _ => (Err(Odd), scan::value_end(doc, at)),
        };
        let Some(end) = end else { return TrailFile::OddFrom { first, at } };
        // Where brackets or quotes don't match, a record can seem to end where another one does, or the list.
        let next = match skip_space(doc, end) {
            comma if doc.byte(comma) == b',' => skip_space(doc, comma + 1),
            close if doc.byte(close) == b']' => close,
            _ => return TrailFile::OddFrom { first, at },
        };
        match verdict {
            Err(Odd) => match value_of(&doc.bytes()[at..end]) {
                Some(value) => one_value(*position, &value, sink),
                None => return TrailFile::OddFrom { first, at },
            },
            Ok(_) if end - at > RECORD_BYTES_MAX => too_large(*position, end - at, sink),
            Ok(verdict) => one_scanned(*position, verdict, &fields, hour, sink),
        }
        *position += 1;
        at = next;
    }
    let next = skip_space(doc, at + 1);
    match doc.enclosing_close(next) {
        Some(close) if doc.byte(close) == b'}' && ends_without_list(&doc.bytes()[next..close]) => {
            TrailFile::Read(close + 1)
        }
        None if next >= doc.bytes().len() => {
            sink.reject(*position, RejectReason::Truncated, format_args!("the file ends before its last bracket"));
            *position += 1;
            TrailFile::Read(doc.bytes().len())
        }
        // That was not the list's bracket, or there is more.
        _ => TrailFile::OddFrom { first, at },
    }
}

/// Whether a trail file's object ends with its list, or with members that hold no other.
fn ends_without_list(members: &[u8]) -> bool {
    members.is_empty() || (members.starts_with(b",") && !members.contains(&b'['))
}

/// The value that a text is, if it is one and of a size to be read.
fn value_of(text: &[u8]) -> Option<Value> {
    (text.len() <= RECORD_BYTES_MAX).then(|| serde_json::from_slice(text).ok())?
}

#[inline(always)]
fn skip_space(doc: &Indexed<'_, '_>, mut at: usize) -> usize {
    while doc.byte(at).is_ascii_whitespace() {
        at += 1;
    }
    at
}

fn one_scanned(position: u64, verdict: Verdict, fields: &Fields<'_>, hour: &mut KnownHour, sink: &mut impl Sink) {
    match verdict {
        Verdict::Kms(operation) => one_kms(position, fields, operation, hour, sink),
        Verdict::Other => sink.passed_over(PassedOver::OtherService),
    }
}

fn one_kms(
    position: u64,
    fields: &Fields<'_>,
    operation: Option<Operation>,
    hour: &mut KnownHour,
    sink: &mut impl Sink,
) {
    let result = match call::classify(fields, operation, hour) {
        Ok(Classified::Request(call)) => sink.request(position, &call),
        Ok(Classified::NotARequest) => {
            sink.passed_over(PassedOver::NotARequest);
            Ok(())
        }
        Err(unreadable) => Err(unreadable),
    };
    if let Err((reason, detail)) = result {
        sink.reject(position, reason, format_args!("{detail}"));
    }
}

fn too_large(position: u64, bytes: usize, sink: &mut impl Sink) {
    sink.reject(position, RejectReason::TooLarge, format_args!("{bytes} bytes, of {RECORD_BYTES_MAX} at most"));
}

fn one_text(position: u64, text: &[u8], sink: &mut impl Sink) {
    if text.len() > RECORD_BYTES_MAX {
        return too_large(position, text.len(), sink);
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(value) => one_value(position, &value, sink),
        Err(error) => {
            let reason = match error.to_string() {
                _ if error.is_eof() => RejectReason::Truncated,
                message if message.contains("recursion limit") => RejectReason::NestedTooDeep,
                _ if std::str::from_utf8(text).is_err() => RejectReason::InvalidUtf8,
                _ => RejectReason::Malformed,
            };
            sink.reject(position, reason, format_args!("{error}"));
        }
    }
}

fn one_value(position: u64, record: &Value, sink: &mut impl Sink) {
    let fields = match value::fields(record) {
        Ok(fields) => fields,
        Err((reason, detail)) => return sink.reject(position, reason, format_args!("{detail}")),
    };
    let fact = facts::fact(record).and_then(|fact| fact.map_or(Ok(()), |fact| sink.fact(fact)));
    if let Err((reason, detail)) = fact {
        return sink.reject(position, reason, format_args!("{detail}"));
    }
    if call::is_kms(&fields) {
        let operation = Operation::parse_bytes(fields.event_name);
        one_kms(position, &fields, operation, &mut KnownHour::default(), sink);
    } else {
        sink.passed_over(PassedOver::OtherService);
    }
}
