//! Calls by caller over counts in memory.

use super::*;
use crate::insights::fake::{Fake, FakeSeries};

const A: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// The slot of 2026-01-05T10:00:00Z.
const TEN: u32 = 29_460_120 / 5;
/// Slots of a day.
const DAY: u32 = 288;

const ETL: [&str; 5] = ["111122223333", "arn:aws:iam::111122223333:role/etl", "s3.amazonaws.com", "bucket", ""];
const WEB: [&str; 5] = ["111122223333", "arn:aws:iam::111122223333:role/web", "", "", "vpce-1"];
const OLD: [&str; 5] = ["111122223333", "arn:aws:iam::111122223333:role/old", "", "", ""];

/// Series 0 and 1 of a key; the callers 0 `old`, 1 `etl`, 2 `web`. Two days before, counts are kept by the hour.
fn fake() -> Fake {
    let row = |slot: u32, caller: u32, series: u32, calls: i32| (slot, caller, series, [calls, 0, 1, 0, 0]);
    Fake {
        series: vec![FakeSeries::key(A, "Decrypt"), FakeSeries::key(A, "Encrypt"), FakeSeries::key(A, "Sign")],
        callers: vec![OLD, ETL, WEB],
        slots: vec![
            row(TEN - 2 * DAY, 1, 0, 120),
            row(TEN - 2 * DAY + 12, 1, 0, 60),
            row(TEN - DAY, 1, 0, 10),
            row(TEN - DAY + 1, 1, 0, 20),
            row(TEN - DAY + 100, 0, 2, 1),
            row(TEN, 1, 0, 7),
            row(TEN, 1, 0, -3),
            row(TEN + 1, 2, 1, 5),
            row(TEN + 1, 2, 0, 6),
            row(TEN + 1, 1, 2, 1000),
            row(TEN + 2, 1, 0, 8),
            row(TEN + 2, 2, 0, 2),
            row(TEN + 2, 2, 0, -2),
        ],
        by_hour: [(TEN - 2 * DAY) * 5 / 1440].into(),
        ..Fake::default()
    }
}

fn range(slot: u32, minutes: u32) -> MinuteRange {
    MinuteRange { start: Minute(slot * 5), end: Minute(slot * 5 + minutes) }
}

fn caller(of: [&str; 5]) -> Caller {
    let [account, principal, service, resource, vpc_endpoint] = of.map(str::to_owned);
    Caller { account, principal, service, resource, vpc_endpoint }
}

#[test]
fn cells_are_of_the_series_that_are_asked_for_and_corrections_are_added() {
    let read = caller_cells(&fake(), &[0, 1], Outcome::Successful, &[range(TEN, 15)]).expect("counts");
    assert_eq!(read.callers, [caller(ETL), caller(WEB)]);
    let cells: Vec<_> =
        read.cells.iter().map(|c| (c.start.0 / 5 - TEN, c.minutes, c.caller, c.series, c.calls)).collect();
    assert_eq!(cells, [(0, 5, 0, 0, 4), (1, 5, 1, 0, 6), (1, 5, 1, 1, 5), (2, 5, 0, 0, 8)]);
    let denied = caller_cells(&fake(), &[2], Outcome::Denied, &[range(TEN, 15)]).expect("counts");
    assert_eq!(denied.cells.iter().map(|cell| cell.calls).collect::<Vec<_>>(), [1]);
    assert_eq!(caller_cells(&fake(), &[], Outcome::Successful, &[range(TEN, 15)]).expect("counts").cells, []);
    assert_eq!(caller_cells(&fake(), &[0], Outcome::Successful, &[]).expect("counts"), CallerCells::default());
}

#[test]
fn windows_are_whole_slots_and_those_like_it_are_as_long() {
    // From 10:06 to 10:12: two slots, the second and the third.
    let window = MinuteRange { start: Minute(TEN * 5 + 6), end: Minute(TEN * 5 + 12) };
    let like = |days: u32| MinuteRange {
        start: Minute(window.start.0 - days * 1440),
        end: Minute(window.end.0 - days * 1440),
    };
    let read =
        caller_windows(&fake(), &[0, 1], Outcome::Successful, window, &[like(1), like(2), like(3)]).expect("counts");
    assert_eq!(read.range, range(TEN + 1, 10));
    let (etl, web) =
        (read.callers.iter().position(|of| *of == caller(ETL)), read.callers.iter().position(|of| *of == caller(WEB)));
    let (etl, web) = (etl.expect("it called") as u32, web.expect("it called") as u32);
    let mut now = read.now.clone();
    now.sort_by_key(|(caller, series, _)| (*series, *caller != etl));
    assert_eq!(now, [(etl, 0, 8.0), (web, 0, 6.0), (web, 1, 5.0)]);
    // Yesterday 20 calls in its two slots; the day before an hour of 120 calls, of which ten minutes are meant.
    assert_eq!(read.usual, [vec![(etl, 20.0)], vec![(etl, 20.0)], vec![]]);
    assert_eq!(read.now_by_caller().iter().map(|(_, calls)| calls).sum::<f64>(), 19.0);
}

#[test]
fn a_window_in_a_day_that_is_rolled_up_is_whole_hours() {
    let window = range(TEN - 2 * DAY + 2, 15);
    let next_day = range(TEN - DAY + 2, 15);
    let read = caller_windows(&fake(), &[0], Outcome::Successful, window, &[next_day]).expect("counts");
    assert_eq!(read.range, range(TEN - 2 * DAY, 60));
    assert_eq!(read.now, [(0, 0, 120.0)]);
    assert_eq!(read.usual, [vec![(0, 30.0)]]);
}

#[test]
fn a_day_of_hourly_calls_is_not_taken_for_one_that_is_rolled_up() {
    // Of series 0 the second day has calls at 10:00 only, but another series has some at 18:20.
    let mut fake = fake();
    fake.slots.retain(|(slot, ..)| *slot != TEN - DAY + 1);
    let read = caller_cells(&fake, &[0], Outcome::Successful, &[range(TEN - DAY, 5)]).expect("counts");
    assert_eq!(read.cells.iter().map(|cell| (cell.minutes, cell.calls)).collect::<Vec<_>>(), [(5, 10)]);
}

#[test]
fn who_was_seen_is_told_with_each_series() {
    let before = MinuteRange { start: Minute(0), end: Minute(TEN * 5) };
    let mut seen = callers_seen(&fake(), &[0, 1, 2], before).expect("counts");
    seen.sort();
    assert_eq!(seen, [(caller(ETL), 0), (caller(OLD), 2)]);
    assert_eq!(callers_seen(&fake(), &[1], before).expect("counts"), []);
}
