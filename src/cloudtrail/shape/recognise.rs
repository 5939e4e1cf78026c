//! Telling a document's shape from its beginning.

use super::Unreadable;
use super::alike::Alike;
use super::cursor::Cursor;
use super::found::{Found, Seen};
use super::keys::{Key, Marks};
use super::lake_csv;
use super::lines;
use super::resume::holds_record;
use super::walk::{Place, Walker};

/// What a document is, by its first value that says so. What follows may be of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A trail's log file: `{"Records":[…]}`. `Records` may be null or empty, and needn't be the first member.
    Trail,
    /// A list of records: `[{…},{…}]`.
    List,
    /// One record alone.
    Record,
    /// Records one after the other, usually one a line.
    Lines,
    /// What LookupEvents answers: `{"Events":[{"CloudTrailEvent":"…"}]}`.
    LookupEvents,
    /// What CloudTrail Lake's GetQueryResults answers: `{"QueryResultRows":[[{"eventname":"…"},…],…]}`.
    LakeRows,
    /// CloudTrail Lake's query result as CSV.
    LakeCsv,
    /// EventBridge: `{"detail-type":"AWS API Call via CloudTrail","detail":{…}}`, one or many.
    EventBridge,
    /// A CloudWatch Logs subscription's payload, one or many (Firehose runs them together).
    LogsSubscription,
    /// The same as a Lambda function gets it: `{"awslogs":{"data":"…"}}`.
    LogsLambda,
    /// What CloudWatch Logs' FilterLogEvents and GetLogEvents answer: `{"events":[{"message":"…"}]}`.
    LogsEvents,
    /// CloudWatch Logs' export to S3, or `aws logs tail`: a time, a space, the record, a line.
    LogsExport,
    /// A digest file, or the sign file of a query's result in CloudTrail Lake: known, and without records.
    Digest,
    /// What CloudWatch Logs writes to a bucket, to see whether it may, before it exports: known, and without records.
    WriteTest,
    /// Records inside what another tool put around them.
    Wrapped,
    /// None of these.
    Unknown,
}

/// The content of the file `aws-logs-write-test`.
const WRITE_TEST: &[u8] = b"Permission Check Successful";

/// Tells what a document is. It reads as far as the first value that says so.
pub fn recognise(document: &[u8]) -> Shape {
    let text = lines::without_mark(document);
    if lake_csv::is_header(text.trim_ascii_start()) {
        return Shape::LakeCsv;
    }
    if text.trim_ascii() == WRITE_TEST {
        return Shape::WriteTest;
    }
    let mut visit = |_, _: Found<'_>| {};
    let mut walker = Walker::new(text, &mut visit);
    let mut cursor = Cursor::new(text);
    while cursor.peek().is_some() {
        if cursor.eat_mark() {
            continue;
        }
        let start = cursor.at;
        if let Some(shape) = of_value(&mut cursor, 0) {
            return match shape {
                Shape::Record if followed(text, start) => Shape::Lines,
                shape => shape,
            };
        }
        cursor.at = start;
        match cursor.skip() {
            // Its first item told nothing; another may.
            Ok(()) if text[start] == b'[' && holds_record(&text[start..cursor.at]) => return Shape::Wrapped,
            Ok(()) => {}
            Err(fault) => match walker.resume(fault, start + 1, |walker, from| walker.next_value(text, from)) {
                Some(next) => cursor.at = next,
                None => break,
            },
        }
        cursor.eat(b',');
    }
    // A list of texts of which the first has lost what would tell.
    let is_list = text.trim_ascii_start().starts_with(b"[");
    if is_list && Alike::Texts.next(text, 1).is_some() { Shape::List } else { Shape::Unknown }
}

/// What is wrong with a document of unknown shape.
pub(super) fn explain(document: &[u8]) -> Unreadable {
    let text = lines::without_mark(document);
    let mut cursor = Cursor::new(text);
    if cursor.peek().is_none() {
        return Unreadable::Empty;
    }
    if matches!(text, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..]) {
        return Unreadable::Utf16;
    }
    match cursor.skip() {
        Ok(()) => Unreadable::NoRecords { seen: Seen(text).to_string() },
        Err(_) => Unreadable::NotJson { seen: Seen(text).to_string() },
    }
}

/// What the value at the cursor is.
fn of_value(cursor: &mut Cursor<'_>, level: usize) -> Option<Shape> {
    match cursor.peek()? {
        b'{' => of_object(cursor),
        b'[' if level < Place::MAX_LEVEL => {
            cursor.at += 1;
            if cursor.peek()? == b']' {
                return Some(Shape::List);
            }
            match of_value(cursor, level + 1) {
                Some(Shape::Record | Shape::Lines) => Some(Shape::List),
                shape => shape,
            }
        }
        // A record as a text: what `--query 'Events[].CloudTrailEvent'` leaves.
        b'"' if holds_object(cursor) => Some(Shape::Lines),
        _ => lines::after_time(cursor).map(|_| Shape::LogsExport),
    }
}

fn of_object(cursor: &mut Cursor<'_>) -> Option<Shape> {
    let start = cursor.at;
    cursor.at += 1;
    let mut marks = Marks::default();
    if cursor.peek() != Some(b'}') {
        loop {
            let key = cursor.key().ok()?;
            match Key::of(key) {
                Some(Key::Records) => return Some(Shape::Trail),
                Some(Key::LookupEvents | Key::LookupEvent) => return Some(Shape::LookupEvents),
                Some(Key::LogsEvents) => return Some(Shape::LogsEvents),
                Some(Key::Message) if holds_object(cursor) => return Some(Shape::LogsEvents),
                Some(Key::SubscriptionEvents | Key::MessageType) => return Some(Shape::LogsSubscription),
                Some(Key::AwsLogs) => return Some(Shape::LogsLambda),
                Some(Key::Rows) => return Some(Shape::LakeRows),
                Some(Key::DetailType) => return Some(Shape::EventBridge),
                Some(Key::Digest) => return Some(Shape::Digest),
                Some(key) => marks.add(key),
                None => {}
            }
            if marks.complete() {
                return Some(Shape::Record);
            }
            cursor.skip().ok()?;
            if !cursor.eat(b',') {
                break;
            }
        }
    }
    cursor.expect(b'}').ok()?;
    holds_record(&cursor.text[start..cursor.at]).then_some(Shape::Wrapped)
}

/// Whether the value at the cursor is a text that begins like an object.
fn holds_object(cursor: &mut Cursor<'_>) -> bool {
    cursor.peek();
    cursor.text[cursor.at..].starts_with(b"\"{")
}

/// Whether something follows the value that begins at `start`.
fn followed(text: &[u8], start: usize) -> bool {
    let mut cursor = Cursor { text, at: start };
    match cursor.skip() {
        Ok(()) => cursor.peek().is_some(),
        Err(_) => lines::next_value(text, start + 1).is_some(),
    }
}
