//! The walk through a document, value by value.

use std::fmt;

use memchr::memchr_iter;

use super::cursor::{Cursor, Fault};
use super::found::{Found, Seen};
use super::lake_csv;
use super::lines;
use super::list::Items;
use crate::cloudtrail::unpack::Inflater;
use crate::cloudtrail::{RECORD_BYTES_MAX, RejectReason};

/// Where in its envelopes a value stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    level: usize,
    /// Whether what is no record is passed over: records are searched for, not expected.
    pub(super) search: bool,
    /// Whether it is a list's item, so that a comma or the list's bracket must follow.
    pub(super) item: bool,
}

impl Place {
    /// Envelopes one inside the other that are opened. The deepest in use (CloudWatch Logs as Lambda gets it, with
    /// EventBridge events in it) has six.
    pub(super) const MAX_LEVEL: usize = 8;

    /// In the document itself.
    pub(super) const fn top() -> Self {
        Self { level: 0, search: false, item: false }
    }

    /// In a value that may have a record somewhere.
    pub(super) const fn search() -> Self {
        Self { level: 0, search: true, item: false }
    }

    pub(super) const fn deeper(self) -> Self {
        Self { level: self.level + 1, search: self.search, item: false }
    }

    /// In an item of a list here.
    pub(super) const fn in_item(self) -> Self {
        Self { level: self.level + 1, search: self.search, item: true }
    }

    pub(super) const fn searching(self) -> Self {
        Self { search: true, ..self }
    }

    pub(super) const fn is_deepest(self) -> bool {
        self.level >= Self::MAX_LEVEL
    }
}

/// One walk through one document.
pub(super) struct Walker<'v> {
    pub(super) document: &'v [u8],
    visit: &'v mut dyn FnMut(u64, Found<'_>),
    /// What was handed out so far, rejects too.
    pub(super) findings: u64,
    pub(super) inflater: Option<Inflater>,
    /// Where the value at hand begins in the document.
    pub(super) here: usize,
    /// An offset and its line, from which the next line number is counted.
    counted: (usize, usize),
    /// Bytes that may be walked again after damage. It keeps a hostile document from costing the square of its size.
    pub(super) patience: usize,
    /// Whether that was too much, so that items are looked at before they are walked.
    pub(super) careful: bool,
    /// Bytes that may be searched in vain for a list's next item, for the same reason.
    pub(super) vain_bytes: usize,
    /// Bytes that may be walked to tell whether to go on there after damage, for the same reason.
    pub(super) trial_bytes: usize,
}

