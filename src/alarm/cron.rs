//! Schedules as CloudWatch writes those of its mute rules: `cron(0 2 * * 1)`.

use chrono::{DateTime, LocalResult, NaiveDateTime, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, JobType};

use crate::domain::local_time;

const FIELDS: &str = "there are five fields: minute, hour, day of the month, month, day of the week";

/// How a schedule is written, for messages.
pub const CRON_FORM: &str = "cron(MINUTE HOUR DAY MONTH WEEKDAY), as cron(0 2 * * 1)";

/// Reads `cron(MINUTE HOUR DAY MONTH WEEKDAY)`; `None` if it is nothing of the form `cron(…)`.
pub fn read_cron(text: &str) -> Option<Result<Cron, String>> {
    let fields = text.strip_prefix("cron(")?.strip_suffix(')')?.trim();
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    Some(match parser.parse(fields) {
        Ok(cron) if fields.split_whitespace().count() == 5 => Ok(cron),
        // Names such as `@daily`, which CloudWatch doesn't know.
        Ok(_) => Err(format!("`{fields}` is no schedule; {FIELDS}")),
        Err(error) => {
            let error = error.to_string();
            let reason = error.trim_start_matches("Component error: ").trim_end_matches('.').to_lowercase();
            Err(format!("`{fields}` is no schedule: {reason}; {FIELDS}"))
        }
    })
}

/// The last time of a schedule that is not after `at`, by the clock of a place; none if there never was one.
///
/// Where that clock is put forward, a time that is skipped is the moment of the change; a schedule for every hour has
/// none to make up for. Where it is put back, a time that comes twice counts twice, except that of a schedule with one
/// time of day.
pub fn last_time(cron: &Cron, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    const DAY: TimeDelta = TimeDelta::days(1);
    // croner hands parts of a second on.
    let at = at.trunc_subsecs(0);
    let shown = |time: DateTime<Utc>| time.with_timezone(&zone).naive_local();
    let by_now = shown(at);
    // What the clock would show had it not been put back since yesterday: it showed later times than now then.
    let mut asked = by_now.max(shown(at.checked_sub_signed(DAY)?).checked_add_signed(DAY)?);
    let mut last = None;
    loop {
        // In UTC croner meets no change of clocks.
        let Ok(named) = cron.find_previous_occurrence(&asked.and_utc(), true) else { return last };
        let named = named.naive_utc();
        last = moments(cron, zone, named).into_iter().flatten().filter(|time| *time <= at).max().max(last);
        if last.is_some() && named <= by_now {
            return last;
        }
        asked = named.checked_sub_signed(TimeDelta::seconds(1))?;
    }
}

/// When a place's clock shows a time that the schedule names.
fn moments(cron: &Cron, zone: Tz, named: NaiveDateTime) -> [Option<DateTime<Utc>>; 2] {
    match zone.from_local_datetime(&named) {
        LocalResult::Single(time) => [Some(time.to_utc()), None],
        LocalResult::Ambiguous(first, second) => {
            let counts_twice = cron.determine_job_type() == JobType::IntervalWildcard;
            [Some(first.to_utc()), counts_twice.then(|| second.to_utc())]
        }
        LocalResult::None => {
            let is_made_up_for = !cron.pattern.hours.is_all_set();
            [is_made_up_for.then(|| local_time(named, zone)), None]
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn cron(fields: &str) -> Cron {
        read_cron(&format!("cron({fields})")).expect("the form").expect("a schedule")
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn the_last_time_is_a_whole_second_whenever_it_is_asked_for() {
        for at in ["2026-11-03T08:00:00Z", "2026-11-03T08:00:00.37Z", "2026-11-03T08:00:59.999Z"] {
            assert_eq!(last_time(&cron("0 8 * * *"), Tz::UTC, time(at)), Some(time("2026-11-03T08:00:00Z")), "{at}");
        }
        let before = last_time(&cron("0 8 * * *"), Tz::UTC, time("2026-11-03T07:59:59.999Z"));
        assert_eq!(before, Some(time("2026-11-02T08:00:00Z")));
    }

    #[test]
    fn a_schedule_for_every_hour_goes_by_what_the_clock_shows_over_its_changes() {
        // Berlin's clock is put back by an hour, and forward; Lord Howe's by half an hour.
        let changes = [
            (BERLIN, "2026-10-25T01:00:00Z"),
            (BERLIN, "2026-03-29T01:00:00Z"),
            (Tz::Australia__Lord_Howe, "2026-04-04T15:00:00Z"),
            (Tz::Australia__Lord_Howe, "2026-10-03T15:30:00Z"),
        ];
        for (zone, change) in changes {
            for (fields, minutes) in
                [("0 * * * *", &[0][..]), ("*/20 * * * *", &[0, 20, 40]), ("7,37 * * * *", &[7, 37])]
            {
                let cron = cron(fields);
                let mut last = None;
                for minute in -360..360 {
                    let at = time(change) + TimeDelta::minutes(minute);
                    if minutes.contains(&at.with_timezone(&zone).minute()) {
                        last = Some(at);
                    }
                    if last.is_some() {
                        assert_eq!(last_time(&cron, zone, at), last, "{fields} in {zone} at {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_time_that_is_skipped_is_the_moment_of_the_change() {
        // 02:00 to 03:00 is skipped at 01:00Z.
        let change = time("2026-03-29T01:00:00Z");
        for fields in ["30 2 * * *", "10 2 * * *", "15,45 2 * * *", "0 1-5 * * *"] {
            assert_eq!(last_time(&cron(fields), BERLIN, change + TimeDelta::minutes(5)), Some(change), "{fields}");
        }
        let before = last_time(&cron("15,45 2 * * *"), BERLIN, change - TimeDelta::seconds(1));
        assert_eq!(before, Some(time("2026-03-28T01:45:00Z")));
        // Samoa had no 30 December 2011.
        let samoa = last_time(&cron("0 12 30 12 *"), Tz::Pacific__Apia, time("2011-12-31T00:00:00Z"));
        assert_eq!(samoa, Some(time("2011-12-30T10:00:00Z")));
    }

    #[test]
    fn a_time_that_comes_twice_counts_twice_unless_it_is_the_only_one_of_a_day() {
        // 02:00 to 03:00 comes from 00:00Z and again from 01:00Z.
        for (fields, at, expected) in [
            ("30 2 * * *", "2026-10-25T01:50:00Z", "2026-10-25T00:30:00Z"),
            ("15,45 2 * * *", "2026-10-25T01:20:00Z", "2026-10-25T01:15:00Z"),
            ("15,45 2 * * *", "2026-10-25T01:10:00Z", "2026-10-25T00:45:00Z"),
            ("0 1-5 * * *", "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z"),
        ] {
            assert_eq!(last_time(&cron(fields), BERLIN, time(at)), Some(time(expected)), "{fields} at {at}");
        }
    }
}
