//! Many days and hours, and a process that may hold few files.

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, TimeDelta};
use keytide::store::Store;

use super::take;
use crate::support::files;
use crate::support::program::{Ran, clean, run};
use crate::support::record::Record;
use crate::support::stores::passing_folder;

/// One call each, so many steps of time after 2026-01-05T10:00:00Z.
fn calls(ids: &str, steps: std::ops::Range<i32>, step: TimeDelta) -> Vec<Record> {
    let start: DateTime<chrono::Utc> = "2026-01-05T10:00:00Z".parse().unwrap();
    let time = |at: i32| (start + step * at).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    steps.map(|at| Record::decrypt(&format!("{ids}-{at}")).with("eventTime", time(at))).collect()
}

/// The program with so many files at most, and no right to more.
fn with_files(most: u32, dir: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -n {most}; exec \"$@\"");
    command.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_keytide"), "--data-dir"]).arg(dir).args(arguments);
    run(clean(&mut command))
}

#[test]
fn a_late_batch_of_hours_in_many_ledger_files_is_committed() {
    const HOURS: i32 = 60;
    let (dir, late) = (passing_folder(), passing_folder());
    for hour in 0..HOURS {
        take(dir.path(), &calls("early", hour..hour + 1, TimeDelta::hours(1)), "2026-01-08T00:00:00Z");
    }
    assert_eq!(files::names_in(&dir.path().join("ledger")).len(), HOURS as usize);
    let records: Vec<_> = calls("late", 0..HOURS, TimeDelta::hours(1)).iter().map(Record::value).collect();
    let late = files::write(late.path(), "late.json", &files::log_file(&records));
    let ran = with_files(40, dir.path(), &["ingest", "--threads", "1", late.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("60 new"), "{}", ran.err);
}

#[test]
fn ranges_of_many_days_are_answered() {
    const DAYS: i32 = 100;
    const OPEN_MAX: u32 = 90;
    let dir = passing_folder();
    take(dir.path(), &calls("one", 0..DAYS, TimeDelta::days(1)), "2026-05-01T00:00:00Z");
    let answer = |arguments: &[&str]| {
        let ran = with_files(OPEN_MAX, dir.path(), arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        ran.out
    };
    let sum = ["query", "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" GROUP BY KeyArn", "--output", "csv"];
    assert_eq!(answer(&["export", "minutes"]).lines().count(), 1 + DAYS as usize);
    for asked in [&["top", "--by", "caller", "--output", "csv"][..], &sum] {
        let answered = answer(asked);
        assert!(answered.contains(&format!(",{DAYS},")), "{answered}");
    }
    let report: serde_json::Value = serde_json::from_str(&answer(&["report", "top", "--output", "json"])).unwrap();
    assert_eq!((&report["callers"][0]["calls"], &report["quotas"][0]["throttled"]), (&DAYS.into(), &0.into()));
    Store::open_for_writing(dir.path()).unwrap().compact(1, "2026-05-01T00:00:00Z".parse().unwrap()).unwrap();
    // From roll-ups.
    let answered = answer(&sum);
    assert!(answered.contains(&format!(",{DAYS},")), "{answered}");
}
