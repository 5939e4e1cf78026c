//! Windows by the clock of a place.

use chrono::DateTime;
use chrono_tz::Tz;
use croner::parser::CronParser;

use super::{MuteRule, Schedule, Window, muted_by};
use crate::domain::Pattern;

fn second(time: &str) -> i64 {
    DateTime::parse_from_rfc3339(time).unwrap().timestamp()
}

fn rule(schedule: &str, hours: u32, zone: Tz) -> MuteRule {
    MuteRule {
        name: "night".to_owned(),
        schedule: Schedule::Cron(Box::new(CronParser::new().parse(schedule).unwrap())),
        duration_seconds: hours * 3_600,
        zone,
        alarms: vec![Pattern::new("prod-*")],
        start: None,
        expire: None,
    }
}

fn window(from: &str, to: &str) -> Option<Window> {
    Some(Window { start: second(from), end: second(to) })
}

#[test]
fn a_window_is_half_open_and_comes_again() {
    // Mondays at 02:00 for four hours; 5 January 2026 is a Monday.
    let rule = rule("0 2 * * 1", 4, Tz::UTC);
    assert_eq!(rule.window_at(second("2026-01-05T01:59:59Z")), None);
    let open = window("2026-01-05T02:00:00Z", "2026-01-05T06:00:00Z");
    assert_eq!(rule.window_at(second("2026-01-05T02:00:00Z")), open);
    assert_eq!(rule.window_at(second("2026-01-05T05:59:59Z")), open);
    assert_eq!(rule.window_at(second("2026-01-05T06:00:00Z")), None);
    assert_eq!(rule.window_at(second("2026-01-06T03:00:00Z")), None);
    assert!(rule.window_at(second("2026-01-12T03:00:00Z")).is_some());
}

#[test]
fn windows_follow_the_clock_of_their_place() {
    let rule = rule("0 2 * * *", 4, Tz::America__New_York);
    // In winter New York is five hours behind, in summer four.
    assert_eq!(rule.window_at(second("2026-01-15T08:00:00Z")), window("2026-01-15T07:00:00Z", "2026-01-15T11:00:00Z"));
    assert_eq!(rule.window_at(second("2026-07-15T08:00:00Z")), window("2026-07-15T06:00:00Z", "2026-07-15T10:00:00Z"));
    // On 8 March 2026 there is no 02:00: the window begins when the clock is put forward, at 03:00.
    assert_eq!(rule.window_at(second("2026-03-08T08:00:00Z")), window("2026-03-08T07:00:00Z", "2026-03-08T11:00:00Z"));
    // Over the hour that comes twice (1 November, 01:00 to 02:00) a window is as long as ever.
    let late = rule_at_midnight();
    assert_eq!(late.window_at(second("2026-11-01T07:59:59Z")), window("2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z"));
    assert_eq!(late.window_at(second("2026-11-01T08:00:00Z")), None);
}

#[test]
fn windows_of_every_hour_come_in_the_hour_that_comes_twice_too() {
    // In Berlin 02:00 to 03:00 comes from 00:00Z and again from 01:00Z.
    let hourly = MuteRule { duration_seconds: 1_800, ..rule("0 * * * *", 0, Tz::Europe__Berlin) };
    for start in ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"] {
        let start = second(start);
        let open = Some(Window { start, end: start + 1_800 });
        assert_eq!([0, 1_799, 1_800].map(|after| hourly.window_at(start + after)), [open, open, None]);
    }
}

#[test]
fn a_window_whose_times_are_skipped_begins_when_the_clock_is_put_forward() {
    let rule = MuteRule { duration_seconds: 600, ..rule("15,45 2 * * *", 0, Tz::Europe__Berlin) };
    assert_eq!(rule.window_at(second("2026-03-29T01:00:00Z")), window("2026-03-29T01:00:00Z", "2026-03-29T01:10:00Z"));
    assert_eq!(rule.window_at(second("2026-03-29T00:59:59Z")), None);
    assert_eq!(rule.window_at(second("2026-03-29T01:15:00Z")), None);
}

fn rule_at_midnight() -> MuteRule {
    rule("0 0 * * *", 4, Tz::America__New_York)
}

#[test]
fn windows_begin_after_the_start_and_end_with_the_rule() {
    let mut rule = rule("0 2 * * *", 4, Tz::UTC);
    rule.start = Some(second("2026-01-05T02:30:00Z"));
    rule.expire = Some(second("2026-01-07T03:00:00Z"));
    assert_eq!(rule.window_at(second("2026-01-05T03:00:00Z")), None);
    assert_eq!(rule.window_at(second("2026-01-06T05:00:00Z")), window("2026-01-06T02:00:00Z", "2026-01-06T06:00:00Z"));
    assert_eq!(rule.window_at(second("2026-01-07T02:30:00Z")), window("2026-01-07T02:00:00Z", "2026-01-07T03:00:00Z"));
    assert_eq!(rule.window_at(second("2026-01-07T03:00:00Z")), None);
}

#[test]
fn a_single_window_passes() {
    let start = second("2026-12-24T20:00:00Z");
    let rule = MuteRule { schedule: Schedule::At(start), ..rule("0 0 * * *", 2, Tz::UTC) };
    assert_eq!(rule.window_at(start - 1), None);
    assert_eq!(rule.window_at(start), Some(Window { start, end: start + 7_200 }));
    assert_eq!(rule.window_at(start + 7_200), None);
}

#[test]
fn of_several_windows_the_last_to_end_counts() {
    let long = MuteRule { name: "long".to_owned(), ..rule("0 1 * * *", 9, Tz::UTC) };
    let rules = [rule("0 2 * * *", 4, Tz::UTC), long];
    let at = second("2026-01-05T03:00:00Z");
    let (by, open) = muted_by(&rules, "prod-busy", at).unwrap();
    assert_eq!((by.name.as_str(), open.end), ("long", second("2026-01-05T10:00:00Z")));
    assert!(muted_by(&rules, "test-busy", at).is_none());
}
