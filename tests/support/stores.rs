//! Stores in passing folders, filled and read through the library's own doors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeZone, Utc};
use keytide::domain::{Clock, MinuteRange, Outcome};
use keytide::ingest::{IngestOptions, IngestReport, Silent, ingest};
use keytide::series::export::{Format, UnattributedCalls, minutes, unattributed};
use keytide::series::{Counts, Days};
use keytide::store::{Store, StoreError};
use keytide::synth::{SynthOptions, generate};
use polars::prelude::DataFrame;

/// A folder that is removed with the value. In memory where the system has such a place: what is tested is the order of
/// writes, and a disk that obeys every sync makes a thousand small commits slow.
pub fn passing_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A clock that stands still at 2026-01-08T00:00:00Z, before counts by caller are rolled up to hours.
pub struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 8, 0, 0, 0).unwrap()
    }
}

/// Ingests paths into an open store.
pub fn ingest_into(store: &mut Store, options: &IngestOptions) -> Result<IngestReport, StoreError> {
    ingest(store, options, &Still, &Silent, &AtomicBool::new(false))
}

/// Ingests one path into the store in `dir`, with the default options.
pub fn ingest_path(dir: &Path, path: PathBuf) -> IngestReport {
    ingest_into(&mut Store::open_for_writing(dir).unwrap(), &IngestOptions::of(vec![path])).unwrap()
}

/// A synthetic trail's truth, and the store that the trail was ingested into.
pub struct Made {
    _folder: tempfile::TempDir,
    pub truth: PathBuf,
    pub store: PathBuf,
}

impl Made {
    /// Makes both in a passing folder; nothing of the trail may be set aside at the clock's time.
    pub fn of(options: &SynthOptions, clock: &dyn Clock) -> Self {
        let folder = passing_folder();
        let (out, store) = (folder.path().join("trail"), folder.path().join("store"));
        generate(options, &out, &mut |_| {}).unwrap();
        let mut opened = Store::open_for_writing(&store).unwrap();
        let from = IngestOptions::of(vec![out.join("AWSLogs")]);
        let report = ingest(&mut opened, &from, clock, &Silent, &AtomicBool::new(false)).unwrap();
        assert!(report.new_requests > 0 && report.rejects.is_empty(), "{:?}", report.rejects);
        Self { truth: out.join("truth"), store, _folder: folder }
    }
}

/// Everything that counts say of a store, in a form that is equal for equal counts, however they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `keytide export minutes`.
    pub minutes: String,
    /// `keytide export unattributed --all-outcomes`.
    pub unattributed: String,
    /// Calls by slot, caller and series (key, destination, operation); what adds up to nothing is left out.
    pub callers: BTreeMap<String, [i64; 5]>,
    /// Requests let in and throttled, by second and quota pool.
    pub seconds: BTreeMap<String, [i64; 2]>,
    /// The lifecycle facts by second and name.
    pub facts: Vec<String>,
}

impl Said {
    /// The lines that one of the two says and the other doesn't; none if they say the same.
    pub fn differences(&self, other: &Said) -> Vec<String> {
        let (ours, theirs) = (self.lines(), other.lines());
        let only = |mark: &'static str, in_: &BTreeSet<String>, not_in: &BTreeSet<String>| -> Vec<String> {
            in_.difference(not_in).map(|line| format!("{mark} {line}")).collect()
        };
        [only("-", &ours, &theirs), only("+", &theirs, &ours)].concat()
    }

    fn lines(&self) -> BTreeSet<String> {
        let texts = self.minutes.lines().chain(self.unattributed.lines()).map(str::to_owned);
        let callers = self.callers.iter().map(|(caller, calls)| format!("caller {caller} {calls:?}"));
        let seconds = self.seconds.iter().map(|(second, requests)| format!("second {second} {requests:?}"));
        let facts = self.facts.iter().enumerate().map(|(number, fact)| format!("fact {number} {fact}"));
        texts.chain(callers).chain(seconds).chain(facts).collect()
    }
}

