//! What a store knows about itself.

use std::collections::BTreeSet;

use super::error::StoreError;
use super::open::{LEDGER, SEGMENTS, Store, file_error};
use crate::domain::{Minute, MinuteRange};

/// A store's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Log objects consumed.
    pub objects: u64,
    /// Of these, objects taken in part only, because a range was asked for.
    pub objects_in_part: u64,
    /// Their records of any kind.
    pub records: u64,
    /// Requests to KMS in them, duplicates included; those of an object that was taken in part, then again, each time.
    pub requests: u64,
    /// Cryptographic calls that use a key, counted the same way.
    pub calls: u64,
    /// Requests that were copies.
    pub duplicates: u64,
    /// Records set aside, by reason; those of an object beyond the kept ones as `not-listed`.
    pub rejects: Vec<(String, u64)>,
    /// Objects that can't be read.
    pub quarantined: Vec<QuarantineEntry>,
    /// Series of any kind.
    pub series: u64,
    /// Callers.
    pub callers: u64,
    /// Lifecycle facts.
    pub facts: u64,
    /// The minutes that have counts.
    pub covered: Option<MinuteRange>,
    /// Before this minute every log file should have arrived.
    pub watermark: Option<Minute>,
    /// Bytes of segments, ledger and catalog.
    pub bytes: u64,
    /// Hours whose event ids are dropped.
    pub closed_hours: u64,
}

/// An object that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// Its name.
    pub name: String,
    /// Why, as a code.
    pub reason: String,
    /// Why, for people.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u64,
}

/// A record that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectEntry {
    /// Its object's name.
    pub object: String,
    /// Its number in the object.
    pub position: u64,
    /// Why, as a code.
    pub reason: String,
    /// Why, for people.
    pub detail: String,
}

/// How far the watermark lies behind the newest minute, and behind the clock: CloudTrail delivers in five minutes on
/// average, and measured deliveries took ten at most.
pub const WATERMARK_MINUTES: u32 = 15;

impl Store {
    /// The store's figures, as of a time.
    pub fn status(&self, now: Minute) -> Result<Status, StoreError> {
        let mut status = self.counted().map_err(|source| self.catalog_error("read the status", source))?;
        status.covered = self.minutes_covered()?;
        status.watermark = self.watermark(now)?;
        status.bytes = self.bytes()?;
        Ok(status)
    }

    /// Up to which minute counts are taken as complete at a time; `None` where nothing is stored. A call that is dated
    /// ahead of the clock tells nothing of what has come: the watermark never lies nearer to the time than usual.
    pub fn watermark(&self, now: Minute) -> Result<Option<Minute>, StoreError> {
        let newest = self.minutes_covered()?.map(|covered| covered.end);
        Ok(newest.map(|newest| Minute(newest.min(now).0.saturating_sub(WATERMARK_MINUTES))))
    }

    fn counted(&self) -> rusqlite::Result<Status> {
        let number =
            |query: &str| self.catalog.query_row(query, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
        let rejects = "SELECT reason, count(*) FROM rejects GROUP BY reason ORDER BY 2 DESC, 1";
        let quarantine = "SELECT name, reason, detail, attempts FROM quarantine ORDER BY name";
        let mut rejects: Vec<(String, u64)> =
            super::rows::rows(&self.catalog, rejects, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
        let kept: u64 = rejects.iter().map(|(_, count)| count).sum();
        let met = number("SELECT coalesce(sum(rejects), 0) FROM objects")?;
        if met > kept {
            rejects.push(("not-listed".to_owned(), met - kept));
        }
        Ok(Status {
            objects: number("SELECT count(*) FROM objects")?,
            objects_in_part: number("SELECT count(*) FROM objects WHERE whole = 0")?,
            records: number("SELECT coalesce(sum(records), 0) FROM objects")?,
            requests: number("SELECT coalesce(sum(requests), 0) FROM objects")?,
            calls: number("SELECT coalesce(sum(calls), 0) FROM objects")?,
            duplicates: number("SELECT coalesce(sum(value), 0) FROM counters WHERE name = 'duplicates'")?,
            rejects,
            quarantined: super::rows::rows(&self.catalog, quarantine, |row| {
                Ok(QuarantineEntry {
                    name: row.get(0)?,
                    reason: row.get(1)?,
                    detail: row.get(2)?,
                    attempts: row.get::<_, i64>(3)?.cast_unsigned(),
                })
            })?,
            series: number("SELECT count(*) FROM series")?,
            callers: number("SELECT count(*) FROM callers")?,
            facts: number("SELECT count(*) FROM lifecycle")?,
            closed_hours: number("SELECT count(*) FROM ledger_hours WHERE closed = 1")?,
            ..Status::default()
        })
    }

    fn bytes(&self) -> Result<u64, StoreError> {
        let mut bytes = 0;
        for folder in [self.dir.clone(), self.dir.join(SEGMENTS), self.dir.join(LEDGER)] {
            let list = || -> std::io::Result<u64> {
                let mut bytes = 0;
                for entry in std::fs::read_dir(&folder)? {
                    // A file may vanish while a writer sweeps.
                    if let Ok(metadata) = entry?.metadata()
                        && metadata.is_file()
                    {
                        bytes += metadata.len();
                    }
                }
                Ok(bytes)
            };
            bytes += list().map_err(|source| file_error("list", &folder, source))?;
        }
        Ok(bytes)
    }

    /// The names of the objects that can't be read.
    pub fn quarantined_names(&self) -> Result<BTreeSet<String>, StoreError> {
        super::rows::rows(&self.catalog, "SELECT name FROM quarantine", |row| row.get(0))
            .map(|names| names.into_iter().collect())
            .map_err(|source| self.catalog_error("list the quarantine", source))
    }

    /// When the objects that can't be read were met first, of those that were after a second; seconds since 1970,
    /// ascending.
    pub fn quarantined_since(&self, second: i64) -> Result<Vec<i64>, StoreError> {
        let read = || -> rusqlite::Result<Vec<i64>> {
            self.catalog
                .prepare("SELECT first_at FROM quarantine WHERE first_at > ? ORDER BY first_at")?
                .query_map([second], |row| row.get(0))?
                .collect()
        };
        read().map_err(|source| self.catalog_error("list the quarantine", source))
    }

    /// Every record set aside, by object and position.
    pub fn rejects(&self) -> Result<Vec<RejectEntry>, StoreError> {
        let query = "SELECT name, position, reason, detail FROM rejects ORDER BY name, position";
        super::rows::rows(&self.catalog, query, |row| {
            Ok(RejectEntry {
                object: row.get(0)?,
                position: row.get::<_, i64>(1)?.cast_unsigned(),
                reason: row.get(2)?,
                detail: row.get(3)?,
            })
        })
        .map_err(|source| self.catalog_error("list the rejects", source))
    }
}
