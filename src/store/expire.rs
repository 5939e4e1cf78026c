//! The ledger's retention: when an hour's ids are dropped.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::error::StoreError;
use super::open::Store;

/// How long after an hour's last new record its ids are kept. CloudTrail tries for 30 days to deliver to a bucket that
/// it can't reach.
pub const LEDGER_DAYS: i64 = 35;

impl Store {
    /// Drops the ids of hours that have had no new record for [`LEDGER_DAYS`], and closes these hours: their records in
    /// objects never seen are set aside from now on, since whether they were counted can't be told. How many hours.
    ///
    /// That can't be taken back, and a clock may be wrong for once: an hour less than [`LEDGER_DAYS`] before the newest
    /// that has a record stays open, so a feed that stopped keeps its ids. And ids are looked up in the hours beside,
    /// so an hour stays open as long as one beside it has new records.
    pub fn expire_ledger(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let last_new_at = (now - TimeDelta::days(LEDGER_DAYS)).timestamp();
        let expire = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            let due = "SELECT hour FROM ledger_hours AS due
                       WHERE closed = 0 AND last_new_at < ?1 AND hour + 1 <= (SELECT max(hour) FROM ledger_hours) - ?2
                         AND NOT EXISTS (SELECT 1 FROM ledger_hours AS beside
                                         WHERE beside.hour IN (due.hour - 1, due.hour + 1)
                                           AND beside.closed = 0 AND beside.last_new_at >= ?1)";
            let bounds = params![last_new_at, LEDGER_DAYS * 24];
            let close = format!("UPDATE ledger_hours SET closed = 1 WHERE hour IN ({due})");
            let closed = transaction.execute(&close, bounds)?;
            if closed > 0 {
                let drop = "DELETE FROM ledger_runs WHERE hour IN (SELECT hour FROM ledger_hours WHERE closed = 1)";
                transaction.execute(drop, [])?;
            }
            transaction.commit()?;
            Ok(closed)
        };
        let closed = expire(self).map_err(|source| self.catalog_error("close hours", source))?;
        if closed > 0 {
            self.sweep()?;
        }
        Ok(closed)
    }

    /// The closed hours since 1970, ascending.
    pub fn closed_hours(&self) -> Result<Vec<u32>, StoreError> {
        let query = "SELECT hour FROM ledger_hours WHERE closed = 1 ORDER BY hour";
        super::rows::rows(&self.catalog, query, |row| row.get(0))
            .map_err(|source| self.catalog_error("list closed hours", source))
    }
}
