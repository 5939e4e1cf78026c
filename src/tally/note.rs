//! Notes in the ledger: what was counted provisionally, so that it can be taken back to the call.
//!
//! A copy that names no key, or one of two, or that tells of its caller the account alone, counts for what it tells
//! until a copy tells more. The copy that tells more can't know what the other was counted as: names, second and
//! caller may differ. So the ledger keeps that, in entries of an id's size: the upper half follows from the request's
//! *anchor*, which is one of its ids, the lower half is the note. From the request's other ids a link leads to the
//! anchor, so that a copy that shares only one of them with what was counted finds all of it, and what a third took
//! back of it.

use smallvec::SmallVec;

use super::row::{MARK_MASK, Mark, Row};
use crate::cloudtrail::CallerDetail;
use crate::domain::{Outcome, Second};

/// A call counted in one series, for one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Note {
    /// When it completed.
    pub second: Second,
    /// How it ended.
    pub outcome: Outcome,
    /// The series.
    pub series: u32,
    /// The caller.
    pub caller: u32,
}

/// The notes of a row, one for each of its series.
pub(super) type Notes = SmallVec<[Note; 1]>;

/// From the mark upwards: 22 bits of caller, 22 of series, 3 of outcome, 14 of second.
const NUMBER_BITS: u32 = 22;
const CALLER_AT: u32 = MARK_BITS;
const SERIES_AT: u32 = CALLER_AT + NUMBER_BITS;
const OUTCOME_AT: u32 = SERIES_AT + NUMBER_BITS;
const SECOND_AT: u32 = OUTCOME_AT + 3;
const MARK_BITS: u32 = MARK_MASK.trailing_ones();
/// Seconds are told by their place in such a span, of which the hour's middle is known.
const SPAN: u32 = 1 << (64 - SECOND_AT);

/// The id of a request that its notes lie beside: the upper 61 bits of its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Anchor(u64);

impl Anchor {
    /// An id, as the anchor that it may be.
    pub fn of(hash: u128) -> Self {
        Self((hash >> 64) as u64 >> MARK_BITS)
    }

    /// The upper half of the entries beside it: no id's, and spread as evenly.
    pub fn upper(self) -> u64 {
        (self.0 << MARK_BITS).rotate_left(32)
    }

    /// An entry beside it.
    fn entry(self, lower: u64, mark: Mark) -> u128 {
        mark.on(u128::from(self.upper()) << 64 | u128::from(lower))
    }

    /// The entry that leads from here to another.
    pub fn link(self, to: Anchor) -> u128 {
        self.entry(to.0 << MARK_BITS, Mark::LINK)
    }
}

/// What an entry beside an anchor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// A count, and what became of it.
    Counted(Note, Standing),
    /// The request has its notes there.
    Link(Anchor),
}

/// What became of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It was taken back.
    TakenBack,
    /// It stands, and told so much of its caller: more is more. Whether it names a service is told by the note's
    /// caller.
    Stands(u8),
}

impl Standing {
    /// That of a row that counts.
    pub fn of(row: &Row) -> Self {
        let CallerDetail { reduced, context, .. } = CallerDetail::from_bits(row.caller_detail);
        Standing::Stands(u8::from(!reduced) << 1 | u8::from(context))
    }

    fn mark(self) -> Mark {
        match self {
            Standing::TakenBack => Mark::TAKEN_BACK,
            Standing::Stands(detail) => Mark::stands(detail),
        }
    }
}

impl Note {
    /// Whether it can be written: not if a number is too large.
    pub(super) fn fits(&self) -> bool {
        self.series >> NUMBER_BITS == 0 && self.caller >> NUMBER_BITS == 0
    }

    /// The entry beside an anchor; it must fit.
    pub(super) fn beside(&self, anchor: Anchor, standing: Standing) -> u128 {
        let lower = u64::from(self.second.0 % SPAN) << SECOND_AT
            | (self.outcome as u64) << OUTCOME_AT
            | u64::from(self.series) << SERIES_AT
            | u64::from(self.caller) << CALLER_AT;
        anchor.entry(lower, standing.mark())
    }
}

impl Beside {
    /// Reads an entry beside an anchor, of an hour of the ledger. None if it is nothing that Keytide writes.
    pub fn read(entry: u128, hour: u32) -> Option<Self> {
        let mark = Mark::of_id(entry);
        if mark == Mark::LINK {
            return Some(Beside::Link(Anchor(entry as u64 >> MARK_BITS)));
        }
        let standing = mark.standing().map_or(Standing::TakenBack, Standing::Stands);
        let bits = |at: u32, count: u32| (entry >> at) as u32 & ((1 << count) - 1);
        let first = hour * 3600 + 1800 - SPAN / 2;
        let second = first + bits(SECOND_AT, 64 - SECOND_AT).wrapping_sub(first) % SPAN;
        let note = Note {
            second: Second(second),
            outcome: *Outcome::ALL.get(bits(OUTCOME_AT, 3) as usize)?,
            series: bits(SERIES_AT, NUMBER_BITS),
            caller: bits(CALLER_AT, NUMBER_BITS),
        };
        Some(Beside::Counted(note, standing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANCHOR: Anchor = Anchor(0x0123_4567_89ab_cdef);

    #[test]
    fn a_note_is_read_as_it_was_written_in_its_hour_and_next_door() {
        for second in [1_767_571_200, 1_767_571_200 + 1799, 1_767_571_200 + 3599] {
            for (outcome, detail) in Outcome::ALL.into_iter().zip([0, 1, 2, 3].into_iter().cycle()) {
                let note = Note { second: Second(second), outcome, series: (1 << 22) - 1, caller: 7 };
                for standing in [Standing::TakenBack, Standing::Stands(detail)] {
                    let entry = note.beside(ANCHOR, standing);
                    assert_eq!((entry >> 64) as u64, ANCHOR.upper());
                    for hour in [-1, 0, 1].map(|beside| Second(second).hour().saturating_add_signed(beside)) {
                        assert_eq!(Beside::read(entry, hour), Some(Beside::Counted(note, standing)));
                    }
                }
            }
        }
    }

    #[test]
    fn a_link_leads_to_the_anchor_that_an_id_is() {
        let hash = 0xfedc_ba98_7654_3210_0123_4567_89ab_cde8;
        assert_eq!(Beside::read(ANCHOR.link(Anchor::of(hash)), 491_002), Some(Beside::Link(Anchor::of(hash))));
        assert_eq!(Anchor::of(hash).upper(), 0x7654_3210_fedc_ba98);
    }

    #[test]
    fn what_was_taken_back_is_the_later_of_two_entries_of_a_note() {
        let note = Note { second: Second(1_767_571_200), outcome: Outcome::Successful, series: 1, caller: 2 };
        for detail in 0..4 {
            let [stands, taken_back] = [Standing::Stands(detail), Standing::TakenBack]
                .map(|standing| Mark::of_id(note.beside(ANCHOR, standing)));
            assert_eq!(stands.later(taken_back), taken_back);
            assert_eq!(taken_back.later(stands), taken_back);
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_not_noted() {
        let note = Note { second: Second(1_767_571_200), outcome: Outcome::Successful, series: 1 << 22, caller: 0 };
        assert!(!note.fits());
    }
}
