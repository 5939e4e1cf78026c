//! The watch over a store: what it keeps, through crashes, damage and late counts; what it pages for, against the
//! truth; what errors, silence and gaps are to it; configured alarms from records to messages.

mod backlog;
mod causes;
mod conditions;
mod errors;
mod gaps;
mod held;
mod kept;
mod late;
mod maintenance;
mod recounted;
mod replayed;
mod rounds;
mod routed;
mod savings;
mod silence;
mod silent_alarms;
mod storm;
mod straying;
mod switched_off;
mod truth;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeZone, Utc};
use keytide::domain::Clock;
use keytide::ingest::{IngestOptions, Silent, ingest};
use keytide::store::Store;
use keytide::synth::SynthOptions;
use keytide::watch::{Setup, WatchSettings};

/// A clock that stands still after the trail: what bears a time to come is set aside.
struct After;

impl Clock for After {
    fn now(&self) -> DateTime<Utc> {
        now()
    }
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 2, 1, 0, 0, 0).unwrap()
}

fn setup() -> Setup {
    let settings = WatchSettings { page_back_seconds: 60 * 86_400, ..WatchSettings::default() };
    Setup::silent(settings).with_routes(|_| vec!["hook".to_owned()])
}

/// The log files of a trail with the time of their delivery, as their names have it, in that order.
fn delivered(trail: &Path) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    let mut folders = vec![trail.join("AWSLogs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push((path.file_name().unwrap().to_str().unwrap().to_owned(), path)),
            }
        }
    }
    let mut files: Vec<(String, PathBuf)> =
        files.into_iter().map(|(name, path)| (name.split('_').nth(3).unwrap().to_owned(), path)).collect();
    files.sort();
    files
}

/// A trail of one Region's calls to KMS and nothing else, each log file once and in time.
fn calls_alone() -> SynthOptions {
    SynthOptions {
        regions: 1,
        kms_share: 1.0,
        lifecycle: false,
        digests: false,
        duplicate_share: 0.0,
        late_share: 0.0,
        ..SynthOptions::default()
    }
}

fn take(store: &mut Store, paths: Vec<PathBuf>) {
    assert!(!paths.is_empty());
    let report = ingest(store, &IngestOptions::of(paths), &After, &Silent, &AtomicBool::new(false)).unwrap();
    assert!(report.new_requests > 0 && report.rejects.is_empty(), "{:?}", report.rejects);
}

/// A time as records have it: minutes and seconds since 2026-01-05T00:00:00Z.
fn time_text(minute: u32, second: u32) -> String {
    let start = Utc.with_ymd_and_hms(2026, 1, 5, 0, 0, 0).unwrap();
    let time = start + chrono::TimeDelta::seconds(i64::from(minute) * 60 + i64::from(second));
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
