//! The walk through a list, item by item, and on from a damaged one.

use super::alike::{self, Alike, Good};
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
        self.items(cursor, place, items, &mut Good::default())
    }

    /// Walks a list that is an object's member.
    pub(super) fn member_list(&mut self, cursor: &mut Cursor<'_>, place: Place, items: Items) -> Result<(), Fault> {
        let mut good = Good::default();
        cursor.expect(b'[')?;
        self.items(cursor, place, items, &mut good)?;
        // Where neither a key nor the object's end follows, that was a bracket too many, and the list goes on.
        while !lines::is_after_member(cursor) {
            let fault = Fault { reason: RejectReason::Malformed, at: cursor.at, reported: false };
            if !lines::eat_to_item(cursor, items) {
                let alike = Alike::of(cursor.text, items, &good, cursor.at);
                let Some(next) = self.item_after_list(cursor.text, &alike, cursor.at) else { return Err(fault) };
                cursor.at = next;
            }
            self.report(fault);
            self.items(cursor, place, items, &mut good)?;
        }
        Ok(())
    }

    /// Walks the items of a list and its closing bracket. A damaged item costs itself, if another can be found after
    /// it, which begins like a good one; what is wrong between two items costs neither. No item is handed out twice.
    fn items<'t>(
        &mut self,
        cursor: &mut Cursor<'t>,
        place: Place,
        items: Items,
        good: &mut Good<'t>,
    ) -> Result<(), Fault> {
        let text = cursor.text;
        while !cursor.eat(b']') {
            let (start, before) = (cursor.at, self.findings);
            self.mark(cursor);
            let careful = self.careful.then(|| Alike::of(text, items, good, start));
            let item = careful.map_or(Ok(()), |alike| Self::check_item(cursor, &alike)).and_then(|()| match items {
                Items::Values => self.value(cursor, place.in_item()),
                Items::LakeRows => self.row(cursor, place.in_item()),
            });
            let again = match item {
                Ok(()) => cursor.at,
                Err(_) if self.findings == before => start + 1,
                Err(fault) => self.after_handed_out(cursor, fault),
            };
            let end = item.and_then(|()| {
                if cursor.eat(b',') || cursor.peek() == Some(b']') { Ok(()) } else { Err(cursor.fault()) }
            });
            match end {
                Ok(()) => good.add(text, start),
                Err(fault) => {
                    self.report(fault);
                    let mut alike = Alike::of(text, items, good, start);
                    if let Alike::Objects(keys) = &mut alike
                        && good.is_none()
                        && let Some(second) = self.second_item(text, again)
                    {
                        keys.extend(alike::first_key(text, second));
                    }
                    match self.next_item(text, &alike, fault, again) {
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
        let mut good = Good::default();
        good.add(text, first);
        loop {
            if let Err(fault) = self.items(&mut cursor, Place::top(), Items::Values, &mut good) {
                let Some(next) = self.resume(fault, fault.at, |walker, from| walker.next_value(text, from)) else {
                    return;
                };
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
                let Some(next) = self.resume(fault, fault.at, |walker, from| walker.next_value(text, from)) else {
                    return;
                };
                cursor.at = next;
                break;
            }
            // That was a bracket too many, and the list goes on.
            cursor.at = self.resume(fault, after_list, |_, from| Some(from)).unwrap_or(fault.at);
            cursor.eat(b',');
        }
        self.stream(cursor);
    }
}
