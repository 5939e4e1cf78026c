//! Ways to take a trail in, and whether two ways say the same.

use std::path::PathBuf;

use keytide::domain::Clock;
use keytide::domain::Second;
use keytide::ingest::IngestOptions;
use keytide::store::Store;

use super::stores::{Said, Still, ingest_into, passing_folder, said_by};

/// One ingest: these files in this order, so many requests a batch, so many threads, a part of time.
#[derive(Clone, Debug)]
pub struct Run {
    pub files: Vec<PathBuf>,
    pub batch_requests: usize,
    pub threads: usize,
    pub since: Option<u32>,
    pub until: Option<u32>,
}

impl Run {
    pub fn of(files: &[PathBuf]) -> Self {
        Self { files: files.to_vec(), batch_requests: usize::MAX, threads: 1, since: None, until: None }
    }
}

/// What a new store says after these runs.
pub fn after(runs: &[Run]) -> Said {
    let dir = passing_folder();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    for run in runs {
        let options = IngestOptions {
            paths: run.files.clone(),
            since: run.since.map(Second),
            until: run.until.map(Second),
            threads: run.threads,
            batch_requests: run.batch_requests,
        };
        ingest_into(&mut store, &options).unwrap();
    }
    let said = said_by(dir.path());
    store.compact(1, Still.now()).unwrap();
    assert_equal(&said_by(dir.path()), &said, "compacted");
    said
}

pub fn assert_equal(said: &Said, expected: &Said, what: &str) {
    assert!(said == expected, "{what}:\n{}", said.differences(expected).join("\n"));
}
