//! The axis of time.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::domain::local_time;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Steps between ticks, in seconds of the zone's clock.
const STEPS: [i64; 16] = [
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
    30 * DAY,
    91 * DAY,
    365 * DAY,
];

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
        let step = STEPS.into_iter().find(|step| length / step <= fit);
        // Many years: whole ones, as many as it takes.
        let step = step.unwrap_or_else(|| (length / fit / (365 * DAY) + 1) * 365 * DAY);
        let local =
            |at: i64| DateTime::from_timestamp(at, 0).unwrap_or_default().with_timezone(&self.zone).naive_local();
        let midnight = local(self.first).date().and_time(NaiveTime::MIN);
        let moments = (0..).map_while(|count| midnight.checked_add_signed(TimeDelta::seconds(step * count)));
        let moments = moments.map(|moment| (moment, local_time(moment, self.zone).timestamp()));
        let mut ticks: Vec<Tick> = Vec::new();
        for (moment, at) in moments.take_while(|(_, at)| *at <= self.last) {
            let x = self.x(at);
            // Times that a clock change skips fall on the moment of the change.
            let touches = ticks.last().is_some_and(|last| x - last.x < room / 2.0);
            if at >= self.first && !touches {
                ticks.push(Tick { x, text: name(moment, step, length), is_day: moment.time() == NaiveTime::MIN });
            }
        }
        ticks
    }
}

fn name(moment: NaiveDateTime, step: i64, length: i64) -> String {
    let format = match moment.time() == NaiveTime::MIN {
        _ if length > 300 * DAY => "%b %Y",
        true => "%-d %b",
        false if step < DAY => "%H:%M",
        false => "%-d %b",
    };
    moment.format(format).to_string()
}
