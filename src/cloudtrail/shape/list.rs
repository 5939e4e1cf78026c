//! The walk through a list, item by item, and on from a damaged one.

use super::alike::Alike;
use super::cursor::{Cursor, Fault};
use super::lines;
use super::walk::{Place, Walker};
use crate::cloudtrail::RejectReason;

/// What a list's items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    Values,
    LakeRows,
}

impl Walker<'_> {
    /// Walks a list.
    pub(super) fn list(&mut self, cursor: &mut Cursor<'_>, place: Place, items: Items) -> Result<(), Fault> {
        cursor.expect(b'[')?;
        self.items(cursor, place, items, None)
    }

    /// Walks a list that is an object's member.
    pub(super) fn member_list(&mut self, cursor: &mut Cursor<'_>, place: Place, items: Items) -> Result<(), Fault> {
        self.list(cursor, place, items)?;
        // Where an item follows instead of a key, that was a bracket too many, and the list goes on.
        while lines::item_follows(cursor, items) {
            self.report(Fault { reason: RejectReason::Malformed, at: cursor.at, reported: false });
            cursor.eat(b',');
            self.items(cursor, place, items, None)?;
        }
        Ok(())
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
                    let alike = Alike::of(cursor.text, items, good, start);
                    match self.next_item(cursor.text, &alike, fault, again) {
                        Some(next) => cursor.at = next,
                        None => return Err(Fault { reported: true, ..fault }),
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the walk through a list goes on after a fault, if there is such an item.
    fn next_item(&mut self, text: &[u8], alike: &Alike<'_>, fault: Fault, again: usize) -> Option<usize> {
        let left = self.vain_bytes.checked_sub(text.len().saturating_sub(again))?;
        let next = self.resume(fault, again, |from| alike.next(text, from));
        if next.is_none() {
            self.vain_bytes = left;
        }
        next
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
}
