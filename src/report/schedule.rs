//! When a report is due, and what it is about.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use croner::Cron;

use crate::alarm::last_time;
use crate::domain::{Minute, MinuteRange, local_time};

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// How long a report waits for the counts of its range's end.
const WAIT_SECONDS: i64 = 3600;

/// A report on a schedule.
#[derive(Clone, Debug)]
pub struct ReportSchedule {
    /// Its name.
    pub name: String,
    /// Names of the routes that it goes to.
    pub routes: Vec<String>,
    /// Rows of a ranking, at most.
    pub limit: usize,
    /// Where the day begins.
    pub zone: Tz,
    pub(super) when: When,
}

/// How often.
#[derive(Clone, Debug)]
pub(super) enum When {
    /// Each day at a local time, about the day before.
    Daily(NaiveTime),
    /// Each week, about the seven days before.
    Weekly(Weekday, NaiveTime),
    /// At other times, about the time since the last one.
    Cron(Box<Cron>),
}

/// A report that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it was to be made.
    pub at: DateTime<Utc>,
    /// What it is about.
    pub range: MinuteRange,
    /// What it is compared with: as much time before.
    pub previous: MinuteRange,
    /// How its title calls it: `weekly report`.
    pub kind: String,
}

impl ReportSchedule {
    /// The report that should have been made since `last` (when one was made, or the schedule began), if any. Of
    /// several that were missed, the latest. Where the watermark lies before a report's end, that report waits for it,
    /// for an hour.
    pub fn due(&self, last: DateTime<Utc>, now: DateTime<Utc>, watermark: Option<Minute>) -> Option<Due> {
        let mut at = self.latest(now)?;
        while last < at {
            let due = self.report_of(at)?;
            let end = due.range.end;
            let has_come = watermark.is_some_and(|watermark| end <= watermark);
            if has_come || end.first_second() + WAIT_SECONDS <= now.timestamp() {
                return Some(due);
            }
            at = self.latest(at - SECOND)?;
        }
        None
    }

    /// Whether the report that was made at `last` was made by a clock that was ahead: until it is `last` again, another
    /// would be missed.
    pub fn is_ahead(&self, last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let before = last.checked_sub_signed(SECOND).and_then(|before| self.latest(before));
        before.is_some_and(|before| now < before)
    }

    /// The report of a time of the schedule.
    fn report_of(&self, at: DateTime<Utc>) -> Option<Due> {
        let date = at.with_timezone(&self.zone).date_naive();
        let (range, previous, kind) = match &self.when {
            When::Daily(_) => (self.days(date, 1)?, self.days(before(date, 1)?, 1)?, "daily report".to_owned()),
            When::Weekly(..) => (self.days(date, 7)?, self.days(before(date, 7)?, 7)?, "weekly report".to_owned()),
            When::Cron(cron) => {
                let earlier = |than: DateTime<Utc>| last_time(cron, self.zone, than - SECOND);
                let one = earlier(at)?;
                let two = earlier(one)?;
                (between(one, at)?, between(two, one)?, format!("report {}", self.name))
            }
        };
        Some(Due { at, range, previous, kind })
    }

    /// The latest time at or before now.
    fn latest(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = now.with_timezone(&self.zone).date_naive();
        let at_or_before = |time: NaiveTime, date: NaiveDate, step: u64| {
            let at = |date: NaiveDate| local_time(date.and_time(time), self.zone);
            if at(date) <= now { Some(at(date)) } else { Some(at(before(date, step)?)) }
        };
        match &self.when {
            When::Daily(time) => at_or_before(*time, today, 1),
            When::Weekly(weekday, time) => {
                let back = today.weekday().days_since(*weekday);
                at_or_before(*time, before(today, u64::from(back))?, 7)
            }
            When::Cron(cron) => last_time(cron, self.zone, now),
        }
    }

    /// So many whole local days before a date.
    fn days(&self, date: NaiveDate, count: u64) -> Option<MinuteRange> {
        let midnight = |date: NaiveDate| local_time(date.and_time(NaiveTime::MIN), self.zone);
        between(midnight(before(date, count)?), midnight(date))
    }
}

fn before(date: NaiveDate, days: u64) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(days))
}

fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<MinuteRange> {
    let minute = |time: DateTime<Utc>| Minute::of_second(time.timestamp());
    Some(MinuteRange { start: minute(start)?, end: minute(end)? })
}
