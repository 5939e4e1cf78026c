//! When reports are due, and what may be written of it.

use chrono::{DateTime, Utc};

use crate::domain::{Minute, MinuteRange, format_second};
use crate::report::{Due, ReportSchedule, ReportTable};

fn schedule(text: &str) -> ReportSchedule {
    let table: ReportTable = toml::from_str(text).expect("as documented");
    table.schedule().expect("it can be")
}

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

/// `2026-01-05T23:00:00Z 2026-01-06T23:00:00Z`.
fn told(range: MinuteRange) -> String {
    [range.start, range.end].map(|minute| format_second(minute.first_second())).join(" ")
}

/// What is due if all counts have come.
fn due(schedule: &ReportSchedule, last: &str, now: &str) -> Option<Due> {
    due_with(schedule, last, now, Some(now))
}

fn due_with(schedule: &ReportSchedule, last: &str, now: &str, watermark: Option<&str>) -> Option<Due> {
    let watermark = watermark.map(|watermark| Minute::nearest(time(watermark).timestamp()));
    schedule.due(time(last), time(now), watermark)
}

const DAILY: &str = "name = 'd'\nevery = 'daily'\nat = '08:30'\ntimezone = 'Europe/Berlin'\nroutes = ['mail']";

#[test]
fn a_daily_report_is_due_once_a_day_about_the_local_day_before() {
    let daily = schedule(DAILY);
    assert_eq!((daily.limit, daily.routes.as_slice()), (10, ["mail".to_owned()].as_slice()));
    let first = due(&daily, "2026-01-06T00:00:00Z", "2026-01-07T07:30:00Z").expect("it is half past eight");
    assert_eq!((first.at, first.kind.as_str()), (time("2026-01-07T07:30:00Z"), "daily report"));
    assert_eq!(told(first.range), "2026-01-05T23:00:00Z 2026-01-06T23:00:00Z");
    assert_eq!(told(first.previous), "2026-01-04T23:00:00Z 2026-01-05T23:00:00Z");
    assert_eq!(due(&daily, "2026-01-07T07:30:00Z", "2026-01-07T23:00:00Z"), None);
    assert_eq!(due(&daily, "2026-01-07T07:30:00Z", "2026-01-08T07:29:59Z"), None);
    // Of three that were missed, the last.
    let late = due(&daily, "2026-01-07T07:30:00Z", "2026-01-10T12:00:00Z").expect("missed ones");
    assert_eq!(late.at, time("2026-01-10T07:30:00Z"));
    // A clock that jumps back makes nothing due twice.
    assert_eq!(due(&daily, "2026-01-10T07:30:00Z", "2026-01-09T12:00:00Z"), None);
}

#[test]
fn days_with_a_clock_change_are_shorter_or_longer() {
    // Summer time begins on Sunday, 2026-03-29.
    let monday = due(&schedule(DAILY), "2026-03-29T12:00:00Z", "2026-03-30T12:00:00Z").expect("due");
    assert_eq!(monday.at, time("2026-03-30T06:30:00Z"));
    assert_eq!(told(monday.range), "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z");
}

#[test]
fn a_weekly_report_is_about_seven_days() {
    let weekly = schedule("name = 'w'\nevery = 'weekly'\nroutes = ['mail']\nlimit = 5");
    // 2026-11-23 is a Monday; eight o'clock if nothing is said.
    let first = due(&weekly, "2026-11-18T00:00:00Z", "2026-11-24T10:00:00Z").expect("due");
    assert_eq!((first.at, first.kind.as_str()), (time("2026-11-23T08:00:00Z"), "weekly report"));
    assert_eq!(told(first.range), "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z");
    assert_eq!(told(first.previous), "2026-11-09T00:00:00Z 2026-11-16T00:00:00Z");
    assert_eq!(due(&weekly, "2026-11-23T08:00:00Z", "2026-11-30T07:59:00Z"), None);
    let sunday = schedule("name = 'w'\nevery = 'weekly'\non = 'sunday'\nat = '23:00'\nroutes = ['mail']");
    assert_eq!(due(&sunday, "2026-11-20T00:00:00Z", "2026-11-22T22:00:00Z"), None);
    assert_eq!(
        due(&sunday, "2026-11-10T00:00:00Z", "2026-11-22T22:00:00Z").expect("due").at,
        time("2026-11-15T23:00:00Z")
    );
}

