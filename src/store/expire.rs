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
    pub fn expire_ledger(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let last_new_at = (now - TimeDelta::days(LEDGER_DAYS)).timestamp();
        let expire = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            let due = "SELECT hour FROM ledger_hours WHERE closed = 0 AND last_new_at < ?";
            transaction.execute(&format!("DELETE FROM ledger_runs WHERE hour IN ({due})"), params![last_new_at])?;
            let closed = transaction.execute(
                "UPDATE ledger_hours SET closed = 1 WHERE closed = 0 AND last_new_at < ?",
                params![last_new_at],
            )?;
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
        super::catalog::rows(&self.catalog, query, |row| row.get(0))
            .map_err(|source| self.catalog_error("list closed hours", source))
    }
}
