//! The rules of counting, a small trail each.
//!
//! Expected rows are stated by hand, from AWS's documentation of CloudTrail's records and CloudWatch's metrics. Where
//! the variable `KEYTIDE_SAMPLES` names a folder of published samples, each set of it must give its
//! `expected/SET.counts.csv`.

mod callers;
mod copies;
mod facts;
mod files;
mod keys;
mod outcomes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::files as disk;
use crate::support::record::{GUEST, GUEST_KEY, KEY, KEY_2, OWNER, Record};
use crate::support::skipped;
use crate::support::stores::{ingest_path, passing_folder, said_by};

/// What a trail gave.
struct Gave {
    /// `10:00 key Decrypt 1 0 0 0 0`, keys by their names below.
    minutes: Vec<String>,
    /// `10:00 alias/app Decrypt alias 1`.
    unattributed: Vec<String>,
    /// `account principal service resource endpoint`, each once.
    callers: Vec<String>,
    /// `account Region pool`, each once.
    pools: Vec<String>,
    /// Event names of the lifecycle facts.
    facts: Vec<String>,
    /// Records set aside, by reason.
    rejects: BTreeMap<&'static str, u64>,
    /// Objects that could not be read.
    quarantined: Vec<String>,
}

/// Ingests files, each of some bytes.
fn ingested(contents: &[(&str, Vec<u8>)]) -> Gave {
    let (trail, dir) = (passing_folder(), passing_folder());
    for (name, content) in contents {
        disk::write(trail.path(), name, content);
    }
    let report = ingest_path(dir.path(), trail.path().to_owned());
    let said = said_by(dir.path());
    let table = |csv: &str| csv.lines().skip(1).map(|line| short(&line.replace(',', " "))).collect();
    let each = |names: Vec<String>| names.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let caller = |line: &String| {
        let fields: Vec<&str> = line.split(' ').collect();
        fields[1..6].join(" ").replace(OWNER, "owner").replace(GUEST, "guest").trim_end().to_owned()
    };
    Gave {
        minutes: table(&said.minutes),
        unattributed: table(&said.unattributed),
        callers: each(said.callers.keys().map(caller).collect()),
        pools: each(said.seconds.keys().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()),
        facts: said.facts.iter().map(|fact| short(fact.split_once(' ').unwrap().1)).collect(),
        rejects: report.rejects,
        quarantined: report.quarantined.into_iter().map(|(_, detail)| detail).collect(),
    }
}

/// Names for people instead of ARNs and dates.
fn short(line: &str) -> String {
    let names = [(KEY, "key"), (KEY_2, "key-2"), (GUEST_KEY, "guest-key"), ("2026-01-05T", ""), (":00Z", "")];
    names.iter().fold(line.to_owned(), |line, (long, short)| line.replace(long, short))
}

/// Ingests one log file of these records.
fn gave(records: &[Record]) -> Gave {
    let records: Vec<Value> = records.iter().map(Record::value).collect();
    ingested(&[("log.json.gz", disk::gzip(&disk::log_file(&records)))])
}

/// Asserts the minute counts of one log file, and that nothing else came of it.
fn assert_minutes(records: &[Record], expected: &[&str]) {
    let gave = gave(records);
    assert_eq!(gave.minutes, expected);
    assert_eq!(gave.unattributed, [""; 0]);
    assert_eq!(gave.rejects, BTreeMap::new());
}

/// Asserts what is unattributed, and that nothing else came of it.
fn assert_unattributed(records: &[Record], expected: &[&str]) {
    let gave = gave(records);
    assert_eq!((gave.unattributed, gave.minutes), (expected.iter().map(ToString::to_string).collect(), vec![]));
}

/// `KEYTIDE_SAMPLES` names a folder with `SET/`, log files as they were published, and `expected/SET.counts.csv`: a
/// header, then `MINUTE,KEY-ARN,OPERATION,CALLS` of each minute, key and operation with successful calls, sorted.
#[test]
fn published_samples_give_what_they_say() {
    let Some(samples) = std::env::var_os("KEYTIDE_SAMPLES").map(PathBuf::from) else {
        return skipped("published samples", "KEYTIDE_SAMPLES names no folder of them");
    };
    let mut checked = 0;
    for file in disk::names_in(&samples.join("expected")) {
        let Some(set) = file.strip_suffix(".counts.csv").filter(|set| *set != "all") else { continue };
        check_set(&samples, set);
        checked += 1;
    }
    assert!(checked > 0, "{} has no expected/SET.counts.csv", samples.display());
}

fn check_set(samples: &Path, set: &str) {
    let dir = passing_folder();
    ingest_path(dir.path(), samples.join(set));
    let said = said_by(dir.path());
    let successful = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[3] != "0").then(|| fields[..4].join(","))
    };
    let counted: Vec<String> = said.minutes.lines().skip(1).filter_map(successful).collect();
    let expected = std::fs::read_to_string(samples.join(format!("expected/{set}.counts.csv"))).unwrap();
    assert_eq!(counted, expected.lines().skip(1).collect::<Vec<_>>(), "{set}");
}
