//! Days whose counts by caller are kept by the hour.

use std::path::Path;

use keytide::store::{KeptFrom, Store};

use super::take;
use crate::support::program::keytide_with;
use crate::support::record::{KEY, Record};
use crate::support::stores::passing_folder;

const SOON: &str = "2026-01-07T00:00:00Z";
const LATER: &str = "2026-02-01T00:00:00Z";

/// Calls of one caller on 2026-01-05: one a minute from 09:00 to 12:00, with an id of each.
fn every_minute() -> Vec<Record> {
    let time = |at: u32| format!("{:02}:{:02}:00", 9 + at / 60, at % 60);
    (0..180).map(|at| Record::decrypt(&format!("call-{at}")).at(&time(at))).collect()
}

fn compact(dir: &Path, time: &str) -> u64 {
    Store::open_for_writing(dir).unwrap().compact(1, time.parse().unwrap()).unwrap().days
}

/// Calls and peak of the only caller in a range, and the headline's range.
fn top(dir: &Path, since: &str, until: &str) -> (u64, u64, String) {
    let range = ["top", "--by", "caller", "--since", since, "--until", until];
    let ran = keytide_with(dir, &range);
    let headline = ran.out.lines().next().unwrap().to_owned();
    let ran = keytide_with(dir, &[&range[..], &["--output", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let rows: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{}", ran.out);
    let trend: u64 = rows[0]["trend"].as_array().unwrap().iter().map(|calls| calls.as_u64().unwrap()).sum();
    let calls = rows[0]["calls"].as_u64().unwrap();
    assert_eq!(trend, calls, "a trend adds up to the calls: {}", ran.out);
    let stated = headline.split_once("SuccessfulRequest, ").unwrap().1.to_owned();
    (calls, rows[0]["peak"].as_u64().unwrap(), stated)
}

#[test]
fn a_day_that_was_compacted_young_is_rolled_up_once_it_is_old() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    let range = ("2026-01-05T10:31Z", "2026-01-05T10:54Z");
    assert_eq!(compact(dir.path(), SOON), 1);
    assert_eq!(top(dir.path(), range.0, range.1), (25, 5, "2026-01-05 10:30 to 2026-01-05 10:55".to_owned()));
    assert_eq!(compact(dir.path(), SOON), 0);
    assert_eq!(compact(dir.path(), LATER), 1);
    assert_eq!(top(dir.path(), range.0, range.1), (60, 60, "2026-01-05 10:00 to 2026-01-05 11:00".to_owned()));
    assert_eq!(compact(dir.path(), LATER), 0, "once is enough");
}

#[test]
fn an_ingest_rolls_up_days_that_have_come_of_age() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    compact(dir.path(), SOON);
    take(dir.path(), &[Record::decrypt("new").with("eventTime", "2026-01-31T10:00:00Z")], LATER);
    assert_eq!(top(dir.path(), "2026-01-05T10:31Z", "2026-01-05T10:54Z").0, 60);
}

#[test]
fn an_hour_that_a_range_touches_is_in_it_whole_and_the_range_says_so() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    compact(dir.path(), LATER);
    // One that ends just inside an hour, one that begins in one, one within one.
    for (since, until, calls, stated) in [
        ("09:50", "10:01", 120, "2026-01-05 09:00 to 2026-01-05 11:00"),
        ("10:59", "11:00", 60, "2026-01-05 10:00 to 2026-01-05 11:00"),
        ("11:20", "11:21", 60, "2026-01-05 11:00 to 2026-01-05 12:00"),
    ] {
        let (since, until) = (format!("2026-01-05T{since}Z"), format!("2026-01-05T{until}Z"));
        assert_eq!(top(dir.path(), &since, &until), (calls, 60, stated.to_owned()), "{since} {until}");
    }
    // Open ends are those of what is stored, in whole hours.
    let ran = keytide_with(dir.path(), &["top", "--by", "caller"]);
    assert!(ran.out.contains("2026-01-05 09:00 to 2026-01-05 12:00\n180 calls in all"), "{}", ran.out);
    assert!(ran.out.contains("Peaks are of 60 minutes"), "{}", ran.out);
}

#[test]
fn a_query_over_hours_has_periods_of_hours() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    compact(dir.path(), LATER);
    let query = "SELECT SUM(CallerRequest) FROM \"Keytide/KMS\" GROUP BY Principal ORDER BY MAX() DESC";
    let range = ["--since", "2026-01-05T09:50Z", "--until", "2026-01-05T10:05Z", "--output", "json"];
    let ran = keytide_with(dir.path(), &[&["query", query][..], &range].concat());
    let rows: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&rows[0]["value"], &rows[0]["peak"]), (&120.into(), &60.into()), "{}", ran.out);
    assert_eq!(rows[0]["peak_at"], "2026-01-05T09:00:00Z");
}

