//! Crashes at every step of a commit and of a compaction, in this process, from a seed.
//!
//! A probe stops the store at its n-th step, for every n until a run needs fewer steps. What a crash could leave half
//! written is left half written. Then the store is opened anew, the same trail ingested again, and everything it says
//! must be what a run without a crash says.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keytide::ingest::IngestOptions;
use keytide::store::{Probe, Store, StoreError};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::files;
use crate::support::oracle;
use crate::support::stores::{Said, Still, ingest_into, passing_folder, said_by};
use crate::support::trail::{AROUND_AN_HOUR, AROUND_MIDNIGHT, Plan, Trail};
use keytide::domain::Clock;

/// Lets so many steps pass, then crashes at each.
struct Crash {
    steps_left: usize,
    crashed: Arc<AtomicBool>,
    dir: PathBuf,
}

impl Probe for Crash {
    fn before(&mut self, step: &'static str) -> io::Result<()> {
        if self.steps_left > 0 {
            self.steps_left -= 1;
            return Ok(());
        }
        if !self.crashed.swap(true, Ordering::Relaxed) {
            tear(&self.dir);
        }
        Err(io::Error::other(format!("crashed before: {step}")))
    }
}

/// Cuts every file that no commit names in half, and leaves another that was just begun.
fn tear(dir: &Path) {
    for folder in ["segments", "ledger"] {
        let named = named_files(dir, folder);
        for name in files::names_in(&dir.join(folder)).iter().filter(|name| !named.contains(name)) {
            let path = dir.join(folder).join(name);
            let half = fs::metadata(&path).unwrap().len() / 2;
            fs::File::options().write(true).open(&path).unwrap().set_len(half).unwrap();
        }
        fs::write(dir.join(folder).join("begun"), "PAR1").unwrap();
    }
}

/// The files that the catalog names, sorted.
fn named_files(dir: &Path, folder: &str) -> Vec<String> {
    let catalog = rusqlite::Connection::open(dir.join("catalog.sqlite")).unwrap();
    let query = match folder {
        "segments" => "SELECT file FROM segments ORDER BY file",
        _ => "SELECT DISTINCT file FROM ledger_runs ORDER BY file",
    };
    let mut statement = catalog.prepare(query).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(|name| name.unwrap()).collect()
}

/// How a trail is taken in.
struct Way {
    files: Vec<PathBuf>,
    batch_requests: usize,
    /// Whether copies of a request are of several seconds: what is committed first decides then which of them counts.
    straddling: bool,
}

impl Way {
    /// What a store says, as far as a crash may change nothing of it.
    fn of_account(&self, said: Said) -> Said {
        if !self.straddling {
            return said;
        }
        let requests = said.seconds.into_values().reduce(|a, b| [a[0] + b[0], a[1] + b[1]]).unwrap_or_default();
        let minutes = format!("{:?}", oracle::totals(&said.minutes));
        Said { minutes, callers: BTreeMap::new(), seconds: [("all".to_owned(), requests)].into(), ..said }
    }
}

/// Opens, ingests and compacts, crashing after so many steps; whether it came to its end.
fn run(dir: &Path, way: &Way, steps: usize) -> bool {
    let crashed = Arc::new(AtomicBool::new(false));
    let probe = Crash { steps_left: steps, crashed: Arc::clone(&crashed), dir: dir.to_owned() };
    let end = Store::open_with_probe(dir, Box::new(probe)).and_then(|mut store| all(&mut store, way));
    match end {
        Ok(()) => assert!(!crashed.load(Ordering::Relaxed), "a crash was passed over"),
        Err(ref error) => assert!(crashed.load(Ordering::Relaxed), "no crash, but {error:?}"),
    }
    end.is_ok()
}

fn all(store: &mut Store, way: &Way) -> Result<(), StoreError> {
    let options =
        IngestOptions { batch_requests: way.batch_requests, threads: 1, ..IngestOptions::of(way.files.clone()) };
    ingest_into(store, &options)?;
    store.compact(1, Still.now()).map(|_| ())
}

fn assert_whole(dir: &Path, way: &Way, expected: &Said, what: &str) {
    let said = way.of_account(said_by(dir));
    assert!(said == *expected, "{what}:\n{}", said.differences(expected).join("\n"));
    for folder in ["segments", "ledger"] {
        assert_eq!(files::names_in(&dir.join(folder)), named_files(dir, folder), "{what}: litter in {folder}");
    }
}

/// A seed's trail, a way through it, and what it says without a crash.
fn without_crash(seed: u64, seconds: (u32, u32), straddling: bool) -> (tempfile::TempDir, Way, Said) {
    let folder = passing_folder();
    let trail = Trail::of(Plan { seed, requests: 24, objects: 3, seconds, straddling });
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut files = trail.write(folder.path());
    files.shuffle(&mut rng);
    let way = Way { files, batch_requests: rng.random_range(1..=12), straddling };
    let dir = passing_folder();
    assert!(run(dir.path(), &way, usize::MAX));
    let said = said_by(dir.path());
    let truth = oracle::count(trail.records());
    let of_truth = Said { minutes: truth.minutes, unattributed: truth.unattributed, ..said.clone() };
    let (said, of_truth) = (way.of_account(said), way.of_account(of_truth));
    assert!(said == of_truth, "seed {seed}:\n{}", said.differences(&of_truth).join("\n"));
    (folder, way, said)
}

#[test]
fn after_a_crash_at_any_step_the_same_ingest_ends_as_without() {
    let trails = [
        (0, AROUND_AN_HOUR, false),
        (1, AROUND_AN_HOUR, false),
        (2, AROUND_MIDNIGHT, false),
        (3, AROUND_MIDNIGHT, true),
    ];
    for (seed, seconds, straddling) in trails {
        let (_folder, way, expected) = without_crash(seed, seconds, straddling);
        let mut steps = 0;
        loop {
            let dir = passing_folder();
            let ended = run(dir.path(), &way, steps);
            // What is committed can be read before anything is mended.
            said_by(dir.path());
            assert!(run(dir.path(), &way, usize::MAX));
            assert_whole(dir.path(), &way, &expected, &format!("seed {seed}, crashed after {steps} steps"));
            if ended {
                break;
            }
            steps += 1;
        }
        assert!(steps >= 12, "seed {seed}: only {steps} steps were there to crash at");
    }
}

#[test]
fn crash_after_crash_it_still_comes_to_its_end() {
    for seed in 100..112 {
        let (_folder, way, expected) = without_crash(seed, AROUND_AN_HOUR, false);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let dir = passing_folder();
        let crashes: Vec<usize> = (0..rng.random_range(2..=8)).map(|_| rng.random_range(0..20)).collect();
        for &steps in &crashes {
            run(dir.path(), &way, steps);
        }
        assert!(run(dir.path(), &way, usize::MAX));
        assert_whole(dir.path(), &way, &expected, &format!("seed {seed}, crashed after {crashes:?} steps"));
    }
}
