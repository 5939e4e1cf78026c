//! The way in: from paths to committed counts.
//!
//! One thread walks the paths, several read, open and decode objects, one gathers what they found into batches and
//! commits them. This room composes `source`, `cloudtrail`, `tally` and `store` and adds nothing but the order of work;
//! it reports to a [`Monitor`] and never prints. Commands and tests come in through the same door.

mod ahead;
mod gather;
mod monitor;
mod reader;

pub use monitor::{Monitor, Progress, Silent};
pub use reader::is_part_of;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use chrono::TimeDelta;
use crossbeam_channel::{Sender, bounded};

use crate::domain::{Clock, Second};
use crate::source::{Walk, is_open_folder};
use crate::store::{Store, StoreError};
use crate::tally::{Profiles, Scope};
use gather::Gatherer;
use reader::{Job, Part, Reader};

/// What to ingest, and how.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    /// Files and folders; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Only requests from this second on.
    pub since: Option<Second>,
    /// Only requests before this second.
    pub until: Option<Second>,
    /// Threads that decode.
    pub threads: usize,
    /// Requests a batch.
    pub batch_requests: usize,
}

/// Requests a batch: a quarter of a million take some 20 MB on their way, and a commit is paid by all of them.
pub const BATCH_REQUESTS: usize = 256 * 1024;

impl IngestOptions {
    /// Everything under these paths, with every core.
    pub fn of(paths: Vec<PathBuf>) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { paths, since: None, until: None, threads, batch_requests: BATCH_REQUESTS }
    }
}

/// What an ingest did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// What was read.
    pub progress: Progress,
    /// Requests that count now and did not before.
    pub new_requests: u64,
    /// Requests that had been counted already.
    pub duplicates: u64,
    /// Lifecycle facts that were not known.
    pub new_facts: u64,
    /// Records set aside, by reason.
    pub rejects: std::collections::BTreeMap<&'static str, u64>,
    /// Objects that could not be read: name and reason.
    pub quarantined: Vec<(String, String)>,
    /// Batches committed.
    pub batches: u64,
    /// Whether it was asked to stop before the end.
    pub stopped: bool,
}

/// Ingests. On an error, what was committed before stays; the same call again goes on where it ended.
pub fn ingest(
    store: &mut Store,
    options: &IngestOptions,
    clock: &dyn Clock,
    monitor: &dyn Monitor,
    stop: &AtomicBool,
) -> Result<IngestReport, StoreError> {
    let now = clock.now();
    store.expire_ledger(now)?;
    let latest = u32::try_from((now + TimeDelta::days(1)).timestamp()).unwrap_or(u32::MAX);
    let scope = Scope {
        since: options.since.unwrap_or(Second(0)),
        until: options.until.unwrap_or(Second(u32::MAX)),
        not_after: Second(latest),
        closed_hours: store.closed_hours()?,
    };
    let profiles = Profiles::new(store.dictionaries()?);
    let dir = store.dir().to_owned();
    let quarantined = store.quarantined_names()?;
    let (jobs, job_queue) = bounded::<Vec<Job>>(options.threads * 2);
    let (taken, taken_queue) = ahead::queue::<Part>(ahead::AHEAD_BYTES_MAX);
    let failed = AtomicBool::new(false);
    let result = thread::scope(|scope_of_threads| {
        for _ in 0..options.threads.max(1) {
            let (job_queue, taken) = (job_queue.clone(), taken.clone());
            let (profiles, scope, dir, failed) = (&profiles, &scope, &dir, &failed);
            let quarantined = &quarantined;
            scope_of_threads.spawn(move || {
                let reader = Reader::open(dir, quarantined, profiles, scope);
                let end = reader.and_then(|mut reader| reader.work(&job_queue, &taken));
                if let Err(error) = end {
                    failed.store(true, Ordering::Relaxed);
                    // If nobody listens any more, another error ended the ingest first.
                    let _ = taken.send(Err(error), 0);
                }
            });
        }
        drop((job_queue, taken));
        let (failed, walk) = (&failed, options.paths.clone());
        scope_of_threads
            .spawn(move || feed(&walk, &jobs, || stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed)));
        let mut gatherer = Gatherer::new(store, options, &profiles, clock, monitor);
        gatherer.release(quarantined.iter().filter(|name| is_open_folder(Path::new(name))).cloned());
        let gathered = gather(gatherer, taken_queue);
        failed.fetch_or(gathered.is_err(), Ordering::Relaxed);
        gathered
    });
    let mut report = result?;
    report.stopped = stop.load(Ordering::Relaxed);
    store.compact(crate::store::SEGMENTS_MAX, clock.now())?;
    Ok(report)
}

/// Jobs handed over at a time: small files are read faster than threads wake each other up.
const JOBS_AT_ONCE: usize = 64;

/// Hands out what the paths hold.
fn feed(paths: &[PathBuf], jobs: &Sender<Vec<Job>>, ended: impl Fn() -> bool) {
    let found = paths.iter().flat_map(|path| -> Box<dyn Iterator<Item = Job>> {
        match path.as_os_str() == "-" {
            true => Box::new(std::iter::once(Job::StandardInput)),
            false => Box::new(Walk::new(std::slice::from_ref(path)).map(Job::of)),
        }
    });
    let mut at_once = Vec::with_capacity(JOBS_AT_ONCE);
    for job in found {
        at_once.push(job);
        if at_once.len() == JOBS_AT_ONCE && (ended() || jobs.send(std::mem::take(&mut at_once)).is_err()) {
            return;
        }
    }
    // If nobody listens any more, an error ended the ingest, and is told by whoever met it.
    let _ = jobs.send(at_once);
}

fn gather(mut gatherer: Gatherer<'_>, parts: ahead::Receiver<Part>) -> Result<IngestReport, StoreError> {
    for part in parts {
        for taken in part? {
            gatherer.add(taken)?;
        }
    }
    gatherer.finish()
}
