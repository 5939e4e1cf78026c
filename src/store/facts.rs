//! Lifecycle facts, read back.

use crate::cloudtrail::Fact;
use crate::domain::Second;

use super::error::StoreError;
use super::open::Store;

impl Store {
    /// The facts of a half-open range of seconds, in the order of time, then of arrival.
    pub fn facts(&self, since: Second, until: Second) -> Result<Vec<Fact>, StoreError> {
        let query = format!(
            "SELECT second, coalesce(event_id, ''), coalesce(shared_event_id, ''), event_source, event_name, account,
             region, key_arn, alias, actor, error_code, details FROM lifecycle
             WHERE second >= {} AND second < {} ORDER BY second, id",
            since.0, until.0
        );
        super::catalog::rows(&self.catalog, &query, |row| {
            Ok(Fact {
                second: Second(row.get(0)?),
                event_id: row.get(1)?,
                shared_event_id: row.get(2)?,
                event_source: row.get(3)?,
                event_name: row.get(4)?,
                account: row.get(5)?,
                region: row.get(6)?,
                key_arn: row.get(7)?,
                alias: row.get(8)?,
                actor: row.get(9)?,
                error_code: row.get(10)?,
                details: row.get(11)?,
                session: None,
            })
        })
        .map_err(|source| self.catalog_error("read the lifecycle facts", source))
    }

    /// The alias that each key had at a second, by the key's ARN; of several the one set last.
    pub fn key_aliases(&self, second: i64) -> Result<Vec<(String, String)>, StoreError> {
        let query = format!(
            "SELECT key_arn, alias FROM (
                 SELECT key_arn, alias, since,
                        row_number() OVER (PARTITION BY account, region, alias ORDER BY since DESC) AS nth
                 FROM aliases WHERE since < {second})
             WHERE nth = 1 AND key_arn <> '' ORDER BY since"
        );
        super::catalog::rows(&self.catalog, &query, |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(|source| self.catalog_error("read the aliases", source))
    }
}
