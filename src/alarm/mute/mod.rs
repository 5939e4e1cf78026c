//! Windows in which nothing is sent.
//!
//! Alarms are evaluated as ever. What they would have sent is held to the window's end, and sent then if the alarm is
//! still in the state that was held.

#[cfg(test)]
mod tests;

use chrono::DateTime;
use chrono_tz::Tz;
use croner::Cron;

use super::cron::last_time;
use crate::domain::Pattern;

/// Before the number of an incident of the watch in its name, which mute rules may name as they do alarms.
pub const INCIDENT_PREFIX: &str = "keytide-incident-";

/// A schedule of windows, and the alarms that are quiet in them.
#[derive(Clone, Debug)]
pub struct MuteRule {
    /// Its name.
    pub name: String,
    /// When windows begin.
    pub schedule: Schedule,
    /// How long a window is, in seconds that pass: a change of clocks doesn't change it.
    pub duration_seconds: u32,
    /// The time zone of the schedule.
    pub zone: Tz,
    /// Names of alarms, `*` and `?` allowed.
    pub alarms: Vec<Pattern>,
    /// No window begins before, seconds since 1970.
    pub start: Option<i64>,
    /// The rule ends, with a window that is open then, seconds since 1970.
    pub expire: Option<i64>,
}

/// When windows begin.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Again and again, by the clock of the rule's time zone.
    Cron(Box<Cron>),
    /// Once, seconds since 1970.
    At(i64),
}

/// A window: half-open, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first second.
    pub start: i64,
    /// The second after its last.
    pub end: i64,
}

impl MuteRule {
    /// Whether it is about an alarm.
    pub fn concerns(&self, alarm: &str) -> bool {
        self.alarms.iter().any(|pattern| pattern.matches(alarm))
    }

    /// The window that a second lies in.
    pub fn window_at(&self, second: i64) -> Option<Window> {
        let start = match &self.schedule {
            Schedule::At(start) => *start,
            Schedule::Cron(cron) => last_time(cron, self.zone, DateTime::from_timestamp(second, 0)?)?.timestamp(),
        };
        let end = start + i64::from(self.duration_seconds);
        let window = Window { start, end: self.expire.map_or(end, |expire| end.min(expire)) };
        let begins = self.start.is_none_or(|earliest| earliest <= start);
        (begins && window.start <= second && second < window.end).then_some(window)
    }
}

/// The rule that mutes an alarm at a second, with its window; of several the one whose window ends last.
pub fn muted_by<'a>(rules: &'a [MuteRule], alarm: &str, second: i64) -> Option<(&'a MuteRule, Window)> {
    let open =
        rules.iter().filter(|rule| rule.concerns(alarm)).filter_map(|rule| Some((rule, rule.window_at(second)?)));
    open.max_by_key(|(_, window)| window.end)
}
