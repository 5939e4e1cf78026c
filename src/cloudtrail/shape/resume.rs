//! Where a walk goes on after damage.

use std::ops::Range;

use super::alike::{self, Alike};
use super::cursor::{Cursor, Fault};
use super::found::Found;
use super::lines;
use super::walk::{Place, Walker};
use crate::cloudtrail::RejectReason;

impl Walker<'_> {
    /// Where to go on after a fault: at the next beginning at or after `again`, or if that would be walking the same
    /// bytes once too often, after the fault.
    pub(super) fn resume(
        &mut self,
        fault: Fault,
        again: usize,
        next: impl Fn(&mut Self, usize) -> Option<usize>,
    ) -> Option<usize> {
        let at = next(self, again)?;
        match self.patience.checked_sub(fault.at.saturating_sub(at)) {
            Some(left) => {
                self.patience = left;
                Some(at)
            }
            None => next(self, fault.at),
        }
    }

    /// Where a value could begin at or after `from`, or before it an object that holds a record, as an item does of a
    /// list that can't be walked.
    pub(super) fn next_value(&mut self, text: &[u8], from: usize) -> Option<usize> {
        lines::stretches(text, from).find_map(|stretch| {
            let value = lines::next_value_in(text, stretch.clone());
            self.next_holder(text, stretch.start..value.unwrap_or(stretch.end)).or(value)
        })
    }

    /// Where an object that holds a record begins in a stretch of the text.
    fn next_holder(&mut self, text: &[u8], stretch: Range<usize>) -> Option<usize> {
        let mut from = stretch.start;
        while self.trial_bytes > 0
            && let Some(at) = alike::objects(text, from..stretch.end).next()
        {
            let mut end = Cursor { text, at };
            let is_whole = end.skip().is_ok();
            self.trial_bytes = self.trial_bytes.saturating_sub(end.at - at);
            if is_whole && holds_record(&text[at..end.at]) {
                return Some(at);
            }
            from = if is_whole { end.at } else { at + 1 };
        }
        None
    }

    /// Where the walk through a list goes on after a fault, if there is such an item. Once too many bytes were walked
    /// again, items are checked before they are walked.
    pub(super) fn next_item(&mut self, text: &[u8], alike: &Alike<'_>, fault: Fault, again: usize) -> Option<usize> {
        self.unless_vain(text, again, |walker| {
            let next = alike.next(text, again)?;
            match walker.patience.checked_sub(fault.at.saturating_sub(next)) {
                Some(left) => walker.patience = left,
                None if walker.careful => return alike.next(text, fault.at),
                None => walker.careful = true,
            }
            Some(next)
        })
    }

    /// Checks that the item at the cursor, if it begins like the others, has an end before the next that does.
    pub(super) fn check_item(cursor: &Cursor<'_>, alike: &Alike<'_>) -> Result<(), Fault> {
        const BEGINNING_BYTES: usize = 256;
        let Cursor { text, at } = *cursor;
        if alike.next(&text[..text.len().min(at + BEGINNING_BYTES)], at) != Some(at) {
            return Ok(());
        }
        let Some(next) = alike.next(text, at + 1) else { return Ok(()) };
        match (Cursor { text: &text[..next], at }).skip() {
            Err(fault) if fault.reason == RejectReason::Truncated => {
                Err(Fault { reason: RejectReason::Malformed, at: next, reported: false })
            }
            _ => Ok(()),
        }
    }

    /// Where the item after a list's first one begins, which is damaged.
    pub(super) fn second_item(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let follows_comma = |at: &usize| text[..*at].trim_ascii_end().ends_with(b",");
        self.unless_vain(text, from, |walker| walker.next_value(text, from).filter(follows_comma))
    }

    /// Where a list goes on after a bracket that did not end it, if that is before the next value.
    pub(super) fn item_after_list(&mut self, text: &[u8], alike: &Alike<'_>, from: usize) -> Option<usize> {
        let comes_first = |at: &usize| lines::next_value(&text[..*at], from).is_none();
        self.unless_vain(text, from, |_| alike.next(text, from).filter(comes_first))
    }

    /// What `search` finds in the text from a place on, if there are bytes left to be searched in vain.
    fn unless_vain(
        &mut self,
        text: &[u8],
        from: usize,
        search: impl FnOnce(&mut Self) -> Option<usize>,
    ) -> Option<usize> {
        let left = self.vain_bytes.checked_sub(text.len().saturating_sub(from))?;
        let found = search(self);
        if found.is_none() {
            self.vain_bytes = left;
        }
        found
    }
}

/// Whether a whole value is or holds what should be counted.
pub(super) fn holds_record(value: &[u8]) -> bool {
    let mut found = false;
    let mut visit = |_, finding: Found<'_>| {
        let is_damage =
            matches!(finding, Found::Reject { reason: RejectReason::Malformed | RejectReason::Truncated, .. });
        found |= !is_damage;
    };
    let walked = Walker::new(value, &mut visit).value(&mut Cursor::new(value), Place::search());
    walked.is_ok() && found
}
