//! The walk through a document, value by value.

use std::fmt;

use memchr::memchr_iter;

use super::cursor::{Cursor, Fault};
use super::found::{Found, Seen};
use super::lines;
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
    const fn in_item(self) -> Self {
        Self { level: self.level + 1, search: self.search, item: true }
    }

    pub(super) const fn searching(self) -> Self {
        Self { search: true, ..self }
    }

    pub(super) const fn is_deepest(self) -> bool {
        self.level >= Self::MAX_LEVEL
    }
}

/// What a list's items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    Values,
    LakeRows,
}

/// One walk through one document.
pub(super) struct Walker<'v> {
    document: &'v [u8],
    visit: &'v mut dyn FnMut(u64, Found<'_>),
    /// What was handed out so far, rejects too.
    pub(super) findings: u64,
    pub(super) inflater: Option<Inflater>,
    /// Where the value at hand begins in the document.
    here: usize,
    /// An offset and its line, from which the next line number is counted.
    counted: (usize, usize),
    /// Bytes that may be walked again after damage. It keeps a hostile document from costing the square of its size.
    patience: usize,
}

impl<'v> Walker<'v> {
    pub(super) fn new(document: &'v [u8], visit: &'v mut dyn FnMut(u64, Found<'_>)) -> Self {
        let patience = document.len().saturating_mul(4).saturating_add(1 << 20);
        Self { document, visit, findings: 0, inflater: None, here: 0, counted: (0, 1), patience }
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
                    let Some(next) = self.resume(fault, again, |from| lines::next_value(text, from)) else { break };
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
                match first {
                    Some(b'"') if !place.search => self.quoted(value, place),
                    _ => self.no_record(RejectReason::NotAnObject, value, place),
                }
                Ok(())
            }
        }
    }

    /// Walks a list.
    pub(super) fn list(&mut self, cursor: &mut Cursor<'_>, place: Place, items: Items) -> Result<(), Fault> {
        cursor.expect(b'[')?;
        self.items(cursor, place, items, None)
    }

    /// Walks the items of a list and its closing bracket. A damaged item costs itself, if another can be found after
    /// it, which begins like the one at `good`; what is wrong between two items costs neither. No item is handed out
    /// twice.
    fn items(
        &mut self,
        cursor: &mut Cursor<'_>,
        place: Place,
        items: Items,
        mut good: Option<usize>,
    ) -> Result<(), Fault> {
        while !cursor.eat(b']') {
            let (start, before) = (cursor.at, self.findings);
            self.mark(cursor);
            let item = match items {
                Items::Values => self.value(cursor, place.in_item()),
                Items::LakeRows => self.row(cursor, place.in_item()),
            };
            let again = match item {
                Ok(()) => cursor.at,
                Err(_) if self.findings == before => start + 1,
                Err(fault) => self.after_handed_out(cursor, fault),
            };
            let end = item.and_then(|()| {
                if cursor.eat(b',') || cursor.peek() == Some(b']') { Ok(()) } else { Err(cursor.fault()) }
            });
            match end {
                Ok(()) => good = Some(start),
                Err(fault) => {
                    self.report(fault);
                    let text = cursor.text;
                    let first_key = [good, Some(start)].into_iter().flatten().find_map(|at| lines::first_key(text, at));
                    let keys = [first_key.unwrap_or(lines::RECORDS_KEY), lines::RECORDS_KEY];
                    match self.resume(fault, again, |from| lines::next_item(text, keys, from)) {
                        Some(next) => cursor.at = next,
                        None => return Err(Fault { reported: true, ..fault }),
                    }
                }
            }
        }
        Ok(())
    }

    /// Where to look on after a faulty value, of which some was handed out: after the beginning of what came last.
    fn after_handed_out(&self, cursor: &Cursor<'_>, fault: Fault) -> usize {
        if std::ptr::eq(cursor.text, self.document) { self.here + 1 } else { fault.at }
    }

    /// Walks what is left of a trail file's list and what follows it.
    pub(super) fn rest_of_trail(&mut self, first: usize, mut cursor: Cursor<'_>) {
        let text = cursor.text;
        loop {
            if let Err(fault) = self.items(&mut cursor, Place::top(), Items::Values, Some(first)) {
                let Some(next) = self.resume(fault, fault.at, |from| lines::next_value(text, from)) else { return };
                cursor.at = next;
                break;
            }
            self.mark(&cursor);
            let (after_list, before) = (cursor.at, self.findings);
            let Err(fault) = self.rest_of_envelope(&mut cursor, Place::top()) else { break };
            let more = self.findings > before;
            self.report(fault);
            if fault.reason == RejectReason::Truncated {
                return;
            }
            if more {
                let Some(next) = self.resume(fault, fault.at, |from| lines::next_value(text, from)) else { return };
                cursor.at = next;
                break;
            }
            // That was a bracket too many, and the list goes on.
            cursor.at = self.resume(fault, after_list, Some).unwrap_or(fault.at);
            cursor.eat(b',');
        }
        self.stream(cursor);
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
    fn report(&mut self, fault: Fault) {
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

    /// Where to go on after a fault: at the next beginning at or after `again`, or if that would be walking the same
    /// bytes once too often, after the fault.
    fn resume(&mut self, fault: Fault, again: usize, next: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        let at = next(again)?;
        match self.patience.checked_sub(fault.at.saturating_sub(at)) {
            Some(left) => {
                self.patience = left;
                Some(at)
            }
            None => next(fault.at),
        }
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
