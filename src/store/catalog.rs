//! The catalog's dictionaries: numbers for series, callers and quota pools.

use rusqlite::{Row, Transaction, params};

use super::error::StoreError;
use super::open::Store;
use super::rows::rows;
use crate::domain::{Caller, KeyArn, Operation, QuotaPool, SeriesKey, Unattributed};
use crate::tally::Dictionaries;

impl Store {
    /// The dictionaries as committed.
    pub fn dictionaries(&self) -> Result<Dictionaries, StoreError> {
        let read = || -> rusqlite::Result<Dictionaries> {
            Ok(Dictionaries {
                series: rows(
                    &self.catalog,
                    "SELECT key_arn, destination_arn, operation, account, region, reason FROM series ORDER BY id",
                    series_key,
                )?,
                callers: rows(
                    &self.catalog,
                    "SELECT account, principal, service, resource, vpc_endpoint FROM callers ORDER BY id",
                    |row| {
                        Ok(Caller {
                            account: row.get(0)?,
                            principal: row.get(1)?,
                            service: row.get(2)?,
                            resource: row.get(3)?,
                            vpc_endpoint: row.get(4)?,
                        })
                    },
                )?,
                pools: rows(&self.catalog, "SELECT account, region, name FROM pools ORDER BY id", |row| {
                    Ok(QuotaPool { account: row.get(0)?, region: row.get(1)?, name: row.get(2)? })
                })?,
            })
        };
        read().map_err(|source| self.catalog_error("read the dictionaries", source))
    }

    /// How many values the dictionaries have.
    pub(super) fn dictionary_sizes(&self) -> Result<[usize; 3], StoreError> {
        let count = |table: &str| {
            self.catalog.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        };
        let read = || Ok([count("series")? as usize, count("callers")? as usize, count("pools")? as usize]);
        read().map_err(|source| self.catalog_error("count the dictionaries", source))
    }
}

fn series_key(row: &Row<'_>) -> rusqlite::Result<SeriesKey> {
    let (key, destination, operation): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let reason: String = row.get(5)?;
    let operation = Operation::parse(&operation).ok_or_else(|| unknown(2, &operation))?;
    if !reason.is_empty() {
        return Ok(SeriesKey::Unattributed {
            account: row.get(3)?,
            region: row.get(4)?,
            key_ref: key,
            operation,
            reason: Unattributed::parse(&reason).ok_or_else(|| unknown(5, &reason))?,
        });
    }
    Ok(match operation {
        Operation::ReEncrypt => SeriesKey::ReEncrypt { source: key, destination },
        operation => SeriesKey::Key { key, operation },
    })
}

fn unknown(column: usize, found: &str) -> rusqlite::Error {
    let error = format!("`{found}` is unknown to this version");
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}

/// Adds new values, whose numbers begin at `first`.
pub(super) fn insert(transaction: &Transaction<'_>, new: &Dictionaries, first: [usize; 3]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    for (number, key) in (first[0] as i64..).zip(&new.series) {
        let stored = StoredSeries::of(key);
        insert.execute(params![
            number,
            stored.key_arn,
            stored.destination_arn,
            stored.operation.name(),
            stored.account,
            stored.region,
            stored.reason
        ])?;
    }
    let mut insert = transaction.prepare("INSERT INTO callers VALUES (?, ?, ?, ?, ?, ?)")?;
    for (number, caller) in (first[1] as i64..).zip(&new.callers) {
        let Caller { account, principal, service, resource, vpc_endpoint } = caller;
        insert.execute(params![number, account, principal, service, resource, vpc_endpoint])?;
    }
    let mut insert = transaction.prepare("INSERT INTO pools VALUES (?, ?, ?, ?)")?;
    for (number, pool) in (first[2] as i64..).zip(&new.pools) {
        insert.execute(params![number, pool.account, pool.region, pool.name])?;
    }
    Ok(())
}

/// A series key as columns.
struct StoredSeries<'k> {
    key_arn: &'k str,
    destination_arn: &'k str,
    operation: Operation,
    account: &'k str,
    region: &'k str,
    reason: &'static str,
}

impl<'k> StoredSeries<'k> {
    fn of(key: &'k SeriesKey) -> Self {
        let (key_arn, destination_arn, operation) = match key {
            SeriesKey::Key { key, operation } => (key.as_str(), "", *operation),
            SeriesKey::ReEncrypt { source, destination } => {
                (source.as_str(), destination.as_str(), Operation::ReEncrypt)
            }
            SeriesKey::Unattributed { account, region, key_ref, operation, reason } => {
                let (operation, reason) = (*operation, reason.reason());
                return Self { key_arn: key_ref, destination_arn: "", operation, account, region, reason };
            }
        };
        // Of a ReEncrypt the source's owner, or the destination's where the source is not known.
        let owner = KeyArn::parse(if key_arn.is_empty() { destination_arn } else { key_arn });
        let (account, region) = owner.map_or(("", ""), |owner| (owner.account(), owner.region()));
        Self { key_arn, destination_arn, operation, account, region, reason: "" }
    }
}