impl<'v> Walker<'v> {
    pub(super) fn new(document: &'v [u8], visit: &'v mut dyn FnMut(u64, Found<'_>)) -> Self {
        let patience = document.len().saturating_mul(4).saturating_add(1 << 20);
        Self {
            document,
            visit,
            findings: 0,
            inflater: None,
            here: 0,
            counted: (0, 1),
            patience,
            careful: false,
            vain_bytes: patience,
            trial_bytes: patience,
        }
    }

    /// Walks values that follow each other.
    pub(super) fn stream(&mut self, mut cursor: Cursor<'_>) {
        let text = cursor.text;
        while cursor.peek().is_some() {
            self.here = cursor.at;
            if let Some((record, next)) = lines::whole_record(&cursor) {
                self.hand(Found::Text(record));
                cursor.at = next;
                continue;
            }
            if cursor.eat_mark() {
                continue;
            }
            if lake_csv::begins(&cursor) {
                match self.csv(&cursor) {
                    Some(next) => cursor.at = next,
                    None => break,
                }
                continue;
            }
            let (start, before) = (cursor.at, self.findings);
            // Without a time, the value begins here.
            let _ = lines::after_time(&mut cursor);
            match self.value(&mut cursor, Place::top()) {
                Ok(()) => {
                    cursor.eat(b',');
                }
                Err(fault) => {
                    let again = if self.findings == before { start + 1 } else { fault.at };
                    self.report(fault);
                    let Some(next) = self.resume(fault, again, |walker, from| walker.next_value(text, from)) else {
                        break;
                    };
                    cursor.at = next;
                }
            }
        }
    }

    /// Walks one value, which should be or hold records.
    pub(super) fn value(&mut self, cursor: &mut Cursor<'_>, place: Place) -> Result<(), Fault> {
        match cursor.peek() {
            Some(b'{') => self.object(cursor, place),
            Some(b'[') if !place.is_deepest() => self.list(cursor, place, Items::Values),
            first => {
                let start = cursor.at;
                cursor.skip()?;
                let value = &cursor.text[start..cursor.at];
                if first == Some(b'"') && place.item && lines::is_cut_text(value, cursor) {
                    return Err(cursor.fault());
                }
                match first {
                    Some(b'"') if !place.search => self.quoted(value, place),
                    _ => self.no_record(RejectReason::NotAnObject, value, place),
                }
                Ok(())
            }
        }
    }

    /// Walks a JSON text inside a JSON text: `quoted` has its quotes and escapes.
    pub(super) fn quoted(&mut self, quoted: &[u8], place: Place) {
        // An escape takes six bytes at most for one.
        if quoted.len() > 6 * RECORD_BYTES_MAX {
            return self.reject(RejectReason::TooLarge, quoted);
        }
        match serde_json::from_slice::<String>(quoted) {
            Ok(text) => self.inner(text.as_bytes(), place),
            Err(_) => self.no_record(unreadable_text(quoted), quoted, place),
        }
    }

    /// Walks a text of its own that should be one value.
    pub(super) fn inner(&mut self, text: &[u8], place: Place) {
        let mut cursor = Cursor::new(text);
        if place.is_deepest() {
            return self.no_record(RejectReason::NestedTooDeep, text, place);
        }
        if cursor.peek() != Some(b'{') {
            return self.no_record(RejectReason::NotAnObject, text, place);
        }
        match self.value(&mut cursor, place.deeper()) {
            Ok(()) if cursor.peek().is_some() => self.no_record(RejectReason::Malformed, &text[cursor.at..], place),
            Ok(()) | Err(Fault { reported: true, .. }) => {}
            Err(fault) => self.no_record(fault.reason, text, place),
        }
    }

    /// Sets aside what is no record where one is expected.
    fn no_record(&mut self, reason: RejectReason, text: &[u8], place: Place) {
        if !place.search {
            self.reject(reason, text);
        }
    }

    /// Hands out a record whose end is known.
    pub(super) fn record(&mut self, text: &[u8]) {
        if text.len() > RECORD_BYTES_MAX {
            self.reject(RejectReason::TooLarge, text);
        } else {
            self.hand(Found::Text(text));
        }
    }

    pub(super) fn hand(&mut self, found: Found<'_>) {
        let position = self.findings;
        self.findings += 1;
        (self.visit)(position, found);
    }

    pub(super) fn reject(&mut self, reason: RejectReason, text: &[u8]) {
        let line = self.line();
        self.set_aside(reason, format_args!("line {line}: {} bytes that begin with {}", text.len(), Seen(text)));
    }

    /// The same for what has no end that could be found.
    pub(super) fn report(&mut self, fault: Fault) {
        if !fault.reported {
            let line = self.line();
            let from = self.here.min(self.document.len());
            let (begins, at) = (Seen(&self.document[from..]), fault.at);
            match fault.reason {
                RejectReason::Truncated => {
                    self.set_aside(fault.reason, format_args!("line {line}: begins with {begins}, and has no end"));
                }
                _ => self.set_aside(
                    fault.reason,
                    format_args!("line {line}: begins with {begins}, goes wrong at byte {at}"),
                ),
            }
        }
    }

    fn set_aside(&mut self, reason: RejectReason, detail: fmt::Arguments<'_>) {
        self.hand(Found::Reject { reason, detail });
    }

    /// Notes where a value begins, if the cursor is in the document and not in a text inside it.
    pub(super) fn mark(&mut self, cursor: &Cursor<'_>) {
        if std::ptr::eq(cursor.text, self.document) {
            self.here = cursor.at;
        }
    }

    /// The line, from 1, of the value at hand.
    fn line(&mut self) -> usize {
        let (offset, line) = self.counted;
        let here = self.here.min(self.document.len());
        let lines = |from: usize, to: usize| memchr_iter(b'\n', &self.document[from..to]).count();
        let line = if offset <= here { line + lines(offset, here) } else { line - lines(here, offset) };
        self.counted = (here, line);
        line
    }
}

/// Why a quoted text can't be decoded.
fn unreadable_text(quoted: &[u8]) -> RejectReason {
    if std::str::from_utf8(quoted).is_ok() { RejectReason::Malformed } else { RejectReason::InvalidUtf8 }
}
