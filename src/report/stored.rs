//! From when on counts are stored: what a report can be compared with, and what it says where it can't.

use chrono_tz::Tz;
use polars::prelude::PolarsResult;

use super::data::{Moment, StoredFrom};
use super::text;
use crate::domain::{Minute, MinuteRange};
use crate::series::{CountKind, Counts};

/// From when on counts are stored, by kind; none if nothing was ever read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    minutes: Option<Minute>,
    callers: Option<Minute>,
    seconds: Option<Minute>,
}

impl Stored {
    pub(super) fn read(counts: &dyn Counts) -> PolarsResult<Self> {
        Ok(Stored {
            minutes: counts.stored_from(CountKind::Minutes)?,
            callers: counts.stored_from(CountKind::Callers)?,
            seconds: counts.stored_from(CountKind::Seconds)?,
        })
    }

    pub(super) const fn from(&self, kind: CountKind) -> Option<Minute> {
        match kind {
            CountKind::Minutes => self.minutes,
            CountKind::Callers => self.callers,
            CountKind::Seconds => self.seconds,
        }
    }

    /// Whether counts of a kind are stored of a whole range, as far as its beginning goes.
    pub(super) fn holds(&self, kind: CountKind, range: MinuteRange) -> bool {
        self.from(kind).is_some_and(|from| from <= range.start)
    }

    /// The part of a range that counts of a kind are stored of; it is empty at the range's end if there is none.
    pub(super) fn part(&self, kind: CountKind, range: MinuteRange) -> MinuteRange {
        let from = self.from(kind).unwrap_or(range.end);
        MinuteRange { start: range.start.max(from.min(range.end)), ..range }
    }

    pub(super) fn moments(&self, zone: Tz) -> StoredFrom {
        let moment = |minute: Option<Minute>| minute.map(|minute| Moment { at: minute.first_second(), zone });
        StoredFrom { minutes: moment(self.minutes), callers: moment(self.callers), seconds: moment(self.seconds) }
    }

    /// What has to be known of a range (or of the one before, if it is compared with that) that isn't stored in full.
    pub(super) fn notes(&self, range: MinuteRange, previous: Option<MinuteRange>, zone: Tz) -> Vec<String> {
        const KINDS: [CountKind; 3] = [CountKind::Minutes, CountKind::Callers, CountKind::Seconds];
        let Some(all_from) = self.minutes else { return vec!["Nothing is stored yet.".to_owned()] };
        let asked = previous.unwrap_or(range);
        let cut: Vec<CountKind> = KINDS.into_iter().filter(|kind| !self.holds(*kind, asked)).collect();
        let all_cut = cut.len() == KINDS.len();
        let note = |kind: CountKind| {
            let from = self.from(kind)?;
            // It is told with the first of them.
            if all_cut && kind != CountKind::Minutes && from == all_from {
                return None;
            }
            let by = if all_cut && kind == CountKind::Minutes { "" } else { kind.name().trim_start_matches("counts") };
            let missing = match (previous, all_cut, kind) {
                (None, ..) => "",
                (_, true, CountKind::Minutes) => "; no comparison",
                (_, true, _) => "",
                (_, false, CountKind::Minutes) => "; no comparison of calls, keys and operations",
                (_, false, CountKind::Callers) => "; no comparison of callers and resources",
                (_, false, CountKind::Seconds) => "; no comparison of spend",
            };
            let from = text::moment(Moment { at: from.first_second(), zone });
            Some(format!("Counts{by} begin at {from}{missing}."))
        };
        cut.into_iter().filter_map(note).collect()
    }
}
