//! Where a period lies in the local day and week.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// A place in the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Days since 1970 on the local calendar.
    pub day: i64,
    /// The slot of the day: the time of day of the period's middle, divided by the period.
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

/// Places periods, and remembers the zone's offset within the hour.
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

    /// The place of the period that starts at `at`, in seconds since 1970: that of its middle, since a long period that
    /// begins in the evening is mostly the next day.
    pub fn place(&mut self, at: i64) -> Place {
        let middle = at + self.period / 2;
        let hour = middle.div_euclid(3600);
        if hour != self.hour && self.zone != Tz::UTC {
            self.offset = DateTime::from_timestamp(middle, 0).map_or(0, |utc| {
                i64::from(self.zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
            });
        }
        self.hour = hour;
        let local = middle + self.offset;
        let slot = local.rem_euclid(DAY) / self.period;
        Place { day: local.div_euclid(DAY), slot: usize::try_from(slot).expect("a remainder of a day is small") }
    }
}
