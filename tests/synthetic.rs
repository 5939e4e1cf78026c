//! A synthetic trail, all the way through: what the program says of it equals the truth that was made with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use keytide::domain::MinuteRange;
use keytide::series::{Counts, Days};
use keytide::store::Store;
use keytide::synth::{SynthOptions, generate};
use polars::prelude::{DataFrame, IntoLazy, UnionArgs, col, concat};

use crate::support::program::keytide_with;
use crate::support::stores::{Still, ingest_path, passing_folder};
use keytide::domain::Clock;

/// Two days and a bit, with copies, repeats, late records and every kind of key, in a fresh store.
struct Made {
    _folder: tempfile::TempDir,
    truth: PathBuf,
    store: PathBuf,
}

impl Made {
    fn with_seed(seed: u64) -> Self {
        let folder = passing_folder();
        let (out, store) = (folder.path().join("trail"), folder.path().join("store"));
        let options = SynthOptions {
            seed,
            seconds: 50 * 3600,
            rate: 0.25,
            keys: 20,
            duplicate_share: 0.03,
            late_share: 0.01,
            cross_account_share: 0.15,
            ..SynthOptions::default()
        };
        generate(&options, &out, &mut |_| {}).unwrap();
        ingest_path(&store, out.join("AWSLogs"));
        Made { truth: out.join("truth"), store, _folder: folder }
    }

    fn truth(&self, name: &str) -> String {
        fs::read_to_string(self.truth.join(name)).unwrap()
    }

