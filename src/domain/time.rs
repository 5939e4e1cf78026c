//! Times and time zones as people write them.

use std::str::FromStr;

use chrono::{DateTime, DurationRound, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::nearest;

/// A time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenTime {
    /// With its own offset from UTC.
    WithOffset(DateTime<Utc>),
    /// By the clock of a time zone that is told elsewhere; a date is its midnight.
    Local(NaiveDateTime),
}

impl WrittenTime {
    /// How times are written, for messages.
    pub const FORMS: &str = "2026-11-01, 2026-11-01 09:30 or 2026-11-01T09:30:00Z";

    /// The moment, in a time zone if it has none of its own.
    pub fn in_zone(self, zone: Tz) -> DateTime<Utc> {
        match self {
            WrittenTime::WithOffset(instant) => instant,
            WrittenTime::Local(local) => local_time(local, zone),
        }
    }
}

impl FromStr for WrittenTime {
    type Err = String;

    /// A date; or a date, `T` or a blank, and hours and minutes, with seconds or without, with an offset or without.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const LOCAL: [&str; 4] = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
        let trimmed = text.trim();
        if let Ok(instant) = DateTime::parse_from_rfc3339(trimmed) {
            return Ok(WrittenTime::WithOffset(instant.to_utc()));
        }
        let with_offset = |form: &&str| DateTime::parse_from_str(trimmed, &format!("{form}%#z")).ok();
        if let Some(instant) = LOCAL.iter().find_map(with_offset) {
            return Ok(WrittenTime::WithOffset(instant.to_utc()));
        }
        if let Some(local) = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(trimmed, form).ok()) {
            return Ok(WrittenTime::Local(local));
        }
        match NaiveDate::parse_from_str(trimmed, "%Y-%m-%d") {
            Ok(date) => Ok(WrittenTime::Local(date.and_time(NaiveTime::MIN))),
            Err(_) => Err(format!("`{text}` is no time; write {}", Self::FORMS)),
        }
    }
}

/// A time zone by its IANA name, in whatever case.
pub fn parse_zone(name: &str) -> Result<Tz, String> {
    let find = |is_meant: &dyn Fn(&str) -> bool| TZ_VARIANTS.iter().find(|zone| is_meant(zone.name()));
    if let Some(zone) = find(&|known| known.eq_ignore_ascii_case(name)) {
        return Ok(*zone);
    }
    let of_city = || find(&|known| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name)));
    let meant = nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
    Err(match meant.or_else(|| of_city().map(|zone| zone.name())) {
        Some(meant) => format!("unknown time zone `{name}`; did you mean `{meant}`?"),
        None => format!("unknown time zone `{name}`; write a name like \"Europe/Berlin\""),
    })
}

/// The moment of a local time. One that occurs twice is the first, one that a clock change skips is the moment of the
/// change.
pub fn local_time(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    const QUARTER: TimeDelta = TimeDelta::minutes(15);
    if let Some(time) = zone.from_local_datetime(&local).earliest() {
        return time.to_utc();
    }
    // Clocks are changed at a quarter of an hour.
    let mut tried = local.duration_trunc(QUARTER).unwrap_or(local);
    // No clock change skips more than a day (Samoa, 2011).
    for _ in 0..=96 {
        if let Some(time) = zone.from_local_datetime(&tried).earliest() {
            return time.to_utc();
        }
        // Beyond all days there is no clock change.
        let Some(later) = tried.checked_add_signed(QUARTER) else { break };
        tried = later;
    }
    local.and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, expect) in [
            ("2026-11-01", "2026-10-31T23:00:00Z"),
            ("2026-11-01 09:30", "2026-11-01T08:30:00Z"),
            ("2026-11-01T09:30", "2026-11-01T08:30:00Z"),
            ("2026-11-01 09:30:59", "2026-11-01T08:30:59Z"),
            ("2026-11-01T09:30:59", "2026-11-01T08:30:59Z"),
            ("2026-11-01T09:30:59Z", "2026-11-01T09:30:59Z"),
            ("2026-11-01 09:30:59+02:00", "2026-11-01T07:30:59Z"),
            ("2026-11-01T09:30Z", "2026-11-01T09:30:00Z"),
            ("2026-11-01 09:30-0130", "2026-11-01T11:00:00Z"),
            (" 2026-11-01T09:30:59.5Z ", "2026-11-01T09:30:59.5Z"),
            // Clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
            ("2026-03-29 02:30", "2026-03-29T01:00:00Z"),
            ("2026-03-29 02:10", "2026-03-29T01:00:00Z"),
            ("2026-03-29 02:59:59", "2026-03-29T01:00:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            let written: WrittenTime = text.parse().expect(text);
            assert_eq!(written.in_zone(Tz::Europe__Berlin), expect.parse::<DateTime<Utc>>().expect("a time"), "{text}");
        }
        for text in ["", "soon", "09:30:00", "2026-13-01", "2026-11-01T25:00:00Z", "2026-11-01T", "é"] {
            let told = text.parse::<WrittenTime>().expect_err(text);
            assert_eq!(told, format!("`{text}` is no time; write {}", WrittenTime::FORMS));
        }
    }

    #[test]
    fn times_at_the_ends_of_the_calendar_have_a_moment_in_every_zone() {
        for text in ["+262142-12-31 23:59", "+262142-12-31T23:59:59", "-262143-01-01", "-262143-01-01 00:01"] {
            let written: WrittenTime = text.parse().expect(text);
            for zone in [Tz::UTC, Tz::America__New_York, Tz::Asia__Tokyo] {
                let day = written.in_zone(zone) - written.in_zone(Tz::UTC);
                assert!(day.abs() <= TimeDelta::days(1), "{text} in {zone}");
            }
        }
    }

    #[test]
    fn a_zone_that_nobody_knows_is_told_with_the_one_that_may_be_meant() {
        assert_eq!(parse_zone("europe/berlin"), Ok(Tz::Europe__Berlin));
        for (name, meant) in [
            ("Europe/Berlim", "did you mean `Europe/Berlin`?"),
            ("new_york", "did you mean `America/New_York`?"),
            ("Atlantis", "write a name like \"Europe/Berlin\""),
        ] {
            assert_eq!(parse_zone(name), Err(format!("unknown time zone `{name}`; {meant}")));
        }
    }
}
