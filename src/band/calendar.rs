//! Where a moment lies in the local day and week.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// A place in the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Days since 1970 on the local calendar.
    pub day: i64,
    /// The slot of the day: its start divided by the period.
    pub slot: usize,
}

impl Place {
    /// The day of the week, 0 on Thursday (1970 began on one).
    pub fn weekday(day: i64) -> usize {
        usize::try_from(day.rem_euclid(7)).expect("a remainder of 7 is small")
    }

    /// Whether a day is a Saturday or a Sunday.
    pub fn is_weekend(day: i64) -> bool {
        matches!(Self::weekday(day), 2 | 3)
    }
}

/// Places moments, and remembers the zone's offset within the hour.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    zone: Tz,
    period: i64,
    hour: i64,
    offset: i64,
}

impl Calendar {
    pub fn new(zone: Tz, period_seconds: u32) -> Self {
        Calendar { zone, period: i64::from(period_seconds), hour: i64::MIN, offset: 0 }
    }

    /// Slots of a day, the last possibly shorter.
    pub fn slots(&self) -> usize {
        usize::try_from((DAY + self.period - 1) / self.period).expect("a day has few periods")
    }

    /// The place of a moment in seconds since 1970.
    pub fn place(&mut self, at: i64) -> Place {
        let hour = at.div_euclid(3600);
        if hour != self.hour && self.zone != Tz::UTC {
            self.offset = DateTime::from_timestamp(at, 0).map_or(0, |utc| {
                i64::from(self.zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
            });
        }
        self.hour = hour;
        let local = at + self.offset;
        let slot = local.rem_euclid(DAY) / self.period;
        Place { day: local.div_euclid(DAY), slot: usize::try_from(slot).expect("a remainder of a day is small") }
    }
}
