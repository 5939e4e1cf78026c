//! How long counts are kept: whole days are dropped. And how long what the watch found is.

use chrono::{DateTime, Utc};

use super::covered::kept_from_counter;
use super::error::StoreError;
use super::open::Store;
use super::segment::Kind;
use crate::series::CountKind;

/// Days that the alarms' history and incidents are kept: the same month of last year is there.
pub const WATCHING_DAYS: i64 = 400;

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
        let kinds = [
            (CountKind::Minutes, kept.minutes),
            (CountKind::Callers, kept.callers),
            (CountKind::Seconds, kept.seconds),
        ];
        let due: Vec<(CountKind, u32)> = kinds.into_iter().filter_map(|(kind, first)| Some((kind, first?))).collect();
        if due.is_empty() {
            return Ok(0);
        }
        self.step("drop old counts")?;
        let drop = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            let mut dropped = 0;
            for (kind, first) in due {
                let files = Kind::list(Kind::of_counts(kind));
                let query = format!("DELETE FROM segments WHERE kind IN ({files}) AND day < ?");
                let files_of_kind = transaction.execute(&query, [first])?;
                if files_of_kind > 0 {
                    // What was dropped stays dropped, if more is kept from now on too.
                    let note = "INSERT INTO counters VALUES (?, ?)
                                ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)";
                    transaction.execute(note, rusqlite::params![kept_from_counter(kind), first])?;
                }
                dropped += files_of_kind;
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

    /// Drops the alarms' history, and incidents that were over, from more than `WATCHING_DAYS` ago.
    pub fn expire_watching(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let before = now.timestamp() - WATCHING_DAYS * 86_400;
        let drop = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            transaction.execute("DELETE FROM alarm_history WHERE at < ?", [before])?;
            let over = "SELECT number FROM incidents WHERE resolved_at < ?";
            transaction.execute(&format!("DELETE FROM incident_series WHERE number IN ({over})"), [before])?;
            transaction.execute("DELETE FROM incidents WHERE resolved_at < ?", [before])?;
            transaction.commit()
        };
        drop(self).map_err(|source| self.catalog_error("drop old history", source))
    }
}