/// What the store in `dir` says.
pub fn said_by(dir: &Path) -> Said {
    let store = Store::open_for_reading(dir).unwrap();
    let counts = store.counts();
    let (mut of_minutes, mut of_unattributed) = (Vec::new(), Vec::new());
    minutes(&counts, MinuteRange::ALL, Format::Csv, &mut of_minutes).unwrap();
    unattributed(&counts, MinuteRange::ALL, UnattributedCalls::All, Format::Csv, &mut of_unattributed).unwrap();
    let all = keytide::domain::Second(u32::MAX);
    let facts = store.facts(keytide::domain::Second(0), all).unwrap();
    let mut facts: Vec<String> =
        facts.iter().map(|fact| format!("{} {} {}", fact.second.0, fact.event_name, fact.key_arn)).collect();
    facts.sort();
    Said {
        minutes: String::from_utf8(of_minutes).unwrap(),
        unattributed: String::from_utf8(of_unattributed).unwrap(),
        callers: callers(&counts),
        seconds: seconds(&counts),
        facts,
    }
}

fn callers(counts: &dyn Counts) -> BTreeMap<String, [i64; 5]> {
    let series = texts(&counts.series().unwrap(), "series", &["key_arn", "destination_arn", "operation"]);
    let names = ["account", "principal", "service", "resource", "vpc_endpoint"];
    let callers = texts(&counts.caller_dictionary().unwrap(), "caller", &names);
    let mut sums: BTreeMap<String, [i64; 5]> = BTreeMap::new();
    for frame in frames(counts.callers(MinuteRange::ALL).unwrap()) {
        let column = |name: &str| integers(&frame, name);
        let (slots, caller_numbers, series_numbers) = (column("slot"), column("caller"), column("series"));
        let outcomes = Outcome::ALL.map(|outcome| column(outcome.column()));
        for row in 0..frame.height() {
            let (caller, of) = (&callers[&caller_numbers[row]], &series[&series_numbers[row]]);
            let sum = sums.entry(format!("{} {caller} {of}", slots[row])).or_default();
            for (sum, outcome) in sum.iter_mut().zip(&outcomes) {
                *sum += outcome[row];
            }
        }
    }
    sums.retain(|_, calls| calls.iter().any(|calls| *calls != 0));
    sums
}

fn seconds(counts: &dyn Counts) -> BTreeMap<String, [i64; 2]> {
    let pools = texts(&counts.pool_dictionary().unwrap(), "pool", &["account", "region", "name"]);
    let mut sums: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    for frame in frames(counts.seconds(MinuteRange::ALL).unwrap()) {
        let column = |name: &str| integers(&frame, name);
        let (seconds, pool_numbers) = (column("second"), column("pool"));
        let (requests, throttled) = (column("requests"), column("throttled"));
        for row in 0..frame.height() {
            let sum = sums.entry(format!("{} {}", seconds[row], pools[&pool_numbers[row]])).or_default();
            sum[0] += requests[row];
            sum[1] += throttled[row];
        }
    }
    sums
}

fn frames(days: Days<'_>) -> Vec<DataFrame> {
    days.map(|day| day.unwrap().collect().unwrap()).collect()
}

/// A dictionary: number to its texts, a space between.
fn texts(frame: &DataFrame, number: &str, columns: &[&str]) -> BTreeMap<i64, String> {
    let numbers = integers(frame, number);
    let columns: Vec<_> = columns.iter().map(|name| frame.column(name).unwrap().str().unwrap().clone()).collect();
    let row = |row: usize| columns.iter().map(|column| column.get(row).unwrap_or("")).collect::<Vec<_>>().join(" ");
    numbers.iter().enumerate().map(|(at, number)| (*number, row(at))).collect()
}

fn integers(frame: &DataFrame, name: &str) -> Vec<i64> {
    let column = frame.column(name).unwrap().cast(&polars::prelude::DataType::Int64).unwrap();
    column.i64().unwrap().iter().map(|value| value.unwrap()).collect()
}
