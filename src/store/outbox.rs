//! The outbox: messages owed, by a connection of its own, so that a long ingest doesn't hold up a page.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::error::StoreError;
use super::open::{CATALOG_FILE, Store};

/// Days that a delivered message is kept.
const KEPT_DAYS: i64 = 30;

/// Days that a message that was given up is kept.
const DEAD_KEPT_DAYS: i64 = 90;

/// A message to be owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The route that it goes.
    pub route: String,
    /// What repeats of it share.
    pub dedup_key: String,
    /// What to say, as JSON.
    pub notice: String,
}

/// A message that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedMessage {
    /// Its number.
    pub id: i64,
    /// The route that it goes.
    pub route: String,
    /// What to say, as JSON.
    pub notice: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it came to be owed, seconds since 1970.
    pub owed_at: i64,
}

/// A message that can't be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// The route that it should have gone.
    pub route: String,
    /// What repeats of it share.
    pub dedup_key: String,
    /// When it came to be owed, seconds since 1970.
    pub owed_at: i64,
    /// When it was given up, seconds since 1970.
    pub dead_at: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub error: String,
}

/// Messages that were given up lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// How many.
    pub messages: u64,
    /// When the first of them was, seconds since 1970.
    pub since: i64,
    /// The route of the last.
    pub route: String,
    /// Why the last was.
    pub error: String,
}

/// How full the outbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxDepth {
    /// Messages owed.
    pub owed: u64,
    /// Since when the oldest of them is, seconds since 1970.
    pub oldest_owed_at: Option<i64>,
    /// Messages given up.
    pub dead: u64,
}

/// The outbox of a store.
pub struct Outbox {
    catalog: Connection,
    path: PathBuf,
}

impl Outbox {
    /// Opens the outbox of the store in `dir`, which exists and is of this format.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CATALOG_FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let catalog = Connection::open_with_flags(&path, flags)?;
            catalog.busy_timeout(Duration::from_secs(30))?;
            catalog.pragma_update(None, "synchronous", "FULL")?;
            Ok(catalog)
        };
        match open() {
            Ok(catalog) => Ok(Self { catalog, path }),
            Err(source) => Err(StoreError::Catalog { action: "open the outbox", path, source }),
        }
    }

    /// The messages that are due, oldest first, at most `limit` of each route: one that can't deliver hides no other.
    /// What ends an episode waits for what began it, where that is to be tried again later. What was never tried is due
    /// whatever the clock says: it may have jumped back since.
    pub fn due(&mut self, now: DateTime<Utc>, limit: usize) -> Result<Vec<OwedMessage>, StoreError> {
        let query = "SELECT id, route, notice, attempts, owed_at FROM (
                 SELECT *, row_number() OVER (PARTITION BY route ORDER BY id) AS nth FROM outbox AS this
                 WHERE delivered_at IS NULL AND dead_at IS NULL AND (next_at <= ?1 OR attempts = 0) AND NOT EXISTS (
                     SELECT 1 FROM outbox AS earlier WHERE earlier.delivered_at IS NULL AND earlier.dead_at IS NULL
                     AND earlier.next_at > ?1 AND earlier.attempts > 0 AND earlier.route = this.route
                     AND earlier.dedup_key = this.dedup_key AND earlier.id < this.id))
             WHERE nth <= ?2 ORDER BY id";
        let read = || -> rusqlite::Result<Vec<OwedMessage>> {
            self.catalog
                .prepare_cached(query)?
                .query_map(params![now.timestamp(), limit as i64], |row| {
                    Ok(OwedMessage {
                        id: row.get(0)?,
                        route: row.get(1)?,
                        notice: row.get(2)?,
                        attempts: row.get(3)?,
                        owed_at: row.get(4)?,
                    })
                })?
                .collect()
        };
        read().map_err(|source| self.error("read the outbox", source))
    }

    /// Notes that a message arrived.
    pub fn delivered(&mut self, id: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
        let query = "UPDATE outbox SET delivered_at = ?2, attempts = attempts + 1, error = '' WHERE id = ?1";
        self.note(query, params![id, at.timestamp()])
    }

    /// Notes that a message could not be delivered, and is to be tried again.
    pub fn retry(&mut self, id: i64, at: DateTime<Utc>, error: &str) -> Result<(), StoreError> {
        let query = "UPDATE outbox SET next_at = ?2, attempts = attempts + 1, error = ?3 WHERE id = ?1";
        self.note(query, params![id, at.timestamp(), error])
    }

    /// Gives a message up.
    pub fn dead(&mut self, id: i64, at: DateTime<Utc>, error: &str) -> Result<(), StoreError> {
        let query = "UPDATE outbox SET dead_at = ?2, attempts = attempts + 1, error = ?3 WHERE id = ?1";
        self.note(query, params![id, at.timestamp(), error])
    }

    /// When messages of a route were delivered after a time, seconds since 1970, ascending.
    pub fn delivered_since(&mut self, route: &str, since: DateTime<Utc>) -> Result<Vec<i64>, StoreError> {
        let query = "SELECT delivered_at FROM outbox WHERE route = ?1 AND delivered_at > ?2 ORDER BY delivered_at";
        let read = || -> rusqlite::Result<Vec<i64>> {
            self.catalog
                .prepare_cached(query)?
                .query_map(params![route, since.timestamp()], |row| row.get(0))?
                .collect()
        };
        read().map_err(|source| self.error("read the outbox", source))
    }

    /// How full the outbox is.
    pub fn depth(&self) -> Result<OutboxDepth, StoreError> {
        depth(&self.catalog).map_err(|source| self.error("read the outbox", source))
    }

    /// Forgets messages that were delivered or given up long ago.
    pub fn expire(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let before = |days: i64| now.timestamp() - days * 86_400;
        let query = "DELETE FROM outbox WHERE delivered_at < ?1 OR dead_at < ?2";
        self.note(query, params![before(KEPT_DAYS), before(DEAD_KEPT_DAYS)])
    }

    fn note(&self, query: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        self.catalog.execute(query, values).map(|_| ()).map_err(|source| self.error("write into the outbox", source))
    }

    fn error(&self, action: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::Catalog { action, path: self.path.clone(), source }
    }
}

