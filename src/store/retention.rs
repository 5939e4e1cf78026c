//! How long counts are kept: whole days are dropped.

use super::error::StoreError;
use super::open::Store;
use super::segment::Kind;

/// The first UTC day since 1970 that is kept, by kind of counts; none: all days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptFrom {
    /// Counts by minute, with their roll-ups.
    pub minutes: Option<u32>,
    /// Counts by caller.
    pub callers: Option<u32>,
    /// Counts by second and quota pool.
    pub seconds: Option<u32>,
}

impl Store {
    /// Drops the counts of days that are not kept. What was read stays known: it is not counted again. How many files
    /// were dropped.
    pub fn expire_counts(&mut self, kept: &KeptFrom) -> Result<usize, StoreError> {
        let of_minutes = Kind::OF_MINUTES.into_iter().chain(Kind::ROLLUPS);
        let kinds = of_minutes.map(|kind| (kind, kept.minutes));
        let kinds = kinds.chain([(Kind::Callers, kept.callers), (Kind::Seconds, kept.seconds)]);
        let due: Vec<(Kind, u32)> = kinds.filter_map(|(kind, first)| Some((kind, first?))).collect();
        if due.is_empty() {
            return Ok(0);
        }
        self.step("drop old counts")?;
        let drop = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            let mut dropped = 0;
            for (kind, first) in due {
                let query = "DELETE FROM segments WHERE kind = ? AND day < ?";
                dropped += transaction.execute(query, rusqlite::params![kind.name(), first])?;
            }
            transaction.commit()?;
            Ok(dropped)
        };
        let dropped = drop(self).map_err(|source| self.catalog_error("drop old counts", source))?;
        if dropped > 0 {
            self.sweep()?;
        }
        Ok(dropped)
    }

    /// The number of the last batch that was committed, 0 before the first. It only grows.
    pub fn last_batch(&self) -> Result<i64, StoreError> {
        self.catalog
            .query_row("SELECT coalesce(max(number), 0) FROM batches", [], |row| row.get(0))
            .map_err(|source| self.catalog_error("read the last batch", source))
    }
}
