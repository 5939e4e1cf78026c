//! Ranges, periods and time zones as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use crate::domain::{Minute, MinuteRange, WrittenTime, format_duration, parse_duration};
use crate::render::Zone;

/// The range of a command, half-open: `--since` is in, `--until` is not. Without them it is all that is stored.
#[derive(Args, Clone, Debug, Default)]
pub struct RangeArgs {
    /// Start: 90m, 3h, 2d or 1w ago, 2026-11-01, '2026-11-01 09:30', or 2026-11-01T09:30:00Z [default: all]
    #[arg(long, value_name = "TIME")]
    pub since: Option<When>,
    /// End, not included; as --since [default: all]
    #[arg(long, value_name = "TIME")]
    pub until: Option<When>,
    /// Time zone of dates without one and of times shown: UTC, Europe/Berlin … [default: as configured, else UTC]
    #[arg(long, value_name = "NAME", env = "KEYTIDE_TIMEZONE")]
    pub timezone: Option<Zone>,
}

/// A range without a minute in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the range has no minute: {since} is not before {until}; --since comes first, --until is not included")]
pub struct EmptyRange {
    since: String,
    until: String,
}

impl RangeArgs {
    /// The time zone.
    pub fn zone(&self) -> Zone {
        self.timezone.unwrap_or_default()
    }

    /// The minutes. Both ends are cut to the minute, as CloudWatch does.
    pub fn minutes(&self, now: DateTime<Utc>) -> Result<MinuteRange, EmptyRange> {
        let zone = self.zone();
        let minute = |when: &When| when.minute(now, zone);
        let range = MinuteRange {
            start: self.since.as_ref().map_or(MinuteRange::ALL.start, minute),
            end: self.until.as_ref().map_or(MinuteRange::ALL.end, minute),
        };
        match range.is_empty() {
            false => Ok(range),
            true => Err(EmptyRange { since: zone.stamp(range.start), until: zone.stamp(range.end) }),
        }
    }
}

/// A point in time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long before now.
    Ago(TimeDelta),
    /// Then; in the time zone of the command if it has none of its own.
    At(WrittenTime),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(ago) = parse_duration(text.trim()).ok().and_then(|ago| TimeDelta::from_std(ago).ok()) {
            return Ok(When::Ago(ago));
        }
        // What it was is told before this.
        let expected = || format!("expected 90m, 3h, 2d or 1w (that long ago), {}", WrittenTime::FORMS);
        text.parse().map(When::At).map_err(|_| expected())
    }
}

impl When {
    /// The minute, kept within what minutes can tell.
    pub fn minute(&self, now: DateTime<Utc>, zone: Zone) -> Minute {
        let instant = match self {
            When::Ago(ago) => now.checked_sub_signed(*ago).unwrap_or(DateTime::UNIX_EPOCH),
            When::At(written) => written.in_zone(zone.0),
        };
        Minute::nearest(instant.timestamp())
    }
}

/// The length of a bucket, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Minutes, at least 1.
    pub minutes: u32,
}

impl Default for Period {
    fn default() -> Self {
        Period { minutes: 1 }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(Duration::from_secs(u64::from(self.minutes) * 60)))
    }
}

impl FromStr for Period {
    type Err = String;

