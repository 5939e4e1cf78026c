//! What is done with the store: reading, evaluating, telling, keeping. One thing at a time, since one writer is all a
//! store has.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::files::{Files, Ready};
use super::folders::{Folders, Moment};
use super::health::{
    CONDITIONS, Condition, GIVEN_UP_SECONDS, KEY_PREFIX, QUARANTINE_SECONDS, health, is_known, notice,
};
use super::memory::Memory;
use super::parts::{Evaluate, RoundSummary, TaskError, Tell};
use super::shared::Shared;
use super::tasks::Task;
use super::told::Told;
use crate::config::{Config, Keep, SourceSettings};
use crate::domain::Minute;
use crate::ingest::{IngestOptions, IngestReport, Monitor, Progress, ingest, is_part_of};
use crate::store::{KeptFrom, SEGMENTS_MAX, Store, WatchRound};

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
    told: Told,
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
        let memory = Memory::read(store.dir(), store.last_batch()?, shared.now().timestamp());
        let paths = shared.config().sources.iter().map(|SourceSettings::Folder { path }| path.clone()).collect();
        let owed = store.outbox_depth()?;
        let mut known = shared.known();
        known.facts.last_data_at = memory.last_data_at;
        (known.facts.outbox_depth, known.facts.oldest_owed_at) = (owed.owed, owed.oldest_owed_at);
        drop(known);
        let folders = Folders::new(paths, Files::remembering(memory.seen));
        let started = Instant::now();
        let told = Told::read(&store, shared.now())?;
        let mut engine = Self { shared, stop, started, store, folders, evaluate, is_evaluated: true, tell, told };
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
            self.report();
        }
        Ok(())
    }

    /// What is due by the clock, as a part of the work of its own.
    fn report(&mut self) {
        let shared = Arc::clone(&self.shared);
        shared.tasks.attempt(Task::Report, shared.now(), || {
            let owed = self.evaluate.report(&mut self.store, shared.now())?;
            if owed > 0 {
                tracing::info!(owed, "reported");
            }
            Ok(())
        });
    }

    fn read_files(&mut self, files: &[Ready]) -> Result<(), TaskError> {
        let began = Instant::now();
        let mut options = IngestOptions::of(files.iter().map(|file| file.path.clone()).collect());
        // A batch is what a stop waits for.
        options.batch_requests = options.batch_requests.min(BATCH_REQUESTS);
        let watch = CommitWatch { shared: &self.shared, last: Mutex::new(Instant::now()) };
        let met = self.store.quarantined_names()?;
        let report = ingest(&mut self.store, &options, &*self.shared, &watch, &self.stop)?;
        if report.stopped {
            // Which files were read is not told; the store knows.
            self.note_report(&report, &met);
            return Ok(());
        }
        let unreadable: Vec<&str> = report.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        let is_unreadable = |path: &Path| {
            let name = path.display().to_string();
            unreadable.iter().any(|unreadable| is_part_of(unreadable, &name))
        };
        self.folders.files.took(files, self.started.elapsed(), is_unreadable);
        self.note_report(&report, &met);
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

    /// `met` are the objects that could not be read before either.
    fn note_report(&self, report: &IngestReport, met: &BTreeSet<String>) {
        let (metrics, progress) = (&self.shared.metrics, &report.progress);
        let rejects: u64 = report.rejects.values().sum();
        metrics.add_records("counted", report.new_requests);
        metrics.add_records("duplicate", report.duplicates);
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
        let new = report.quarantined.iter().filter(|(name, _)| !met.contains(name));
        metrics.add_objects("quarantined", new.count() as u64);
        if read > 0 {
            let now = self.shared.now().timestamp();
            self.shared.known().facts.last_data_at = Some(now);
        }
    }

    fn note_backlog(&self) {
        let (files, oldest) = self.folders.files.backlog();
        self.shared.metrics.files_waiting.set(files as i64);
        self.shared.known().waiting_since = oldest;
    }

    fn note_watermark(&mut self) -> Result<(), TaskError> {
        let watermark = self.store.watermark(Minute::nearest(self.shared.now().timestamp()))?;
        self.shared.known().watermark = watermark.map(Minute::first_second);
        Ok(())
    }

    /// A round of evaluation, as a part of the work of its own.
    pub(super) fn evaluate(&mut self) {
        let shared = Arc::clone(&self.shared);
        shared.tasks.attempt(Task::Evaluate, shared.now(), || {
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
            let mut known = shared.known();
            (known.facts.silent, known.facts.unwatched) = (Some(summary.silent), summary.unwatched);
            drop(known);
            let seconds = began.elapsed().as_secs_f64();
            let RoundSummary { series, periods, changes, owed, .. } = summary;
            if changes > 0 || owed > 0 {
                tracing::info!(series, periods, changes, owed, seconds, "evaluated");
            } else {
                tracing::debug!(series, periods, seconds, "evaluated");
            }
            Ok(())
        });
    }

    /// Looks whether all is well, and owes a notice of what began or is over.
    pub(super) fn check_health(&mut self) -> Result<(), TaskError> {
        let config = self.shared.config();
        let now = self.shared.now().timestamp();
        let failing = self.shared.tasks.failing();
        // That a message about this can't be delivered is no news of its own: it would be told for ever.
        let given_up = self.store.given_up(now - GIVEN_UP_SECONDS, KEY_PREFIX)?;
        let quarantined_at = self.store.quarantined_since(now - QUARANTINE_SECONDS)?;
        let mut known = self.shared.known();
        (known.facts.failing, known.facts.given_up) = (failing, given_up);
        known.facts.quarantined_at = quarantined_at;
        known.conditions = health(&known.facts, &config.health, now);
        let (conditions, facts) = (known.conditions.clone(), known.facts.clone());
        drop(known);
        for name in CONDITIONS {
            self.shared.metrics.set_condition(name, conditions.iter().any(|condition| condition.name == name));
        }
        for condition in &conditions {
            let id = condition.id();
            if !self.told.has(&id) {
                tracing::error!(condition = id, "{}", condition.text);
                self.tell_of(&id, Some(condition), now)?;
            }
        }
        let is_over = |id: &&str| conditions.iter().all(|condition| condition.id() != *id) && is_known(id, &facts);
        for id in self.told.ids().filter(is_over).map(str::to_owned).collect::<Vec<_>>() {
            tracing::info!(condition = id, "this is over");
            self.tell_of(&id, None, now)?;
        }
        Ok(())
    }

    /// Owes a notice of a condition that begins, or is over, and remembers that.
    fn tell_of(&mut self, id: &str, condition: Option<&Condition>, now: i64) -> Result<(), TaskError> {
        let mut told = self.told.clone();
        let key = if condition.is_some() { told.begin(id, now) } else { told.end(id, now) };
        let owed = self.tell.messages(&notice(key, id, condition, now))?;
        let round = WatchRound { memories: vec![told.memory()?], owed, ..WatchRound::default() };
        self.store.commit_round(&round, self.shared.now())?;
        self.told = told;
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
        self.store.expire_watching(now)?;
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
            seen: self.folders.files.memory().collect(),
        };
        memory.write(self.store.dir());
        Ok(())
    }

    /// Gives new settings to who evaluates and who tells.
    pub(super) fn reload(&mut self, config: &Config) -> Result<(), TaskError> {
        // Both are done before either may fail.
        let (told, evaluated) = (self.tell.reload(config), self.evaluate.reload(&mut self.store, config));
        evaluated.and(told)
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
            self.shared.tasks.progress(Task::Ingest);
        }
    }

    fn committed(&self, _progress: &Progress) {
        self.shared.metrics.commit_seconds.observe(self.lap().as_secs_f64());
        self.shared.tasks.progress(Task::Ingest);
    }
}

/// Requests a batch: some seconds of work at most.
const BATCH_REQUESTS: usize = 128 * 1024;
