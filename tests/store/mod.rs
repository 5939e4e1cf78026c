//! What a store of years is asked, with few open files, of days that are rolled up, with hours that are closed; and
//! what is read of a store while it is written.

mod by_hour;
mod closed_hours;
mod open_files;
mod snapshot;
mod taken_back;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use keytide::domain::Clock;
use keytide::ingest::{IngestOptions, IngestReport, Silent, ingest};
use keytide::store::Store;

use crate::support::files;
use crate::support::record::Record;

/// A clock that stands still.
struct At(DateTime<Utc>);

impl At {
    fn time(time: &str) -> Self {
        At(time.parse().unwrap())
    }
}

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// Ingests records as a file of their own into the store in `dir`, at a time.
fn take(dir: &Path, records: &[Record], time: &str) -> IngestReport {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<_> = records.iter().map(Record::value).collect();
    let path = files::write(folder.path(), "a.json", &files::log_file(&records));
    let options = IngestOptions { threads: 1, ..IngestOptions::of(vec![path]) };
    let mut store = Store::open_for_writing(dir).unwrap();
    ingest(&mut store, &options, &At::time(time), &Silent, &AtomicBool::new(false)).unwrap()
}
