//! What the watch remembers: its memories, the alarms' history, incidents; and the messages that a round owes.
//!
//! Bodies are texts whose meaning the watch knows; this room keeps them.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::error::StoreError;
use super::open::Store;
use super::outbox::{self, NewMessage};
use super::schema::FORMAT_OF_WATCHING;
use crate::domain::Minute;

/// What one round of the watch decided. It is committed whole.
#[derive(Clone, Debug, Default)]
pub struct WatchRound {
    /// Memories by name; they replace those of the same name.
    pub memories: Vec<(String, Vec<u8>)>,
    /// Memories that are no longer needed.
    pub forgotten: Vec<String>,
    /// What to write into the history.
    pub history: Vec<HistoryItem>,
    /// Incidents that began, changed or ended.
    pub incidents: Vec<IncidentRow>,
    /// Messages owed.
    pub owed: Vec<NewMessage>,
}

/// An entry of the alarms' history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryItem {
    /// When, seconds since 1970.
    pub at: i64,
    /// The alarm's name.
    pub alarm: String,
    /// CloudWatch's HistoryItemType, such as `StateUpdate`.
    pub kind: String,
    /// In a sentence.
    pub summary: String,
    /// The details as JSON.
    pub data: String,
}

/// An incident as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// Its number.
    pub number: u64,
    /// When it began, seconds since 1970.
    pub onset: i64,
    /// When it ended.
    pub resolved_at: Option<i64>,
    /// All of it, as JSON.
    pub body: String,
    /// Its series.
    pub series: Vec<IncidentSeriesRow>,
}

/// A series of an incident as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentSeriesRow {
    /// The key.
    pub key_arn: String,
    /// The operation.
    pub operation: String,
    /// The metric.
    pub metric: String,
    /// When the series first strayed, seconds since 1970.
    pub onset: i64,
}

impl Store {
    /// Commits a round. On an error nothing of it is committed.
    pub fn commit_round(&mut self, round: &WatchRound, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.step("commit the round")?;
        let commit = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            write_memories(&transaction, round)?;
            write_history(&transaction, &round.history)?;
            write_incidents(&transaction, &round.incidents)?;
            outbox::owe(&transaction, &round.owed, now)?;
            transaction.commit()
        };
        commit(self).map_err(|source| self.catalog_error("commit the round", source))
    }

    /// What is remembered under a name.
    pub fn memory(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.watches()? {
            return Ok(None);
        }
        self.catalog
            .query_row("SELECT value FROM memories WHERE name = ?", [name], |row| row.get(0))
            .optional()
            .map_err(|source| self.catalog_error("read what is remembered", source))
    }

    /// All that is remembered under names with a prefix, sorted by name.
    pub fn memories(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        if !self.watches()? {
            return Ok(Vec::new());
        }
        let read = || -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
            self.catalog
                .prepare("SELECT name, value FROM memories WHERE substr(name, 1, ?1) = ?2 ORDER BY name")?
                .query_map(params![prefix.len() as i64, prefix], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        read().map_err(|source| self.catalog_error("read what is remembered", source))
    }

    /// The incidents that were not over at a second, newest first.
    pub fn incidents_since(&self, second: i64) -> Result<Vec<IncidentRow>, StoreError> {
        self.incidents("WHERE resolved_at IS NULL OR resolved_at >= ?1 ORDER BY onset DESC, number DESC", second)
    }

    /// The incident of a number.
    pub fn incident(&self, number: u64) -> Result<Option<IncidentRow>, StoreError> {
        Ok(self.incidents("WHERE number = ?1", number.cast_signed())?.pop())
    }

    fn incidents(&self, which: &str, argument: i64) -> Result<Vec<IncidentRow>, StoreError> {
        if !self.watches()? {
            return Ok(Vec::new());
        }
        let query = format!("SELECT number, onset, resolved_at, body FROM incidents {which}");
        let read = || -> rusqlite::Result<Vec<IncidentRow>> {
            let mut statement = self.catalog.prepare(&query)?;
            let rows = statement.query_map([argument], |row| {
                let number: i64 = row.get(0)?;
                Ok(IncidentRow {
                    number: number.cast_unsigned(),
                    onset: row.get(1)?,
                    resolved_at: row.get(2)?,
                    body: row.get(3)?,
                    series: Vec::new(),
                })
            })?;
            rows.collect()
        };
        read().map_err(|source| self.catalog_error("read the incidents", source))
    }

    /// How many incidents a series had from one second to another.
    pub fn incidents_of(&self, series: &IncidentSeriesRow, since: i64, until: i64) -> Result<u32, StoreError> {
        if !self.watches()? {
            return Ok(0);
        }
        let query = "SELECT count(*) FROM incident_series
                     WHERE key_arn = ? AND operation = ? AND metric = ? AND onset >= ? AND onset < ?";
        self.catalog
            .query_row(query, params![series.key_arn, series.operation, series.metric, since, until], |row| row.get(0))
            .map_err(|source| self.catalog_error("count the incidents", source))
    }

    /// How often an alarm went off from one second to another.
    pub fn alarms_of(&self, alarm: &str, since: i64, until: i64) -> Result<u32, StoreError> {
        if !self.watches()? {
            return Ok(0);
        }
        let query = "SELECT count(*) FROM alarm_history WHERE alarm = ? AND at >= ? AND at < ?
                     AND kind = 'StateUpdate' AND json_extract(data, '$.newState.stateValue') = 'ALARM'";
        self.catalog
            .query_row(query, params![alarm, since, until], |row| row.get(0))
            .map_err(|source| self.catalog_error("count the alarms", source))
    }

    /// The history of one alarm or all, newest first.
    pub fn alarm_history(
        &self,
        alarm: Option<&str>,
        since: i64,
        until: i64,
        limit: usize,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        if !self.watches()? {
            return Ok(Vec::new());
        }
        let read = || -> rusqlite::Result<Vec<HistoryItem>> {
            self.catalog
                .prepare(
                    "SELECT at, alarm, kind, summary, data FROM alarm_history
                     WHERE (?1 IS NULL OR alarm = ?1) AND at >= ?2 AND at < ?3 ORDER BY at DESC, id DESC LIMIT ?4",
                )?
                .query_map(params![alarm, since, until, limit as i64], history_item)?
                .collect()
        };
        read().map_err(|source| self.catalog_error("read the history", source))
    }

    /// What batches after one brought of minutes from `after` on: the first of these minutes; and the last batch.
    pub fn revised_since(&self, batch: i64, after: Minute) -> Result<(Option<Minute>, i64), StoreError> {
        let query = "SELECT min(minute_first) FILTER (WHERE minute_last >= ?2), coalesce(max(number), ?1)
                     FROM batches WHERE number > ?1";
        self.catalog
            .query_row(query, params![batch, after.0], |row| {
                Ok((row.get::<_, Option<u32>>(0)?.map(|first| Minute(first).max(after)), row.get(1)?))
            })
            .map_err(|source| self.catalog_error("read the batches", source))
    }

    /// Whether the store's format has room for a watch.
    pub(super) fn watches(&self) -> Result<bool, StoreError> {
        Ok(self.format()? >= FORMAT_OF_WATCHING)
    }
}

