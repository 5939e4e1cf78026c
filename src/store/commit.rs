//! The commit of a batch: admitted, written, and named in one transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, PolarsError};
use rusqlite::{Transaction, params};

use super::catalog;
use super::error::StoreError;
use super::facts;
use super::ledger::{RunWriter, Source, merge, swallowed};
use super::lookup::LedgerView;
use super::objects::ObjectId;
use super::open::{LEDGER, SEGMENTS, Store, file_error, sync_folder};
use super::segment::{self, Kind, Written};
use crate::cloudtrail::{Fact, RejectReason};
use crate::domain::Minute;
use crate::tally::{Batch, Cells, ObjectCounts, Profiles, Rejects, add_up};

/// What one batch brings.
#[derive(Default)]
pub struct NewBatch {
    /// The requests.
    pub requests: Batch,
    /// The lifecycle facts.
    pub facts: Vec<Fact>,
    /// The objects they came from.
    pub objects: Vec<ObjectRecord>,
    /// The objects that could not be read.
    pub quarantined: Vec<Quarantined>,
    /// Names of objects that could not be read once and are no trouble any more.
    pub released: Vec<String>,
}

/// A consumed object.
#[derive(Clone, Debug)]
pub struct ObjectRecord {
    /// Its identity.
    pub id: ObjectId,
    /// Its name where it was met first.
    pub name: String,
    /// What it turned out to be.
    pub shape: &'static str,
    /// Its size as it lies there, in bytes.
    pub bytes: u64,
    /// Whether all of it was taken, none left out by a range.
    pub whole: bool,
    /// What it held.
    pub counts: ObjectCounts,
    /// Its records that were set aside.
    pub rejects: Rejects,
}

/// An object that could not be read.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// Its name.
    pub name: String,
    /// Why, as a code.
    pub reason: &'static str,
    /// Why, for people.
    pub detail: String,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Requests that count now.
    pub new_requests: u64,
    /// Requests that were copies of others.
    pub duplicates: u64,
    /// Lifecycle facts that were not known.
    pub new_facts: u64,
}

