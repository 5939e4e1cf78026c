//! What is done with the store: reading, evaluating, telling, keeping. One thing at a time, since one writer is all a
//! store has.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::files::{Files, Ready};
use super::folders::{Folders, Moment};
use super::health::{CONDITIONS, QUARANTINE_SECONDS, health, notice};
use super::memory::Memory;
use super::parts::{Evaluate, TaskError, Tell};
use super::shared::Shared;
use crate::config::{Config, Keep, SourceSettings};
use crate::ingest::{IngestOptions, IngestReport, Monitor, Progress, ingest};
use crate::store::{KeptFrom, SEGMENTS_MAX, Store, WATERMARK_MINUTES};

/// All that works on the store.
pub(super) struct Engine {
    shared: Arc<Shared>,
    /// Asks an ingest to end after the batch in hand.
    stop: Arc<AtomicBool>,
    started: Instant,
    store: Store,
    folders: Folders,
    evaluate: Box<dyn Evaluate>,
    /// Whether the last round of evaluation came to its end.
    is_evaluated: bool,
    tell: Box<dyn Tell>,
    /// The conditions that were told and are not over.
    told: Vec<String>,
}

/// Files that are read at a time: evaluation follows each time, and sees the trail in its order.
const FILES_AT_ONCE: usize = 20_000;
const BYTES_AT_ONCE: u64 = 1 << 30;

/// How much of a compaction is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tidy {
    /// Every day that lacks its roll-ups.
    All,
    /// Days in many files.
    Urgent,
}