    fn export(&self, what: &str) -> String {
        let ran = keytide_with(&self.store, &["export", what]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    }
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn assert_same_lines(said: &str, truth: &str, of: &str) {
    if said != truth {
        let differs = said.lines().zip(truth.lines()).find(|(said, truth)| said != truth);
        panic!(
            "{of}: {} lines said, {} true; first difference {differs:?}",
            said.lines().count(),
            truth.lines().count()
        );
    }
}

#[test]
fn minutes_and_calls_without_a_key_equal_the_truth_before_and_after_compaction() {
    for seed in [1, 2] {
        let made = Made::with_seed(seed);
        for compacted in [false, true] {
            if compacted {
                assert_eq!(keytide_with(&made.store, &["compact"]).code, Some(0));
            }
            assert_same_lines(&made.export("minutes"), &made.truth("minutes.csv"), "minutes");
            assert_same_lines(&made.export("unattributed"), &made.truth("unattributed.csv"), "unattributed");
        }
    }
}

fn all(days: Days<'_>, by: [&str; 2], sums: &[&str]) -> DataFrame {
    let sums: Vec<_> = sums.iter().map(|name| col(*name).sum()).collect();
    let frame = concat(days.map(Result::unwrap).collect::<Vec<_>>(), UnionArgs::default()).unwrap();
    frame.group_by(by.map(col)).agg(sums).collect().unwrap()
}

/// A numeric column as wide numbers.
fn numbers(frame: &DataFrame, name: &str) -> Vec<i64> {
    let column = frame.clone().lazy().select([col(name).cast(polars::prelude::DataType::Int64)]).collect().unwrap();
    column.column(name).unwrap().i64().unwrap().iter().map(|number| number.unwrap()).collect()
}

fn texts(frame: &DataFrame, name: &str) -> Vec<String> {
    frame.column(name).unwrap().str().unwrap().iter().map(|text| text.unwrap().to_owned()).collect()
}

const OUTCOMES: [&str; 5] = ["successful", "throttled", "denied", "failed", "dry_run"];

/// Calls by account, principal, resource, key and operation. The service is left out: the truth has it as written in
/// `invokedBy`, the store as the encryption context tells it.
fn callers_said(store: &Path) -> BTreeMap<String, Vec<i64>> {
    let store = Store::open_for_reading(store).unwrap();
    let counts = store.counts();
    let (series, callers) = (counts.series().unwrap(), counts.caller_dictionary().unwrap());
    let names = ["account", "principal", "resource"].map(|name| texts(&callers, name));
    let keys = ["key_arn", "destination_arn", "operation", "reason"].map(|name| texts(&series, name));
    let sums = all(counts.callers(MinuteRange::ALL).unwrap(), ["caller", "series"], &OUTCOMES);
    let columns = OUTCOMES.map(|name| numbers(&sums, name));
    let mut said: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (row, (caller, series)) in numbers(&sums, "caller").into_iter().zip(numbers(&sums, "series")).enumerate() {
        let [key, destination, operation, reason] = [0, 1, 2, 3].map(|column| keys[column][series as usize].clone());
        let mut of_keys = if reason.is_empty() { vec![key, destination] } else { vec![String::new()] };
        of_keys.retain(|key| !key.is_empty() || !reason.is_empty());
        of_keys.dedup();
        for key in of_keys {
            let [account, principal, resource] = [0, 1, 2].map(|column| &names[column][caller as usize]);
            let entry = said.entry(format!("{account} {principal} {resource} {key} {operation}")).or_insert(vec![0; 5]);
            for (sum, column) in entry.iter_mut().zip(&columns) {
                *sum += column[row];
            }
        }
    }
    said.retain(|_, calls| calls.iter().any(|&calls| calls != 0));
    said
}

#[test]
fn callers_equal_the_truth_whichever_copy_came_first() {
    let made = Made::with_seed(3);
    let mut truth: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in rows(&made.truth("callers.csv")) {
        let name = format!("{} {} {} {} {}", row[0], row[1], row[3], row[4], row[5]);
        let calls = truth.entry(name).or_insert(vec![0; 5]);
        for (sum, number) in calls.iter_mut().zip(&row[6..]) {
            *sum += number.parse::<i64>().unwrap();
        }
    }
    let said = callers_said(&made.store);
    let wrong: Vec<_> = truth.iter().filter(|(name, calls)| said.get(*name) != Some(calls)).take(5).collect();
    assert_eq!((said.len(), wrong), (truth.len(), vec![]));
}

#[test]
fn each_pools_requests_and_busiest_second_equal_the_truth() {
    let made = Made::with_seed(4);
    let store = Store::open_for_reading(&made.store).unwrap();
    let counts = store.counts();
    let pools = counts.pool_dictionary().unwrap();
    let names = ["account", "region", "name"].map(|name| texts(&pools, name));
    let sums = all(counts.seconds(MinuteRange::ALL).unwrap(), ["pool", "second"], &["requests", "throttled"]);
    let [pool, second, requests, throttled] =
        ["pool", "second", "requests", "throttled"].map(|name| numbers(&sums, name));
    let rows = pool.into_iter().zip(second).zip(requests.into_iter().zip(throttled));
    // Requests, throttled, and of the busiest second, the first of several, the requests and (negated) itself.
    let mut said: BTreeMap<String, (i64, i64, (i64, i64))> = BTreeMap::new();
    for ((pool, second), (requests, throttled)) in rows {
        let name = [0, 1, 2].map(|column| names[column][pool as usize].as_str()).join(",");
        let entry = said.entry(name).or_default();
        *entry = (entry.0 + requests, entry.1 + throttled, entry.2.max((requests, -second)));
    }
    let said: Vec<String> = said
        .into_iter()
        .map(|(pool, (requests, throttled, (peak, second)))| {
            let at = if peak > 0 { keytide::domain::format_second(-second) } else { String::new() };
            format!("{pool},{requests},{throttled},{at},{peak}")
        })
        .collect();
    let truth = made.truth("seconds.csv");
    let mut truth: Vec<&str> = truth.lines().skip(1).collect();
    truth.sort_unstable();
    assert_eq!(said, truth);
}

/// What the top query must say of a range, from the truth's minutes: key, calls, busiest minute's calls and time.
fn top_by_hand(minutes: &[Vec<String>], since: &str, until: &str) -> Vec<(String, u64, u64, String)> {
    let mut keys: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for row in minutes {
        let successful: u64 = row[3].parse().unwrap();
        let within = since <= row[0].as_str() && row[0].as_str() < until;
        if within && row[2] != "ReEncrypt" && successful > 0 {
            *keys.entry(&row[1]).or_default().entry(&row[0]).or_default() += successful;
        }
    }
    let mut top: Vec<_> = keys
        .into_iter()
        .map(|(key, minutes)| {
            let peak = *minutes.values().max().unwrap();
            let at = minutes.iter().find(|(_, calls)| **calls == peak).unwrap().0;
            (key.to_owned(), minutes.values().sum(), peak, (*at).to_owned())
        })
        .collect();
    top.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    top
}

#[test]
fn the_top_query_equals_a_hand_count_over_any_range_with_and_without_roll_ups() {
    let made = Made::with_seed(5);
    let minutes = rows(&made.truth("minutes.csv"));
    let query = "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation) GROUP BY KeyArn ORDER BY MAX () DESC";
    let ranges = [
        ("2026-01-05T00:00:00Z", "2026-01-08T00:00:00Z"),
        ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"),
        ("2026-01-05T10:00:00Z", "2026-01-05T13:00:00Z"),
        ("2026-01-05T22:37:00Z", "2026-01-06T03:11:00Z"),
        ("2026-01-05T08:15:00Z", "2026-01-05T08:40:00Z"),
        ("2026-01-04T00:00:00Z", "2026-01-06T12:30:00Z"),
    ];
    for compacted in [false, true] {
        if compacted {
            Store::open_for_writing(&made.store).unwrap().compact(1, Still.now()).unwrap();
        }
        for (since, until) in ranges {
            let arguments = ["query", query, "--since", since, "--until", until, "--output", "csv"];
            let ran = keytide_with(&made.store, &arguments);
            let said: Vec<(String, u64, u64, String)> = rows(&ran.out)
                .into_iter()
                .map(|row| (row[1].clone(), row[2].parse().unwrap(), row[3].parse().unwrap(), row[4].clone()))
                .collect();
            assert_eq!(said, top_by_hand(&minutes, since, until), "{since} to {until}, compacted: {compacted}");
        }
    }
}

#[test]
fn records_set_aside_beyond_the_listed_ones_are_still_in_the_count() {
    let folder = passing_folder();
    let noise = folder.path().join("noise.ndjson");
    fs::write(&noise, "{\"eventVersion\":\"1.11\",\"eventSource\":5}\n".repeat(10_003)).unwrap();
    let store = folder.path().join("store");
    ingest_path(&store, noise);
    let status = keytide_with(&store, &["status", "--output", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let counts = status["records_set_aside"].as_object().unwrap();
    assert_eq!(counts.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 10_003, "{counts:?}");
    assert_eq!(counts["not-listed"], 3);
}