impl Store {
    /// Commits a batch. On an error nothing of it is committed, unless removing the ledger files that it replaced was
    /// what failed: they are litter then, for the next writer to sweep.
    pub fn commit(
        &mut self,
        batch: NewBatch,
        profiles: &Profiles,
        now: DateTime<Utc>,
    ) -> Result<Committed, StoreError> {
        let number = self.next_batch()?;
        let NewBatch { requests, facts: new_facts, objects, quarantined, released } = batch;
        let mut view = LedgerView::new(&self.catalog, &self.dir);
        let admitted = requests.admit(profiles, &mut view)?;
        drop(view);
        let cells = add_up(&admitted, profiles);
        let segments = self.write_cells(cells, number)?;
        let runs = self.write_ledger(&admitted.new_ids, number)?;
        for folder in [SEGMENTS, LEDGER] {
            sync_folder(&self.dir.join(folder))?;
        }
        self.step("commit the batch")?;
        let sizes = self.dictionary_sizes()?;
        let new = profiles.since(sizes[0], sizes[1], sizes[2]);
        let transaction = self.catalog.transaction();
        let names = |transaction: Transaction<'_>| -> rusqlite::Result<u64> {
            let minute_first = segments.iter().map(|segment| segment.minute_first).min();
            let minute_last = segments.iter().map(|segment| segment.minute_last).max();
            let batch = "INSERT INTO batches (number, committed_at, minute_first, minute_last) VALUES (?, ?, ?, ?)";
            transaction.execute(batch, params![number, now.timestamp(), minute_first, minute_last])?;
            catalog::insert(&transaction, &new, sizes)?;
            insert_segments(&transaction, &segments)?;
            insert_runs(&transaction, &runs, now)?;
            insert_objects(&transaction, &objects, number)?;
            release(&transaction, &released)?;
            insert_quarantined(&transaction, &quarantined, now)?;
            let new_facts = facts::insert(&transaction, &new_facts)?;
            count(&transaction, "duplicates", admitted.duplicates)?;
            transaction.commit()?;
            Ok(new_facts)
        };
        let named = transaction.and_then(names);
        let new_facts = named.map_err(|source| self.catalog_error("commit the batch", source))?;
        self.step("remove replaced ledger files")?;
        if !runs.replaced.is_empty() {
            self.sweep()?;
        }
        Ok(Committed { new_requests: admitted.rows.len() as u64, duplicates: admitted.duplicates, new_facts })
    }

    /// The number of the last batch that was committed, 0 before the first. It only grows.
    pub fn last_batch(&self) -> Result<i64, StoreError> {
        self.catalog
            .query_row("SELECT coalesce(max(number), 0) FROM batches", [], |row| row.get(0))
            .map_err(|source| self.catalog_error("read the last batch", source))
    }

    /// The number of the next batch.
    pub(super) fn next_batch(&self) -> Result<i64, StoreError> {
        Ok(self.last_batch()? + 1)
    }

    fn write_cells(&mut self, cells: Cells, batch: i64) -> Result<Vec<Written>, StoreError> {
        let mut written = Vec::new();
        for (kind, days) in [(Kind::Minutes, cells.minutes), (Kind::TakenBack, cells.taken_back)] {
            for (day, cells) in days {
                let range = bounds(&cells.minute, |minute| minute);
                written.push(self.write_segment(kind, day, batch, range, segment::minutes_frame(cells))?);
            }
        }
        for (day, cells) in cells.callers {
            let range = bounds(&cells.slot, |slot| slot * Minute::PER_SLOT);
            written.push(self.write_segment(Kind::Callers, day, batch, range, segment::callers_frame(cells))?);
        }
        for (day, cells) in cells.seconds {
            let range = bounds(&cells.second, |second| second / 60);
            written.push(self.write_segment(Kind::Seconds, day, batch, range, segment::seconds_frame(cells))?);
        }
        Ok(written)
    }

    /// Writes one segment's file.
    pub(super) fn write_segment(
        &mut self,
        kind: Kind,
        day: u32,
        batch: i64,
        (minute_first, minute_last): (u32, u32),
        frame: Result<DataFrame, PolarsError>,
    ) -> Result<Written, StoreError> {
        self.step("write a segment")?;
        let file = kind.file_name(day, batch);
        let mut frame =
            frame.map_err(|source| StoreError::Frame { action: format!("make the frame of {file}"), source })?;
        let rows = frame.height();
        let bytes = segment::write(&self.segment_path(&file), &mut frame)?;
        Ok(Written { kind, day, file, rows, bytes, minute_first, minute_last })
    }

    pub(super) fn segment_path(&self, file: &str) -> PathBuf {
        self.dir.join(SEGMENTS).join(file)
    }

    /// Writes the new ids, each hour's merged with the runs of about its size.
    fn write_ledger(&mut self, new_ids: &BTreeMap<u32, Vec<u128>>, batch: i64) -> Result<NewRuns, StoreError> {
        let mut runs = NewRuns { file: format!("{batch:08}.ids"), ..NewRuns::default() };
        if new_ids.is_empty() {
            return Ok(runs);
        }
        self.step("write the ledger")?;
        let path = self.dir.join(LEDGER).join(&runs.file);
        let failed = |source| file_error("write", &path, source);
        let mut out = RunWriter::create(&path).map_err(failed)?;
        let mut view = LedgerView::new(&self.catalog, &self.dir);
        for (&hour, ids) in new_ids {
            let mut stored = view.runs(hour)?;
            let sizes: Vec<u64> = stored.iter().map(|known| known.run.ids).collect();
            stored.truncate(swallowed(&sizes, ids.len() as u64));
            let mut sources: Vec<Source<'_>> = stored.iter().map(|known| Source::of_run(&known.run)).collect();
            let smaller = stored.iter().take_while(|known| known.run.ids < ids.len() as u64).count();
            sources.insert(smaller, Source::of_new(ids));
            runs.replaced.extend(stored.iter().map(|known| (hour, known.file.clone(), known.run.start)));
            out.begin_run(ids.len() as u64 + sizes[..stored.len()].iter().sum::<u64>()).map_err(failed)?;
            merge(sources, &mut out).map_err(failed)?;
            let (start, ids) = out.end_run().map_err(failed)?;
            runs.written.push((hour, start, ids));
        }
        out.finish().map_err(failed)?;
        Ok(runs)
    }
}

/// The first and the last minute of a column.
fn bounds(values: &[u32], minute: impl Fn(u32) -> u32) -> (u32, u32) {
    let (first, last) = (values.iter().min(), values.iter().max());
    (minute(first.copied().unwrap_or_default()), minute(last.copied().unwrap_or_default()))
}

