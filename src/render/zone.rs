//! Times in a time zone.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::{Minute, parse_zone};

/// The time zone that times are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Default for Zone {
    fn default() -> Self {
        Zone(Tz::UTC)
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        parse_zone(name).map(Zone)
    }
}

impl Zone {
    /// Its IANA name.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// For people: `2026-01-05 10:00`.
    pub fn long(&self, minute: Minute) -> String {
        self.long_at(minute.first_second())
    }

    /// The same of a second since 1970, which may lie before it.
    pub fn long_at(&self, second: i64) -> String {
        self.at(second, "%Y-%m-%d %H:%M")
    }

    /// The same with seconds: `2026-01-05 10:00:30`.
    pub(super) fn long_second(&self, second: i64) -> String {
        self.at(second, "%Y-%m-%d %H:%M:%S")
    }

    /// For people, in little space: `01-05 10:00`.
    pub fn compact(&self, minute: Minute) -> String {
        self.at(minute.first_second(), "%m-%d %H:%M")
    }

    /// The same with seconds: `01-05 10:00:30`.
    pub(super) fn compact_second(&self, second: i64) -> String {
        self.at(second, "%m-%d %H:%M:%S")
    }

    /// The year of a second since 1970: `2026`.
    pub(super) fn year(&self, second: i64) -> String {
        self.at(second, "%Y")
    }

    /// For programs, RFC 3339: `2026-01-05T10:00:00Z`, outside UTC with the offset, `2026-01-05T11:00:00+01:00`.
    pub fn stamp(&self, minute: Minute) -> String {
        self.stamp_at(minute.first_second())
    }

    /// The same of a second since 1970.
    pub fn stamp_at(&self, second: i64) -> String {
        let format = if self.0 == Tz::UTC { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
        self.at(second, format)
    }

    fn at(&self, second: i64, format: &str) -> String {
        let time = DateTime::<Utc>::from_timestamp(second, 0).unwrap_or_default();
        time.with_timezone(&self.0).format(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_zone() {
        let minute = Minute(29_460_120);
        let berlin: Zone = "europe/berlin".parse().expect("a zone");
        assert_eq!(Zone::default().stamp(minute), "2026-01-05T10:00:00Z");
        assert_eq!(berlin.stamp(minute), "2026-01-05T11:00:00+01:00");
        assert_eq!(berlin.long(minute), "2026-01-05 11:00");
        assert_eq!(Zone::default().compact(minute), "01-05 10:00");
        assert_eq!(Zone::default().long_at(-90), "1969-12-31 23:58");
        assert!("Berlin".parse::<Zone>().expect_err("no zone").contains("Europe/Berlin"));
    }
}