    /// CloudWatch's rules and texts: 1, 5, 10, 20 and 30 seconds are taken as a minute, the rest are multiples of 60.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let seconds = match parse_duration(text) {
            Ok(length) => length.as_secs(),
            Err(_) => text.parse().map_err(|_| "expected seconds (60, 300) or 1m, 5m, 1h, 1d".to_owned())?,
        };
        match seconds {
            1 | 5 | 10 | 20 | 30 => Ok(Period { minutes: 1 }),
            0..60 => Err("The parameter Period must be a value in the set [ 1, 5, 10, 20, 30 ].".to_owned()),
            seconds if !seconds.is_multiple_of(60) => Err("The parameter Period must be a multiple of 60.".to_owned()),
            seconds => match u32::try_from(seconds / 60) {
                Ok(minutes) if minutes < MinuteRange::ALL.end.0 / 2 => Ok(Period { minutes }),
                _ => Err("The period is longer than sixty years.".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24T12:34:56Z.
    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_523_696, 0).expect("a time")
    }

    fn minute(text: &str, zone: &str) -> String {
        let zone: Zone = zone.parse().expect("a zone");
        Zone::default().stamp(text.parse::<When>().expect("a time").minute(now(), zone))
    }

    #[test]
    fn times_are_read_in_every_form() {
        for (text, expect) in [
            ("90m", "2026-11-24T11:04:00Z"),
            ("3h", "2026-11-24T09:34:00Z"),
            ("2d", "2026-11-22T12:34:00Z"),
            ("1w", "2026-11-17T12:34:00Z"),
            ("90s", "2026-11-24T12:33:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026-11-01 09:30", "2026-11-01T09:30:00Z"),
            ("2026-11-01T09:30:59", "2026-11-01T09:30:00Z"),
            ("2026-11-01T09:30:59Z", "2026-11-01T09:30:00Z"),
            ("2026-11-01T09:30:00+02:00", "2026-11-01T07:30:00Z"),
            ("2026-11-01T09:30+02:00", "2026-11-01T07:30:00Z"),
            ("2026-11-01 09:30-0130", "2026-11-01T11:00:00Z"),
            ("2026-11-01T09:30Z", "2026-11-01T09:30:00Z"),
            ("1969-12-31", "1970-01-01T00:00:00Z"),
            ("99999999w", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(minute(text, "UTC"), expect, "{text}");
        }
        for text in ["", "h", "3", "3x", "-3h", "3.5h", "yesterday", "2026-13-01", "2026-11-01T25:00:00Z", "é"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }

    #[test]
    fn dates_without_a_zone_are_the_commands() {
        assert_eq!(minute("2026-11-01", "Europe/Berlin"), "2026-10-31T23:00:00Z");
        assert_eq!(minute("2026-07-01", "Europe/Berlin"), "2026-06-30T22:00:00Z");
        assert_eq!(minute("2026-11-01T00:00:00Z", "Europe/Berlin"), "2026-11-01T00:00:00Z");
        // Clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
        assert_eq!(minute("2026-03-29 02:30", "Europe/Berlin"), "2026-03-29T01:00:00Z");
        assert_eq!(minute("2026-10-25 02:30", "Europe/Berlin"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn ranges_are_half_open_and_have_a_minute() {
        let args = |since: Option<&str>, until: Option<&str>| RangeArgs {
            since: since.map(|text| text.parse().expect("a time")),
            until: until.map(|text| text.parse().expect("a time")),
            timezone: None,
        };
        assert_eq!(args(None, None).minutes(now()), Ok(MinuteRange::ALL));
        let hours = args(Some("3h"), Some("1h")).minutes(now()).expect("a range");
        assert_eq!(hours.end.0 - hours.start.0, 120);
        let empty = args(Some("1h"), Some("3h")).minutes(now()).expect_err("no range").to_string();
        assert!(empty.contains("2026-11-24T11:34:00Z is not before 2026-11-24T09:34:00Z"), "{empty}");
    }

    #[test]
    fn periods_follow_cloudwatch() {
        for (text, minutes) in
            [("60", 1), ("300", 5), ("1", 1), ("30", 1), ("5m", 5), ("300s", 5), ("1h", 60), ("1d", 1440), ("420", 7)]
        {
            assert_eq!(text.parse(), Ok(Period { minutes }), "{text}");
        }
        for (text, error) in [("0", "in the set"), ("15", "in the set"), ("90", "multiple of 60"), ("x", "expected")] {
            let told = text.parse::<Period>().expect_err(text);
            assert!(told.contains(error), "{told}");
        }
        assert_eq!(Period { minutes: 120 }.to_string(), "2h");
    }
}