#[test]
fn any_other_schedule_is_about_the_time_since_the_last_report() {
    // On the first of the month at 06:00.
    let monthly = schedule("name = 'monthly'\nschedule = 'cron(0 6 1 * *)'\nroutes = ['mail']");
    let first = due(&monthly, "2026-02-10T00:00:00Z", "2026-03-01T06:00:00Z").expect("due");
    assert_eq!((first.at, first.kind.as_str()), (time("2026-03-01T06:00:00Z"), "report monthly"));
    assert_eq!(told(first.range), "2026-02-01T06:00:00Z 2026-03-01T06:00:00Z");
    assert_eq!(told(first.previous), "2026-01-01T06:00:00Z 2026-02-01T06:00:00Z");
    assert_eq!(due(&monthly, "2026-03-01T06:00:00Z", "2026-03-31T06:00:00Z"), None);
    // Mondays, as CloudWatch counts days of the week: 1.
    let mondays = schedule("name = 'm'\nschedule = 'cron(30 7 * * 1)'\ntimezone = 'Europe/Berlin'\nroutes = ['mail']");
    assert_eq!(
        due(&mondays, "2026-11-20T00:00:00Z", "2026-11-24T00:00:00Z").expect("due").at,
        time("2026-11-23T06:30:00Z")
    );
}

#[test]
fn a_report_is_due_once_whatever_the_part_of_a_second_at_which_it_is_asked_for() {
    let monthly = schedule("name = 'm'\nschedule = 'cron(0 8 1 * *)'\nroutes = ['mail']");
    let first = due(&monthly, "2026-10-31T12:00:00Z", "2026-11-01T08:00:00.37Z").expect("due");
    assert_eq!(first.at, time("2026-11-01T08:00:00Z"));
    assert_eq!(told(first.range), "2026-10-01T08:00:00Z 2026-11-01T08:00:00Z");
    for now in ["2026-11-01T08:00:00.38Z", "2026-11-03T10:00:00.5Z", "2026-12-01T07:59:59.999Z"] {
        assert_eq!(due(&monthly, "2026-11-01T08:00:00Z", now), None, "{now}");
    }
}

#[test]
fn a_report_whose_time_is_skipped_is_about_the_time_to_the_change_of_clocks() {
    // 02:30 is skipped in Berlin on 2026-03-29, at 01:00Z.
    let nightly = schedule("name = 'n'\nschedule = 'cron(30 2 * * *)'\ntimezone = 'Europe/Berlin'\nroutes = ['mail']");
    let skipped = due(&nightly, "2026-03-28T02:00:00Z", "2026-03-29T03:00:00Z").expect("due");
    assert_eq!(told(skipped.range), "2026-03-28T01:30:00Z 2026-03-29T01:00:00Z");
    let next = due(&nightly, "2026-03-29T01:00:00Z", "2026-03-30T03:00:00Z").expect("due");
    assert_eq!(told(next.range), "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z");
}

#[test]
fn a_report_waits_an_hour_for_the_counts_of_its_end() {
    let hourly = schedule("name = 'h'\nschedule = 'cron(0 * * * *)'\nroutes = ['mail']");
    let at = |now, watermark| {
        let last = "2026-11-20T08:00:00Z";
        due_with(&hourly, last, now, watermark).map(|due| format_second(due.at.timestamp()))
    };
    assert_eq!(at("2026-11-20T09:00:00Z", Some("2026-11-20T08:45:00Z")), None);
    assert_eq!(at("2026-11-20T09:14:00Z", Some("2026-11-20T08:59:00Z")), None);
    assert_eq!(at("2026-11-20T09:15:00Z", Some("2026-11-20T09:00:00Z")).as_deref(), Some("2026-11-20T09:00:00Z"));
    // While one waits, the one before is not passed over.
    assert_eq!(at("2026-11-20T10:05:00Z", Some("2026-11-20T09:50:00Z")).as_deref(), Some("2026-11-20T09:00:00Z"));
    for watermark in [None, Some("2026-11-20T08:59:00Z")] {
        assert_eq!(at("2026-11-20T09:59:59Z", watermark), None);
        assert_eq!(at("2026-11-20T10:00:00Z", watermark).as_deref(), Some("2026-11-20T09:00:00Z"));
    }
    // A day that ended long before its report has nothing to wait for; one that ends with it has.
    let eight = due_with(&schedule(DAILY), "2026-01-06T08:00:00Z", "2026-01-07T07:30:00Z", None);
    assert_eq!(eight.map(|due| due.at), Some(time("2026-01-07T07:30:00Z")));
    let midnight = schedule("name = 'd'\nevery = 'daily'\nat = '00:00'\nroutes = ['mail']");
    let made = |now, watermark| due_with(&midnight, "2026-01-06T00:00:00Z", now, Some(watermark)).is_some();
    assert!(!made("2026-01-07T00:14:00Z", "2026-01-06T23:59:00Z"));
    assert!(made("2026-01-07T00:15:00Z", "2026-01-07T00:00:00Z"));
}

