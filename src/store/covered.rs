//! From when on counts are stored, and up to when.

use rusqlite::{Params, params};

use super::error::StoreError;
use super::open::Store;
use crate::domain::{Minute, MinuteRange};
use crate::series::CountKind;

/// The counter that has the first day since 1970 that was kept when counts of a kind were dropped last.
pub(super) const fn kept_from_counter(kind: CountKind) -> &'static str {
    match kind {
        CountKind::Minutes => "minutes-kept-from",
        CountKind::Callers => "callers-kept-from",
        CountKind::Seconds => "seconds-kept-from",
    }
}

impl Store {
    /// The first and the last minute that has counts.
    pub fn minutes_covered(&self) -> Result<Option<MinuteRange>, StoreError> {
        self.covered_by("WHERE kind = 'minutes'", [])
    }

    /// The part of a range from the first minute to the last that has counts of any kind.
    pub(super) fn covered_by_any(&self, range: MinuteRange) -> Result<Option<MinuteRange>, StoreError> {
        let covered = self.covered_by("WHERE minute_last >= ? AND minute_first < ?", [range.start.0, range.end.0])?;
        Ok(covered
            .map(|covered| MinuteRange { start: covered.start.max(range.start), end: covered.end.min(range.end) }))
    }

    fn covered_by(&self, filter: &str, of: impl Params) -> Result<Option<MinuteRange>, StoreError> {
        let query = format!("SELECT min(minute_first), max(minute_last) FROM segments {filter}");
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let covered: (Option<u32>, Option<u32>) =
            self.catalog.query_row(&query, of, read).map_err(|source| self.catalog_error("read the range", source))?;
        Ok(match covered {
            (Some(first), Some(last)) => Some(MinuteRange { start: Minute(first), end: Minute(last + 1) }),
            _ => None,
        })
    }

    /// See [`crate::series::Counts::stored_from`]. What was dropped before the catalog took note of it is not known:
    /// the next day that is dropped tells.
    pub(super) fn stored_from(&self, kind: CountKind) -> Result<Option<Minute>, StoreError> {
        let query = "SELECT (SELECT min(hour) FROM ledger_hours), (SELECT min(minute_first) / 60 FROM segments),
                            (SELECT value FROM counters WHERE name = ?)";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (known, counted, kept): (Option<u32>, Option<u32>, Option<u32>) = self
            .catalog
            .query_row(query, params![kept_from_counter(kind)], read)
            .map_err(|source| self.catalog_error("read from when on counts are stored", source))?;
        // The ledger knows an hour for good, also when its ids and its counts are dropped. A record without an id is in
        // no hour of it, and one near an hour's edge is noted next door too.
        let began = match (known, counted) {
            (Some(known), Some(counted)) if counted > known + 1 => Some(known),
            (known, counted) => counted.or(known),
        };
        let kept = Minute(kept.unwrap_or(0).saturating_mul(Minute::PER_DAY));
        Ok(began.map(|hour| Minute(hour * Minute::PER_HOUR).max(kept)))
    }
}
