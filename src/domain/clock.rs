//! Seconds and minutes of UTC. CloudTrail's clock ticks in whole seconds.

use chrono::{DateTime, NaiveDate, Utc};

/// A second since 1970-01-01T00:00:00Z; reaches to the year 2106.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Second(pub u32);

/// A minute since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(pub u32);

impl Second {
    /// The minute it lies in.
    pub const fn minute(self) -> Minute {
        Minute(self.0 / 60)
    }

    /// The hour since 1970 it lies in.
    pub const fn hour(self) -> u32 {
        self.0 / 3600
    }

    /// The UTC day since 1970 it lies in.
    pub const fn day(self) -> u32 {
        self.0 / 86_400
    }
}

impl Minute {
    /// Minutes in a UTC day.
    pub const PER_DAY: u32 = 1440;
    /// Minutes in an hour.
    pub const PER_HOUR: u32 = 60;
    /// Minutes in a slot: counts by caller are kept by slots.
    pub const PER_SLOT: u32 = 5;

    /// The UTC day since 1970 it lies in.
    pub const fn day(self) -> u32 {
        self.0 / Self::PER_DAY
    }

    /// Its first second since 1970.
    pub const fn first_second(self) -> i64 {
        self.0 as i64 * 60
    }

    /// The minute that a second since 1970 lies in; `None` outside [`MinuteRange::ALL`].
    pub const fn of_second(second: i64) -> Option<Minute> {
        let minute = second.div_euclid(60);
        if 0 <= minute && minute < MinuteRange::ALL.end.0 as i64 { Some(Minute(minute as u32)) } else { None }
    }

    /// As [`Self::of_second`]; before all minutes it is the first, after them the end of [`MinuteRange::ALL`].
    pub const fn nearest(second: i64) -> Minute {
        match Self::of_second(second) {
            Some(minute) => minute,
            None if second < 0 => MinuteRange::ALL.start,
            None => MinuteRange::ALL.end,
        }
    }
}

impl std::fmt::Display for Minute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format_second(self.first_second()))
    }
}

/// A half-open range of minutes: `start` is in, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteRange {
    /// The first minute.
    pub start: Minute,
    /// The minute after the last.
    pub end: Minute,
}

impl MinuteRange {
    /// Every minute there is.
    pub const ALL: MinuteRange = MinuteRange { start: Minute(0), end: Minute(u32::MAX / 60) };

    /// Whether the range holds no minute.
    pub const fn is_empty(&self) -> bool {
        self.start.0 >= self.end.0
    }

    /// Whether the minute lies in the range.
    pub const fn contains(&self, minute: Minute) -> bool {
        self.start.0 <= minute.0 && minute.0 < self.end.0
    }

    /// The range widened to whole steps of so many minutes, as they stand on the clock of UTC.
    pub const fn widened(self, step: u32) -> MinuteRange {
        let end = self.end.0.div_ceil(step).saturating_mul(step);
        let last = Self::ALL.end.0 / step * step;
        MinuteRange { start: Minute(self.start.0 / step * step), end: Minute(if end < last { end } else { last }) }
    }
}

/// Where "now" comes from. The system's clock in the program, a fixed or stepped one in tests.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// `2026-01-05T10:00:00Z`, for any second that chrono can tell (beyond: the number).
pub fn format_second(second: i64) -> String {
    match DateTime::from_timestamp(second, 0) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        None => second.to_string(),
    }
}

/// Seconds since 1970 of a record's `eventTime`: `2026-01-05T10:00:00Z`, also with a fraction or an offset, or with a
/// space for the `T` and no zone (CloudTrail Lake: UTC). `None` if it is no such time.
pub fn parse_event_time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if let Some(seconds) = parse_plain(bytes) {
        return Some(seconds);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    chrono::NaiveDateTime::parse_from_str(plain, "%Y-%m-%d %H:%M:%S%.f").ok().map(|time| time.and_utc().timestamp())
}

/// The twenty bytes that CloudTrail itself writes, without a general parser's cost.
fn parse_plain(bytes: &[u8]) -> Option<i64> {
    let bytes: &[u8; 20] = bytes.try_into().ok()?;
    let shape = bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T' && bytes[13] == b':' && bytes[16] == b':';
    if !shape || bytes[19] != b'Z' {
        return None;
    }
    let two = |at: usize| -> Option<u32> {
        let (tens, ones) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
    };
    let year = two(0)? * 100 + two(2)?;
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(5)?, two(8)?)?;
    let days = i64::from(date.to_epoch_days());
    Some(days * 86_400 + i64::from(hour * 3600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_minute_and_one_outside_all_minutes_the_nearest() {
        for (second, of, nearest) in [
            (-1, None, 0),
            (0, Some(0), 0),
            (59, Some(0), 0),
            (60, Some(1), 1),
            (4_294_967_219, Some(71_582_786), 71_582_786),
            (4_294_967_300, None, 71_582_788),
            (i64::MAX, None, 71_582_788),
            (i64::MIN, None, 0),
        ] {
            assert_eq!(Minute::of_second(second), of.map(Minute), "{second}");
            assert_eq!(Minute::nearest(second), Minute(nearest), "{second}");
        }
        assert_eq!(Minute(29_460_125).first_second(), 1_767_607_500);
    }

    #[test]
    fn event_times_are_read_in_every_form_that_records_have() {
        for (text, expect) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2023-07-10T11:57:36Z", Some(1_688_990_256)),
            ("2023-07-10T11:57:36.999Z", Some(1_688_990_256)),
            ("2023-07-10T13:57:36+02:00", Some(1_688_990_256)),
            ("2023-07-10 11:57:36.000", Some(1_688_990_256)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2023-02-29T00:00:00Z", None),
            ("2023-07-10T24:00:00Z", None),
            ("2023-07-10", None),
            ("", None),
            ("ééééééééééééé", None),
        ] {
            assert_eq!(parse_event_time(text), expect, "{text}");
        }
    }
}