fn history_item(row: &Row<'_>) -> rusqlite::Result<HistoryItem> {
    Ok(HistoryItem { at: row.get(0)?, alarm: row.get(1)?, kind: row.get(2)?, summary: row.get(3)?, data: row.get(4)? })
}

fn write_memories(t: &Transaction<'_>, round: &WatchRound) -> rusqlite::Result<()> {
    let mut write = t.prepare("INSERT OR REPLACE INTO memories VALUES (?, ?)")?;
    for (name, value) in &round.memories {
        write.execute(params![name, value])?;
    }
    let mut forget = t.prepare("DELETE FROM memories WHERE name = ?")?;
    for name in &round.forgotten {
        forget.execute([name])?;
    }
    Ok(())
}

fn write_history(t: &Transaction<'_>, items: &[HistoryItem]) -> rusqlite::Result<()> {
    let mut insert = t.prepare("INSERT INTO alarm_history (at, alarm, kind, summary, data) VALUES (?, ?, ?, ?, ?)")?;
    for item in items {
        insert.execute(params![item.at, item.alarm, item.kind, item.summary, item.data])?;
    }
    Ok(())
}

fn write_incidents(t: &Transaction<'_>, incidents: &[IncidentRow]) -> rusqlite::Result<()> {
    let mut insert = t.prepare("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)")?;
    let mut clear = t.prepare("DELETE FROM incident_series WHERE number = ?")?;
    let mut series = t.prepare("INSERT OR IGNORE INTO incident_series VALUES (?, ?, ?, ?, ?)")?;
    for incident in incidents {
        let number = incident.number.cast_signed();
        insert.execute(params![number, incident.onset, incident.resolved_at, incident.body])?;
        clear.execute([number])?;
        for row in &incident.series {
            series.execute(params![number, row.key_arn, row.operation, row.metric, row.onset])?;
        }
    }
    Ok(())
}