#[test]
fn a_query_says_what_it_widened_to_whole_slots() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    let query = "SELECT SUM(CallerRequest) FROM \"Keytide/KMS\" GROUP BY Principal";
    let noted = |arguments: &[&str]| keytide_with(dir.path(), &[&["query", query], arguments].concat()).err;
    let slots = "note: this metric is counted in slots of five minutes";
    assert_eq!(noted(&[]), format!("{slots}; buckets are 5m long\n"));
    assert_eq!(noted(&["--quiet"]), "");
    let within = ["--since", "2026-01-05T10:11", "--until", "2026-01-05T11:19", "--period", "1h"];
    let calls = "calls are counted from 2026-01-05 10:10 to 2026-01-05 11:20";
    assert_eq!(noted(&within), format!("{slots}; {calls}\n"));
    assert_eq!(noted(&["--since", "2026-01-05T10:10", "--until", "2026-01-05T11:20", "--period", "5m"]), "");
    compact(dir.path(), LATER);
    let hours = format!("{slots}, on days older than two weeks in hours");
    assert_eq!(noted(&[]), format!("{hours}; buckets are 1h long\n"));
    let calls = "calls are counted from 2026-01-05 10:00 to 2026-01-05 12:00";
    assert_eq!(noted(&within), format!("{hours}; {calls}\n"));
    assert_eq!(noted(&within[..4]), format!("{hours}; buckets are 1h long, {calls}\n"));
    let open = ["--since", "2026-01-05T10:11", "--period", "1h"];
    assert_eq!(noted(&open), format!("{hours}; calls are counted from 2026-01-05 10:00 on\n"));
    assert_eq!(noted(&["--period", "1h"]), "");
}

#[test]
fn late_calls_of_such_a_day_are_in_its_hours() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    compact(dir.path(), LATER);
    take(dir.path(), &[Record::decrypt("late").at("10:40:00")], LATER);
    let whole = "2026-01-05 10:00 to 2026-01-05 11:00".to_owned();
    for _ in 0..2 {
        assert_eq!(top(dir.path(), "2026-01-05T10:10Z", "2026-01-05T10:12Z"), (61, 61, whole.clone()));
        compact(dir.path(), SOON);
    }
}

#[test]
fn shares_of_callers_in_a_report_are_of_the_hours_that_it_names() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    compact(dir.path(), LATER);
    let range = ["report", "top", "--since", "2026-01-05T09:50Z", "--until", "2026-01-05T10:01Z", "--output"];
    let ran = keytide_with(dir.path(), &[&range[..], &["json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    // Eleven minutes of calls, in hours of 120.
    assert_eq!(report["totals"]["successful"]["calls"], 11);
    assert_eq!((&report["callers"][0]["calls"], &report["callers"][0]["share"]), (&120.into(), &100.0.into()));
    let (start, end) = ("2026-01-05T09:00:00Z", "2026-01-05T11:00:00Z");
    assert_eq!(report["callers_range"], serde_json::json!({ "start": start, "end": end }));
    assert_eq!((&report["keys"][0]["name"], &report["keys"][0]["share"]), (&KEY.into(), &100.0.into()));
    let markdown = keytide_with(dir.path(), &[&range[..], &["md"]].concat()).out;
    assert!(markdown.contains("Counted in whole slots: 2026-01-05 09:00 to 2026-01-05 11:00."), "{markdown}");
}

#[test]
fn they_are_dropped_with_the_counts_by_caller() {
    let dir = passing_folder();
    take(dir.path(), &every_minute(), SOON);
    compact(dir.path(), LATER);
    // The day after 2026-01-05, since 1970.
    let kept = KeptFrom { callers: Some(20_459), ..KeptFrom::default() };
    assert_eq!(Store::open_for_writing(dir.path()).unwrap().expire_counts(&kept).unwrap(), 1);
    let ran = keytide_with(dir.path(), &["top", "--by", "caller", "--since", "2026-01-05", "--until", "2026-01-06"]);
    let begin = "Nothing is stored in this range: counts by caller begin at 2026-01-06 00:00.";
    assert!(ran.out.starts_with(begin), "{}", ran.out);
}
