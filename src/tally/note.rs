//! Notes in the ledger: what was counted provisionally, so that it can be taken back to the call.
//!
//! A copy that names no key, or one of two, counts for what it names until a copy tells more. The copy that tells more
//! can't know what the other was counted as: names, second and caller may differ. So the ledger keeps that beside the
//! id, as an entry of the same size: its upper half follows from the id, its lower half is the note. Few requests have
//! one.

use super::profiles::Profile;
use super::row::{MARK_MASK, Mark, Row};
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

/// From the mark upwards: 22 bits of caller, 22 of series, 3 of outcome, 14 of second.
const NUMBER_BITS: u32 = 22;
const CALLER_AT: u32 = MARK_MASK.trailing_ones();
const SERIES_AT: u32 = CALLER_AT + NUMBER_BITS;
const OUTCOME_AT: u32 = SERIES_AT + NUMBER_BITS;
const SECOND_AT: u32 = OUTCOME_AT + 3;
/// Seconds are told by their place in such a span, of which the hour's middle is known.
const SPAN: u32 = 1 << (64 - SECOND_AT);

impl Note {
    /// What is counted of a row that doesn't tell all keys, and so has one series.
    pub(super) fn of(row: &Row, profile: &Profile) -> Self {
        let series = *profile.series.first().expect("a provisional request has a series");
        Self { second: row.second, outcome: row.outcome, series, caller: profile.caller }
    }

    /// The upper half of the notes beside an id.
    pub(super) const fn upper(hash: u128) -> u64 {
        ((hash >> 64) as u64).rotate_left(32)
    }

    /// The note beside an id. None if a number is too large for it: then what was counted stands for good.
    pub(super) fn beside(&self, hash: u128, mark: Mark) -> Option<u128> {
        if self.series >> NUMBER_BITS != 0 || self.caller >> NUMBER_BITS != 0 {
            return None;
        }
        let lower = u64::from(self.second.0 % SPAN) << SECOND_AT
            | (self.outcome as u64) << OUTCOME_AT
            | u64::from(self.series) << SERIES_AT
            | u64::from(self.caller) << CALLER_AT;
        Some(mark.on(u128::from(Self::upper(hash)) << 64 | u128::from(lower)))
    }

    /// Reads a note of an hour of the ledger.
    pub(super) fn read(id: u128, hour: u32) -> Option<(Self, Mark)> {
        let bits = |at: u32, count: u32| (id >> at) as u32 & ((1 << count) - 1);
        let first = hour * 3600 + 1800 - SPAN / 2;
        let second = first + bits(SECOND_AT, 64 - SECOND_AT).wrapping_sub(first) % SPAN;
        let note = Self {
            second: Second(second),
            outcome: *Outcome::ALL.get(bits(OUTCOME_AT, 3) as usize)?,
            series: bits(SERIES_AT, NUMBER_BITS),
            caller: bits(CALLER_AT, NUMBER_BITS),
        };
        Some((note, Mark::of_id(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_in_its_hour_and_next_door() {
        let hash = 0x0123_4567_89ab_cdef_u128 << 64 | 0xfedc_ba98_7654_3210;
        for second in [1_767_571_200, 1_767_571_200 + 1799, 1_767_571_200 + 3599] {
            for outcome in Outcome::ALL {
                let note = Note { second: Second(second), outcome, series: (1 << 22) - 1, caller: 7 };
                let id = note.beside(hash, Mark::STANDS_REDUCED).unwrap();
                assert_eq!((id >> 64) as u64, Note::upper(hash));
                for hour in [-1, 0, 1].map(|beside| Second(second).hour().saturating_add_signed(beside)) {
                    assert_eq!(Note::read(id, hour), Some((note, Mark::STANDS_REDUCED)));
                }
            }
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_not_noted() {
        let note = Note { second: Second(1_767_571_200), outcome: Outcome::Successful, series: 1 << 22, caller: 0 };
        assert_eq!(note.beside(8, Mark::STANDS), None);
    }
}
