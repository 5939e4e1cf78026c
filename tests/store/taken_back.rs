//! A day of which every count was taken back.

use std::path::Path;

use keytide::store::Store;

use super::take;
use crate::support::program::keytide_with;
use crate::support::record::{KEY, Record};
use crate::support::stores::passing_folder;

const SOON: &str = "2026-01-08T00:00:00Z";

/// A store that counted a call for no key at the end of 2026-01-05, and then for its key at the beginning of the day
/// after, which a copy said.
fn moved_to_the_next_day(dir: &Path) {
    let call = |id: &str, time: &str| Record::call("Decrypt").id(id).shared("shared-1").with("eventTime", time);
    take(dir, &[call("bare", "2026-01-05T23:59:59Z")], SOON);
    take(dir, &[call("whole", "2026-01-06T00:00:00Z").key(KEY)], SOON);
}

fn days_compacted(dir: &Path) -> u64 {
    Store::open_for_writing(dir).unwrap().compact(1, SOON.parse().unwrap()).unwrap().days
}

#[test]
fn it_is_compacted_once() {
    let dir = passing_folder();
    moved_to_the_next_day(dir.path());
    assert_eq!(days_compacted(dir.path()), 2);
    assert_eq!(days_compacted(dir.path()), 0);
}

#[test]
fn it_has_no_calls_and_the_next_day_has_them_before_and_after_it_is_compacted() {
    let dir = passing_folder();
    moved_to_the_next_day(dir.path());
    let counted = "minute,key_arn,operation,successful,throttled,denied,failed,dry_run\n".to_owned()
        + &format!("2026-01-06T00:00:00Z,{KEY},Decrypt,1,0,0,0,0\n");
    let sum = ["query", "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" GROUP BY KeyArn", "--output", "json"];
    for _ in 0..2 {
        assert_eq!(keytide_with(dir.path(), &["export", "minutes"]).out, counted);
        for (since, until, calls) in [("2026-01-05", "2026-01-06", 0), ("2026-01-05", "2026-01-07", 1)] {
            let ran = keytide_with(dir.path(), &[&sum[..], &["--since", since, "--until", until]].concat());
            let rows: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
            let all = rows.as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap());
            assert_eq!(all.sum::<f64>(), f64::from(calls), "{since} {until}: {}", ran.out);
        }
        days_compacted(dir.path());
    }
}