#[test]
fn a_report_was_made_by_a_clock_that_was_ahead_if_another_comes_before_its_time() {
    let daily = schedule("name = 'd'\nevery = 'daily'\nroutes = ['mail']");
    let is_ahead = |last, now| daily.is_ahead(time(last), time(now));
    assert!(is_ahead("2026-12-01T08:00:00Z", "2026-11-01T07:00:00Z"));
    assert!(is_ahead("2026-11-02T08:00:00Z", "2026-11-01T07:00:00Z"));
    // It comes next, and was made: nothing is missed.
    assert!(!is_ahead("2026-11-01T08:00:00Z", "2026-11-01T07:00:00Z"));
    assert!(!is_ahead("2026-11-01T08:00:00Z", "2026-11-01T09:00:00Z"));
    // A schedule that is known since then misses the one at eight.
    assert!(is_ahead("2026-11-01T10:00:00Z", "2026-11-01T07:00:00Z"));
}

#[test]
fn a_day_that_never_comes_is_never_due() {
    let never = schedule("name = 'n'\nschedule = 'cron(0 6 30 2 *)'\nroutes = ['mail']");
    assert_eq!(due(&never, "2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z"), None);
}

#[test]
fn what_cannot_be_is_named_with_its_place() {
    for (text, place, message) in [
        ("name = ''\nevery = 'daily'\nroutes = ['m']", "''", "a report needs a name"),
        ("name = 'n'\nevery = 'daily'\nroutes = []", "'n'", "routes is empty"),
        ("name = 'n'\nroutes = ['m']", "'n'", "the report has no schedule"),
        ("name = 'n'\nevery = 'hourly'\nroutes = ['m']", "'hourly'", "expected daily or weekly"),
        ("name = 'n'\nevery = 'daily'\nat = '8 am'\nroutes = ['m']", "'8 am'", "expected one such as 08:00"),
        ("name = 'n'\nevery = 'daily'\nat = '24:00'\nroutes = ['m']", "'24:00'", "'24:00' is no time of day"),
        ("name = 'n'\nevery = 'daily'\non = 'monday'\nroutes = ['m']", "'monday'", "on is for weekly reports"),
        ("name = 'n'\nevery = 'weekly'\non = 'someday'\nroutes = ['m']", "'someday'", "is no day of the week"),
        (
            "name = 'n'\nevery = 'daily'\ntimezone = 'Berlin'\nroutes = ['m']",
            "'Berlin'",
            "unknown time zone `Berlin`; did you mean `Europe/Berlin`?",
        ),
        ("name = 'n'\nevery = 'daily'\nlimit = 0\nroutes = ['m']", "0", "limit is 0; expected 1 to 1000 rows"),
        ("name = 'n'\nschedule = '0 8 * * *'\nroutes = ['m']", "'0 8 * * *'", "write cron(MINUTE HOUR"),
        ("name = 'n'\nschedule = 'cron(0 8 * *)'\nroutes = ['m']", "'cron(0 8 * *)'", "there are five fields"),
        (
            "name = 'n'\nschedule = 'cron(61 8 * * *)'\nroutes = ['m']",
            "'cron(61 8 * * *)'",
            "`61 8 * * *` is no schedule",
        ),
        ("name = 'n'\nschedule = 'cron(@daily)'\nroutes = ['m']", "'cron(@daily)'", "there are five fields"),
        ("name = 'n'\nschedule = 'cron(0 8 * * *)'\nat = '08:00'\nroutes = ['m']", "'08:00'", "at is for every"),
        (
            "name = 'n'\nevery = 'daily'\nschedule = 'cron(0 8 * * *)'\nroutes = ['m']",
            "'cron(0 8 * * *)'",
            "exclude each other",
        ),
    ] {
        let table: ReportTable = toml::from_str(text).expect("it can be read");
        let errors = table.schedule().expect_err(text);
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert_eq!(&text[errors[0].span.clone()], place, "{text}");
        assert!(errors[0].message.contains(message), "{text}: {}", errors[0].message);
    }
    let unknown = toml::from_str::<ReportTable>("name = 'n'\nevery = 'daily'\nroute = ['m']\nroutes = []");
    assert!(unknown.expect_err("there is no `route`").message().contains("unknown field `route`"));
}