impl Store {
    /// What the newest message under a deduplication key says, as JSON, unless it is forgotten by now.
    pub fn last_message(&self, dedup_key: &str) -> Result<Option<String>, StoreError> {
        self.catalog
            .query_row("SELECT notice FROM outbox WHERE dedup_key = ? ORDER BY id DESC LIMIT 1", [dedup_key], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|source| self.catalog_error("read the outbox", source))
    }

    /// How full the outbox is.
    pub fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        if !self.watches()? {
            return Ok(OutboxDepth::default());
        }
        depth(&self.catalog).map_err(|source| self.catalog_error("read the outbox", source))
    }

    /// The messages that were given up after a second, but for those whose key begins with `except`.
    pub fn given_up(&self, since: i64, except: &str) -> Result<Option<GivenUp>, StoreError> {
        if !self.watches()? {
            return Ok(None);
        }
        let query = "SELECT count(*) OVER (), min(dead_at) OVER (), route, error FROM outbox
                     WHERE dead_at > ?1 AND substr(dedup_key, 1, ?2) <> ?3 ORDER BY dead_at DESC, id DESC LIMIT 1";
        self.catalog
            .query_row(query, params![since, except.len() as i64, except], |row| {
                let messages = row.get::<_, i64>(0)?.cast_unsigned();
                Ok(GivenUp { messages, since: row.get(1)?, route: row.get(2)?, error: row.get(3)? })
            })
            .optional()
            .map_err(|source| self.catalog_error("read the dead letters", source))
    }

    /// The messages that were given up, newest first.
    pub fn dead_letters(&self) -> Result<Vec<DeadLetter>, StoreError> {
        if !self.watches()? {
            return Ok(Vec::new());
        }
        let query = "SELECT id, route, dedup_key, owed_at, dead_at, attempts, error FROM outbox
                     WHERE dead_at IS NOT NULL ORDER BY id DESC";
        super::rows::rows(&self.catalog, query, |row| {
            Ok(DeadLetter {
                id: row.get(0)?,
                route: row.get(1)?,
                dedup_key: row.get(2)?,
                owed_at: row.get(3)?,
                dead_at: row.get(4)?,
                attempts: row.get(5)?,
                error: row.get(6)?,
            })
        })
        .map_err(|source| self.catalog_error("read the dead letters", source))
    }
}

fn depth(catalog: &Connection) -> rusqlite::Result<OutboxDepth> {
    let query = "SELECT count(*) FILTER (WHERE dead_at IS NULL), min(owed_at) FILTER (WHERE dead_at IS NULL),
                 count(dead_at) FROM outbox WHERE delivered_at IS NULL";
    catalog.query_row(query, [], |row| {
        Ok(OutboxDepth {
            owed: row.get::<_, i64>(0)?.cast_unsigned(),
            oldest_owed_at: row.get(1)?,
            dead: row.get::<_, i64>(2)?.cast_unsigned(),
        })
    })
}

/// Owes messages as a part of a transaction.
pub(super) fn owe(t: &Transaction<'_>, messages: &[NewMessage], now: DateTime<Utc>) -> rusqlite::Result<()> {
    let mut insert =
        t.prepare("INSERT INTO outbox (route, dedup_key, notice, owed_at, next_at) VALUES (?1, ?2, ?3, ?4, ?4)")?;
    for message in messages {
        insert.execute(params![message.route, message.dedup_key, message.notice, now.timestamp()])?;
    }
    Ok(())
}