/// A ledger file's runs, and the runs of other files that they replace.
#[derive(Default)]
struct NewRuns {
    file: String,
    written: Vec<(u32, u64, u64)>,
    replaced: Vec<(u32, String, u64)>,
}

/// Names segments.
pub(super) fn insert_segments(t: &Transaction<'_>, segments: &[Written]) -> rusqlite::Result<()> {
    let mut insert = t.prepare("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    for written in segments {
        insert.execute(params![
            written.file,
            written.kind.name(),
            written.day,
            written.rows as i64,
            written.bytes as i64,
            written.minute_first,
            written.minute_last
        ])?;
    }
    Ok(())
}

fn insert_runs(t: &Transaction<'_>, runs: &NewRuns, now: DateTime<Utc>) -> rusqlite::Result<()> {
    let mut delete = t.prepare("DELETE FROM ledger_runs WHERE hour = ? AND file = ? AND start = ?")?;
    for (hour, file, start) in &runs.replaced {
        delete.execute(params![hour, file, *start as i64])?;
    }
    let mut insert = t.prepare("INSERT INTO ledger_runs VALUES (?, ?, ?, ?)")?;
    let mut touch = t.prepare(
        "INSERT INTO ledger_hours VALUES (?, ?, 0) ON CONFLICT (hour) DO UPDATE SET last_new_at = excluded.last_new_at",
    )?;
    for &(hour, start, ids) in &runs.written {
        insert.execute(params![hour, runs.file, start as i64, ids as i64])?;
        touch.execute(params![hour, now.timestamp()])?;
    }
    Ok(())
}

fn insert_objects(t: &Transaction<'_>, objects: &[ObjectRecord], batch: i64) -> rusqlite::Result<()> {
    // Whole once is whole for good. One that was taken in part has other requests next time, or the same again, which
    // are copies then.
    let mut insert = t.prepare(
        "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity) DO UPDATE SET
         whole = max(whole, excluded.whole), records = excluded.records, requests = requests + excluded.requests,
         calls = calls + excluded.calls, rejects = excluded.rejects, batch = excluded.batch",
    )?;
    // What was set aside in an earlier reading is told anew, but for hours that this one may not have asked for.
    let mut forget = t.prepare("DELETE FROM rejects WHERE identity = ? AND reason <> ?")?;
    let any_rejects: bool = t.query_row("SELECT EXISTS (SELECT 1 FROM rejects)", [], |row| row.get(0))?;
    let mut reject = t.prepare("INSERT OR IGNORE INTO rejects VALUES (?, ?, ?, ?, ?)")?;
    // In the table's order: fewer of its pages are written then.
    let mut objects: Vec<&ObjectRecord> = objects.iter().collect();
    objects.sort_unstable_by_key(|object| object.id.bytes());
    for object in objects {
        let counts = &object.counts;
        insert.execute(params![
            object.id.bytes(),
            object.name,
            object.shape,
            object.bytes as i64,
            object.whole,
            counts.records() as i64,
            counts.requests as i64,
            counts.calls as i64,
            counts.rejects as i64,
            batch
        ])?;
        if any_rejects {
            forget.execute(params![object.id.bytes(), RejectReason::HourClosed.code()])?;
        }
        for found in &object.rejects.kept {
            let position = found.position as i64;
            reject.execute(params![object.id.bytes(), object.name, position, found.reason.code(), found.detail])?;
        }
    }
    Ok(())
}

fn release(t: &Transaction<'_>, names: &[String]) -> rusqlite::Result<()> {
    let mut release = t.prepare("DELETE FROM quarantine WHERE name = ?")?;
    for name in names {
        release.execute([name])?;
    }
    Ok(())
}

fn insert_quarantined(t: &Transaction<'_>, objects: &[Quarantined], now: DateTime<Utc>) -> rusqlite::Result<()> {
    let mut insert = t.prepare(
        "INSERT INTO quarantine VALUES (?1, ?2, ?3, 1, ?4, ?4) ON CONFLICT (name) DO UPDATE SET
         reason = excluded.reason, detail = excluded.detail, attempts = attempts + 1, last_at = excluded.last_at",
    )?;
    for object in objects {
        insert.execute(params![object.name, object.reason, object.detail, now.timestamp()])?;
    }
    Ok(())
}

fn count(t: &Transaction<'_>, name: &str, more: u64) -> rusqlite::Result<()> {
    t.execute(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        params![name, more as i64],
    )?;
    Ok(())
}