impl Engine {
    /// Over the parts that work on the store. With an error of the store, if that can't be read.
    pub(super) fn new(
        store: Store,
        evaluate: Box<dyn Evaluate>,
        tell: Box<dyn Tell>,
        shared: Arc<Shared>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, TaskError> {
        let memory = Memory::read(store.dir(), store.last_batch()?);
        let paths = shared.config().sources.iter().map(|SourceSettings::Folder { path }| path.clone()).collect();
        shared.known().facts.last_data_at = memory.last_data_at;
        let folders = Folders::new(paths, Files::remembering(memory.seen));
        let started = Instant::now();
        let mut engine =
            Self { shared, stop, started, store, folders, evaluate, is_evaluated: true, tell, told: memory.told };
        engine.note_watermark()?;
        Ok(engine)
    }

    fn moment(&self) -> Moment {
        Moment { at: self.started.elapsed(), now: self.shared.now() }
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reads what has arrived, and evaluates after each part of it.
    pub(super) fn read(&mut self) -> Result<(), TaskError> {
        let config = self.shared.config();
        self.folders.look(self.moment(), config.daemon.rescan_every);
        self.shared.known().facts.folders_gone = self.folders.gone();
        let ready = self.folders.files.take_ready(self.started.elapsed(), config.daemon.settle_for);
        let mut rest = ready.as_slice();
        while !rest.is_empty() && !self.is_stopping() {
            let (files, later) = rest.split_at(at_once(rest));
            let read = self.read_files(files);
            if let Err(error) = read {
                self.folders.files.put_back(rest, self.started.elapsed());
                self.note_backlog();
                return Err(error);
            }
            rest = later;
            self.note_backlog();
            if !self.is_stopping() {
                self.evaluate();
            }
        }
        self.folders.files.put_back(rest, self.started.elapsed());
        self.note_backlog();
        if !self.is_stopping() {
            self.shared.known().first_round_done = true;
        }
        Ok(())
    }

    fn read_files(&mut self, files: &[Ready]) -> Result<(), TaskError> {
        let began = Instant::now();
        let mut options = IngestOptions::of(files.iter().map(|file| file.path.clone()).collect());
        // A batch is what a stop waits for.
        options.batch_requests = options.batch_requests.min(BATCH_REQUESTS);
        let watch = CommitWatch { shared: &self.shared, last: Mutex::new(Instant::now()) };
        let report = ingest(&mut self.store, &options, &*self.shared, &watch, &self.stop)?;
        if report.stopped {
            // Which files were read is not told; the store knows.
            self.note_report(&report);
            return Ok(());
        }
        let unreadable: Vec<&str> = report.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        // A part of an archive is named by it and its own name.
        let is_unreadable = |path: &Path| {
            let name = path.display().to_string();
            unreadable.iter().any(|unreadable| unreadable.starts_with(&name))
        };
        self.folders.files.took(files, self.started.elapsed(), is_unreadable);
        self.note_report(&report);
        self.note_watermark()?;
        let progress = &report.progress;
        tracing::info!(
            files = files.len(),
            known = progress.known_objects,
            quarantined = report.quarantined.len(),
            records = progress.records,
            requests = report.new_requests,
            duplicates = report.duplicates,
            set_aside = report.rejects.values().sum::<u64>(),
            commits = report.batches,
            seconds = began.elapsed().as_secs_f64(),
            "read"
        );
        Ok(())
    }

    fn note_report(&self, report: &IngestReport) {
        let (metrics, progress) = (&self.shared.metrics, &report.progress);
        let rejects: u64 = report.rejects.values().sum();
        metrics.add_records("counted", report.new_requests);
        metrics.add_records("copy", report.duplicates);
        metrics.add_records("set-aside", rejects);
        let others = progress.records.saturating_sub(report.new_requests + report.duplicates + rejects);
        metrics.add_records("other", others);
        for (reason, count) in &report.rejects {
            metrics.add_rejects(reason, *count);
        }
        let quarantined = report.quarantined.len() as u64;
        let read = progress.objects.saturating_sub(progress.known_objects + quarantined);
        metrics.add_objects("read", read);
        metrics.add_objects("known", progress.known_objects);
        metrics.add_objects("quarantined", quarantined);
        let now = self.shared.now().timestamp();
        let mut known = self.shared.known();
        if read > 0 {
            known.facts.last_data_at = Some(now);
        }
        known.facts.quarantined_at.retain(|at| now - at < QUARANTINE_SECONDS);
        known.facts.quarantined_at.extend(report.quarantined.iter().map(|_| now));
    }

    fn note_backlog(&self) {
        let (files, oldest) = self.folders.files.backlog();
        self.shared.metrics.files_waiting.set(files as i64);
        self.shared.known().waiting_since = oldest;
    }

    fn note_watermark(&mut self) -> Result<(), TaskError> {
        let covered = self.store.minutes_covered()?;
        let watermark = covered.map(|range| i64::from(range.end.0.saturating_sub(WATERMARK_MINUTES)) * 60);
        self.shared.known().watermark = watermark;
        Ok(())
    }

    /// A round of evaluation, as a part of the work of its own.
    pub(super) fn evaluate(&mut self) {
        let shared = Arc::clone(&self.shared);
        shared.tasks.attempt("evaluate", shared.now(), || {
            if !std::mem::replace(&mut self.is_evaluated, false) {
                self.evaluate.reopen(&mut self.store)?;
            }
            let began = Instant::now();
            let summary = self.evaluate.round(&mut self.store, shared.now())?;
            self.is_evaluated = true;
            let metrics = &shared.metrics;
            metrics.evaluation_seconds.observe(began.elapsed().as_secs_f64());
            metrics.series_watched.set(summary.series as i64);
            metrics.incidents_open.set(summary.incidents_open as i64);
            let seconds = began.elapsed().as_secs_f64();
            if summary.changes > 0 || summary.owed > 0 {
                tracing::info!(summary.series, summary.periods, summary.changes, summary.owed, seconds, "evaluated");
            } else {
                tracing::debug!(summary.series, summary.periods, seconds, "evaluated");
            }
            Ok(())
        });
    }

    /// Looks whether all is well, and owes a notice of what began or is over.
    pub(super) fn check_health(&mut self) -> Result<(), TaskError> {
        let config = self.shared.config();
        let now = self.shared.now().timestamp();
        let failing = self.shared.tasks.failing();
        let mut known = self.shared.known();
        known.facts.failing = failing;
        known.conditions = health(&known.facts, &config.health, now);
        let conditions = known.conditions.clone();
        drop(known);
        for name in CONDITIONS {
            let condition = conditions.iter().find(|condition| condition.name == name);
            self.shared.metrics.set_condition(name, condition.is_some());
            let is_told = self.told.iter().any(|told| told == name);
            if condition.is_some() == is_told {
                continue;
            }
            match condition {
                Some(condition) => tracing::error!(condition = name, "{}", condition.text),
                None => tracing::info!(condition = name, "this is over"),
            }
            self.tell.owe(&mut self.store, notice(name, condition, now))?;
            self.told.retain(|told| told != name);
            self.told.extend(condition.map(|_| name.to_owned()));
            self.remember()?;
        }
        Ok(())
    }

    /// Merges days, and drops what is past its time.
    pub(super) fn tidy(&mut self, tidy: Tidy) -> Result<(), TaskError> {
        let (config, now) = (self.shared.config(), self.shared.now());
        let segments_min = if tidy == Tidy::All { 1 } else { SEGMENTS_MAX };
        let compacted = self.store.compact(segments_min, now)?;
        let closed = self.store.expire_ledger(now)?;
        let today = u32::try_from(now.timestamp().div_euclid(86_400)).unwrap_or(0);
        let first = |keep: Keep| match keep {
            Keep::All => None,
            Keep::Days(days) => Some(today.saturating_sub(days)),
        };
        let daemon = &config.daemon;
        let kept = KeptFrom {
            minutes: first(daemon.keep_minutes),
            callers: first(daemon.keep_callers),
            seconds: first(daemon.keep_seconds),
        };
        let dropped = self.store.expire_counts(&kept)?;
        tracing::info!(days = compacted.days, replaced = compacted.files, closed_hours = closed, dropped, "compacted");
        self.remember()
    }

    /// Keeps what saves the next start work.
    pub(super) fn save(&mut self) -> Result<(), TaskError> {
        self.remember()?;
        match self.is_evaluated {
            true => self.evaluate.save(&mut self.store),
            // What is half done is worth nothing.
            false => Ok(()),
        }
    }

    fn remember(&self) -> Result<(), TaskError> {
        let memory = Memory {
            batch: self.store.last_batch()?,
            last_data_at: self.shared.known().facts.last_data_at,
            told: self.told.clone(),
            seen: self.folders.files.memory().collect(),
        };
        memory.write(self.store.dir());
        Ok(())
    }

    /// Gives new settings to the evaluation.
    pub(super) fn reload(&mut self, config: &Config) -> Result<(), TaskError> {
        self.evaluate.reload(&mut self.store, config)
    }

    /// Whether files wait to be read.
    pub(super) fn has_backlog(&self) -> bool {
        self.folders.files.backlog().0 > 0
    }

    /// The folders that are not there.
    pub(super) fn folders_gone(&self) -> Vec<std::path::PathBuf> {
        self.folders.gone().into_iter().map(|(path, _)| path).collect()
    }
}

/// How many of the files are read at once.
fn at_once(files: &[Ready]) -> usize {
    let mut bytes = 0;
    let fits = |file: &&Ready| {
        bytes += file.stamp.size;
        bytes <= BYTES_AT_ONCE
    };
    files.iter().take(FILES_AT_ONCE).take_while(fits).count().max(1)
}

/// Measures commits: what is between an object that filled a batch and the word that it is committed.
struct CommitWatch<'s> {
    shared: &'s Shared,
    last: Mutex<Instant>,
}

impl CommitWatch<'_> {
    fn lap(&self) -> Duration {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *last, Instant::now()).elapsed()
    }
}

impl Monitor for CommitWatch<'_> {
    fn progress(&self, progress: &Progress) {
        self.lap();
        if progress.objects.is_multiple_of(256) {
            self.shared.tasks.progress("ingest");
        }
    }

    fn committed(&self, _progress: &Progress) {
        self.shared.metrics.commit_seconds.observe(self.lap().as_secs_f64());
        self.shared.tasks.progress("ingest");
    }
}

/// Requests a batch: some seconds of work at most.
const BATCH_REQUESTS: usize = 128 * 1024;
