//! When an hour's ids are dropped, and what becomes of its records then.

use std::path::Path;

use keytide::domain::MinuteRange;
use keytide::series::export::{Format, minutes};
use keytide::store::Store;

use super::take;
use crate::support::record::Record;
use crate::support::stores::passing_folder;

const SOON: &str = "2026-01-08T00:00:00Z";
/// More than 35 days after [`SOON`].
const LATE: &str = "2026-02-20T00:00:00Z";

fn at(event_id: &str, time: &str) -> Record {
    Record::decrypt(event_id).with("eventTime", time)
}

/// What was counted, and what was set aside as of a closed hour.
fn told(dir: &Path, records: &[Record], time: &str) -> (u64, u64) {
    let report = take(dir, records, time);
    (report.new_requests, report.rejects.get("hour-closed").copied().unwrap_or(0))
}

/// Calls that count.
fn calls(dir: &Path) -> usize {
    let mut csv = Vec::new();
    minutes(&Store::open_for_reading(dir).unwrap().counts(), MinuteRange::ALL, Format::Csv, &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    csv.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse::<usize>().unwrap()).sum()
}

#[test]
fn a_clock_that_jumps_once_closes_no_hour_of_a_feed() {
    let dir = passing_folder();
    assert_eq!(told(dir.path(), &[at("a", "2026-01-05T10:00:00Z")], SOON), (1, 0));
    assert_eq!(told(dir.path(), &[], "2026-06-01T00:00:00Z"), (0, 0));
    assert_eq!(told(dir.path(), &[at("b", "2026-01-05T10:01:00Z")], SOON), (1, 0));
    assert_eq!(told(dir.path(), &[at("a", "2026-01-05T10:00:00Z").with("n", 1)], SOON), (0, 0), "its ids are known");
}

#[test]
fn an_hour_closes_once_records_of_35_days_later_are_there() {
    // The hour ends at 11:00 on 2026-01-05.
    for (newest, expect) in [("2026-02-09T10:59:00Z", (1, 0)), ("2026-02-09T11:01:00Z", (0, 1))] {
        let dir = passing_folder();
        told(dir.path(), &[at("a", "2026-01-05T10:30:00Z")], SOON);
        told(dir.path(), &[at("new", newest)], LATE);
        assert_eq!(told(dir.path(), &[at("b", "2026-01-05T10:01:00Z")], LATE), expect, "{newest}");
    }
}

#[test]
fn an_hour_stays_open_as_long_as_one_beside_it_gets_records() {
    for beside in ["2026-01-05T11:30:00Z", "2026-01-05T09:30:00Z"] {
        let dir = passing_folder();
        told(dir.path(), &[at("a", "2026-01-05T10:30:00Z"), at("b", beside)], SOON);
        told(dir.path(), &[at("late", beside), at("new", "2026-02-19T00:00:00Z")], LATE);
        assert_eq!(told(dir.path(), &[at("c", "2026-01-05T10:31:00Z")], LATE), (1, 0), "{beside}");
    }
}

#[test]
fn a_copy_across_the_edge_of_a_closed_hour_does_not_count_again() {
    // The owner's copy carries a second of the next hour, which has no ids but that of the caller's.
    let caller = at("a", "2026-01-05T09:59:59Z").shared("S");
    let owner = at("b", "2026-01-05T10:00:00Z").shared("S").seen_by_owner("111122223333", "b");
    let dir = passing_folder();
    told(dir.path(), &[caller], SOON);
    told(dir.path(), &[at("new", "2026-02-19T00:00:00Z")], LATE);
    let before = calls(dir.path());
    assert_eq!(told(dir.path(), &[owner], LATE), (0, 1));
    assert_eq!(calls(dir.path()), before);
    // An hour that never knew an id is not closed.
    assert_eq!(told(dir.path(), &[at("c", "2026-01-05T11:00:00Z")], LATE), (1, 0));
}
