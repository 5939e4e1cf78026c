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
mod facts;
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

pub use call::{Call, Telling};
pub use facts::Fact;
pub use fields::{Fields, Identity, Request, Resource};
pub use reject::{Reject, RejectReason};

use call::{Classified, KnownHour};
use index::{Index, Indexed};
use scan::Verdict;
use serde_json::Value;
use sessions::Sessions;

/// Receives a document's records.
pub trait Sink {
    /// A request to KMS. What it derives may yet be unreadable: then the sink gets a reject of its own making.
    fn request(&mut self, position: u64, call: &Call<'_>) -> Result<(), (RejectReason, String)>;
    /// A lifecycle fact. The same record may also be a request.
    fn fact(&mut self, fact: Fact);
    /// A record set aside.
    fn reject(&mut self, reject: Reject);
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
        let Some(end) = trail_file(&indexed, &mut self.sessions, &mut self.hour, &mut position, sink) else {
            return self.other_shape(document, position, sink);
        };
        let rest = document[end..].trim_ascii_start();
        if !rest.is_empty()
            && let Err(unreadable) = self.other_shape(rest, position, sink)
        {
            // The file before it is read and stays so.
            let reason = match unreadable {
                shape::Unreadable::NoRecords { .. } => RejectReason::NotARecord,
                _ => RejectReason::Malformed,
            };
            sink.reject(Reject { position, reason, detail: format!("after the log file's end: {unreadable}") });
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
        shape::each_record(document, shape, &mut |position, found| {
            let position = start + position;
            match found {
                shape::Found::Text(text) => self.text(position, text, sink),
                shape::Found::Value(value) => one_value(position, value, sink),
                shape::Found::Reject { reason, detail } => {
                    sink.reject(Reject { position, reason: reason.into(), detail });
                }
            }
        })?;
        Ok(shape)
    }

    /// Reads one record's text.
    pub fn text(&mut self, position: u64, text: &[u8], sink: &mut impl Sink) {
        let text = text.trim_ascii();
        let indexed = self.index.over(text);
        let mut fields = Fields::default();
        match scan::record(&indexed, 0, &mut self.sessions, &mut fields) {
            (verdict @ (Verdict::Kms | Verdict::Other), Some(end)) if end == text.len() => {
                one_scanned(position, verdict, &fields, &mut self.hour, sink);
            }
            _ => one_text(position, text, sink),
        }
    }
}

/// Reads a document that begins as a trail file, `{"Records":[`, counting its records in `position`. Returns where the
/// file's object ends; `None`, with nothing read, if it is no such file.
fn trail_file(
    doc: &Indexed<'_, '_>,
    sessions: &mut Sessions,
    hour: &mut KnownHour,
    position: &mut u64,
    sink: &mut impl Sink,
) -> Option<usize> {
    let mut at = skip_space(doc, 0);
    for token in [&b"{"[..], b"\"Records\"", b":", b"["] {
        if !doc.bytes()[at..].starts_with(token) {
            return None;
        }
        at = skip_space(doc, at + token.len());
    }
    let mut fields = Fields::default();
    while doc.byte(at) != b']' {
        let (end, verdict) = match doc.byte(at) {
            b'{' => {
                let (verdict, end) = scan::record(doc, at, sessions, &mut fields);
                (end, verdict)
            }
            _ => (scan::value_end(doc, at), Verdict::Odd),
        };
        let Some(end) = end else {
            sink.reject(Reject {
                position: *position,
                reason: RejectReason::Truncated,
                detail: format!("the file ends inside the record that begins at byte {at}"),
            });
            *position += 1;
            return Some(doc.bytes().len());
        };
        match verdict {
            // What goes on to the general reader is measured there.
            Verdict::Kms | Verdict::Other if end - at > RECORD_BYTES_MAX => sink.reject(too_large(*position, end - at)),
            Verdict::Odd => one_text(*position, &doc.bytes()[at..end], sink),
            _ => one_scanned(*position, verdict, &fields, hour, sink),
        }
        *position += 1;
        at = skip_space(doc, end);
        if doc.byte(at) == b',' {
            at = skip_space(doc, at + 1);
        }
    }
    if let Some(close) = doc.enclosing_close(at + 1) {
        return Some(close + 1);
    }
    let detail = "the file ends before its last bracket".to_owned();
    sink.reject(Reject { position: *position, reason: RejectReason::Truncated, detail });
    *position += 1;
    Some(doc.bytes().len())
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
        Verdict::Kms => one_kms(position, fields, hour, sink),
        Verdict::Other | Verdict::Odd => sink.passed_over(PassedOver::OtherService),
    }
}

fn one_kms(position: u64, fields: &Fields<'_>, hour: &mut KnownHour, sink: &mut impl Sink) {
    let result = match call::classify(fields, hour) {
        Ok(Classified::Request(call)) => sink.request(position, &call),
        Ok(Classified::NotARequest) => {
            sink.passed_over(PassedOver::NotARequest);
            Ok(())
        }
        Err(unreadable) => Err(unreadable),
    };
    if let Err((reason, detail)) = result {
        sink.reject(Reject { position, reason, detail });
    }
}

fn too_large(position: u64, bytes: usize) -> Reject {
    let detail = format!("{bytes} bytes, of {RECORD_BYTES_MAX} at most");
    Reject { position, reason: RejectReason::TooLarge, detail }
}

fn one_text(position: u64, text: &[u8], sink: &mut impl Sink) {
    if text.len() > RECORD_BYTES_MAX {
        return sink.reject(too_large(position, text.len()));
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
            sink.reject(Reject { position, reason, detail: error.to_string() });
        }
    }
}

fn one_value(position: u64, record: &Value, sink: &mut impl Sink) {
    let unreadable = |(reason, detail)| Reject { position, reason, detail };
    let fields = match value::fields(record) {
        Ok(fields) => fields,
        Err(error) => return sink.reject(unreadable(error)),
    };
    match facts::fact(record) {
        Ok(Some(fact)) => sink.fact(fact),
        Ok(None) => {}
        Err(error) => return sink.reject(unreadable(error)),
    }
    if call::is_kms(&fields) {
        one_kms(position, &fields, &mut KnownHour::default(), sink);
    } else {
        sink.passed_over(PassedOver::OtherService);
    }
}
