//! Who reads beside a writer: one snapshot, and every file that it names.

use std::path::Path;

use chrono::{DateTime, Utc};
use keytide::domain::{Minute, MinuteRange};
use keytide::series::{Counts, calls_counted};
use keytide::store::{KeptFrom, Store};

use super::take;
use crate::support::files;
use crate::support::record::{KEY, KEY_2, Record};
use crate::support::stores::passing_folder;

const SOON: &str = "2026-01-08T00:00:00Z";
/// 2026-01-05 since 1970: `date -u -d 2026-01-05 +%s` / 86400.
const DAY: u32 = 20_458;

/// A call at ten o'clock on 2026-01-05, so many days later.
fn call(id: &str, days: u32, key: &str) -> Record {
    Record::call("Decrypt").id(id).key(key).with("eventTime", format!("2026-01-{:02}T10:00:00Z", 5 + days))
}

/// The calls of a day, so many days after 2026-01-05.
fn calls_of(counts: &dyn Counts, days: u32) -> u32 {
    let start = Minute((DAY + days) * Minute::PER_DAY);
    let frames = counts.minutes(MinuteRange { start, end: Minute(start.0 + Minute::PER_DAY) }).unwrap();
    let calls = |frame: polars::prelude::LazyFrame| {
        let frame = frame.collect().unwrap();
        frame.column("successful").unwrap().u32().unwrap().iter().flatten().sum::<u32>()
    };
    frames.map(|frame| calls(frame.unwrap())).sum()
}

fn segments(dir: &Path) -> Vec<String> {
    files::names_in(&dir.join("segments"))
}

fn soon() -> DateTime<Utc> {
    SOON.parse().unwrap()
}

#[test]
fn a_commit_between_the_dictionary_and_the_counts_is_in_neither() {
    let dir = passing_folder();
    take(dir.path(), &[call("a", 0, KEY)], SOON);
    let reader = Store::open_for_reading(dir.path()).unwrap();
    let counts = reader.counts();
    assert_eq!(counts.series().unwrap().height(), 1);
    take(dir.path(), &[call("b", 0, KEY), call("c", 0, KEY_2)], SOON);
    assert_eq!(calls_of(&counts, 0), 1, "the new key's call is in no series that was read");
    assert_eq!(calls_counted(&counts).unwrap(), reader.status(MinuteRange::ALL.end).unwrap().calls);
    let after = Store::open_for_reading(dir.path()).unwrap();
    assert_eq!((after.counts().series().unwrap().height(), calls_of(&after.counts(), 0)), (2, 3));
}

#[test]
fn a_commit_of_two_days_between_the_reading_of_both_is_in_neither() {
    let dir = passing_folder();
    take(dir.path(), &[call("a", 0, KEY), call("b", 1, KEY)], SOON);
    let reader = Store::open_for_reading(dir.path()).unwrap();
    let first = calls_of(&reader.counts(), 0);
    take(dir.path(), &[call("c", 0, KEY), call("d", 1, KEY)], SOON);
    Store::open_for_writing(dir.path()).unwrap().compact(1, soon()).unwrap();
    assert_eq!([first, calls_of(&reader.counts(), 1)], [1, 1]);
    let after = Store::open_for_reading(dir.path()).unwrap();
    assert_eq!([0, 1].map(|day| calls_of(&after.counts(), day)), [2, 2]);
}

#[test]
fn days_that_retention_drops_meanwhile_are_still_read() {
    let dir = passing_folder();
    take(dir.path(), &[call("a", 0, KEY), call("b", 1, KEY)], SOON);
    let reader = Store::open_for_reading(dir.path()).unwrap();
    let mut writer = Store::open_for_writing(dir.path()).unwrap();
    writer.expire_counts(&KeptFrom { minutes: Some(DAY + 1), ..KeptFrom::default() }).unwrap();
    assert_eq!([0, 1].map(|day| calls_of(&reader.counts(), day)), [1, 1]);
    assert_eq!([0, 1].map(|day| calls_of(&writer.counts(), day)), [0, 1]);
}

#[test]
fn replaced_segments_are_removed_once_nobody_reads_them() {
    let dir = passing_folder();
    for id in ["a", "b"] {
        take(dir.path(), &[call(id, 0, KEY)], SOON);
    }
    let before = segments(dir.path());
    let readers = [(); 2].map(|()| Store::open_for_reading(dir.path()).unwrap());
    let mut writer = Store::open_for_writing(dir.path()).unwrap();
    assert_eq!(writer.compact(1, soon()).unwrap().days, 1);
    let kept = segments(dir.path());
    assert!(before.iter().all(|file| kept.contains(file)), "{before:?} {kept:?}");
    drop(readers);
    assert_eq!(writer.compact(1, soon()).unwrap().days, 0);
    let left = segments(dir.path());
    assert!(!left.is_empty() && before.iter().all(|file| !left.contains(file)), "{before:?} {left:?}");
    assert_eq!(calls_of(&writer.counts(), 0), 2);
}

#[test]
fn the_next_writer_removes_what_was_kept_for_readers() {
    let dir = passing_folder();
    take(dir.path(), &[call("a", 0, KEY)], SOON);
    let before = segments(dir.path());
    let reader = Store::open_for_reading(dir.path()).unwrap();
    Store::open_for_writing(dir.path()).unwrap().compact(1, soon()).unwrap();
    drop(reader);
    drop(Store::open_for_writing(dir.path()).unwrap());
    let left = segments(dir.path());
    assert!(!left.is_empty() && before.iter().all(|file| !left.contains(file)), "{before:?} {left:?}");
}
