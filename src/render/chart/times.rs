//! The axis of time.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::domain::local_time;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTH: i64 = 30 * DAY;
const YEAR: i64 = 365 * DAY;
/// Steps between ticks, in seconds of the zone's clock.
const STEPS: [i64; 13] = [
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];
/// Longer ones, in months of the calendar.
const MONTH_STEPS: [i64; 3] = [1, 3, 12];

/// From seconds to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Times {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) zone: Tz,
}

/// A named moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) text: String,
    /// Whether a day begins here.
    pub(super) is_day: bool,
}

impl Times {
    pub(super) fn x(&self, at: i64) -> f64 {
        let length = (self.last - self.first).max(1) as f64;
        self.left + (at - self.first) as f64 / length * (self.right - self.left)
    }

    /// Moments with a name of about `room` pixels each, at even times of the zone's clock.
    pub(super) fn ticks(&self, room: f64) -> Vec<Tick> {
        let fit = ((self.right - self.left) / room).max(1.0) as i64;
        let length = (self.last - self.first).max(1);
        let step = Step::of(length, fit);
        let local =
            |at: i64| DateTime::from_timestamp(at, 0).unwrap_or_default().with_timezone(&self.zone).naive_local();
        let first_day = local(self.first).date();
        let moments = (0..).map_while(|count| step.moment(first_day, count));
        let moments = moments.map(|moment| (moment, local_time(moment, self.zone).timestamp()));
        let mut ticks: Vec<Tick> = Vec::new();
        for (moment, at) in moments.take_while(|(_, at)| *at <= self.last) {
            let x = self.x(at);
            // Times that a clock change skips fall on the moment of the change.
            let touches = ticks.last().is_some_and(|last| x - last.x < room / 2.0);
            if at >= self.first && !touches {
                ticks.push(Tick { x, text: step.name(moment), is_day: moment.time() == NaiveTime::MIN });
            }
        }
        ticks
    }
}

/// From one tick to the next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Seconds(i64),
    /// Steps of days would name one month twice and leave another out.
    Months(i64),
}

impl Step {
    /// The least step of which no more than `fit` lie in a range of so many seconds.
    fn of(length: i64, fit: i64) -> Self {
        let seconds = STEPS.into_iter().find(|step| length / step <= fit);
        let months = || MONTH_STEPS.into_iter().find(|step| length / (step * MONTH) <= fit);
        // Many years: whole ones, as many as it takes.
        let years = || (length / fit / YEAR + 1) * 12;
        seconds.map_or_else(|| Step::Months(months().unwrap_or_else(years)), Step::Seconds)
    }

    /// The tick of a number: the first is the day's midnight, or the first of a month at or before the day.
    fn moment(self, first_day: NaiveDate, number: i64) -> Option<NaiveDateTime> {
        match self {
            Step::Seconds(step) => {
                first_day.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::seconds(step * number))
            }
            Step::Months(step) => {
                let first = i64::from(first_day.year()) * 12 + i64::from(first_day.month0());
                let month = (first.div_euclid(step) + number) * step;
                let year = i32::try_from(month.div_euclid(12)).ok()?;
                let date = NaiveDate::from_ymd_opt(year, u32::try_from(month.rem_euclid(12)).ok()? + 1, 1)?;
                Some(date.and_time(NaiveTime::MIN))
            }
        }
    }

    fn name(self, moment: NaiveDateTime) -> String {
        let format = match self {
            Step::Months(_) => "%b %Y",
            Step::Seconds(step) if step < DAY && moment.time() != NaiveTime::MIN => "%H:%M",
            Step::Seconds(_) => "%-d %b",
        };
        moment.format(format).to_string()
    }
}
