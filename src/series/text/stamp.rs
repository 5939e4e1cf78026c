//! Stamps as people and programs write them, to seconds since 1970.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;

use crate::domain::local_time;

/// Reads stamps; remembers what neighbours share.
#[derive(Clone, Debug)]
pub(super) struct Stamps {
    zone: Tz,
    /// The date of the stamp before, as written, and its midnight in seconds.
    date: [u8; 10],
    midnight: i64,
    /// The quarter of an hour of the local time before, and how far behind it UTC is, in seconds.
    quarter: i64,
    behind: i64,
}

impl Stamps {
    pub(super) fn new(zone: Tz) -> Self {
        Stamps { zone, date: [0; 10], midnight: 0, quarter: i64::MIN, behind: 0 }
    }

    /// The second of a stamp: RFC 3339, `2026-01-05 10:00:00`, `2026-01-05 10:00`, `2026-01-05`, seconds since 1970.
    /// Fractions are cut; a time without a zone is the zone's own, a date its midnight there. `None` for all else.
    pub(super) fn second(&mut self, text: &[u8]) -> Option<i64> {
        if text.len() < 10 || text[4] != b'-' {
            return unix(text);
        }
        let date: [u8; 10] = *text.first_chunk()?;
        if date != self.date {
            self.midnight = midnight(&date)?;
            self.date = date;
        }
        if text.len() == 10 {
            return Some(self.shift(self.midnight));
        }
        if !matches!(text[10], b'T' | b't' | b' ') || text.get(13) != Some(&b':') {
            return None;
        }
        let (hour, minute) = (two(text, 11)?, two(text, 14)?);
        let (second, rest) = match text.get(16) {
            Some(b':') => (two(text, 17)?, &text[19..]),
            _ => (0, &text[16..]),
        };
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let local = self.midnight + hour * 3600 + minute * 60 + second;
        match without_fraction(rest)? {
            b"" => Some(self.shift(local)),
            b"Z" | b"z" | b" UTC" => Some(local),
            offset => Some(local - offset_seconds(offset)?),
        }
    }

    /// A local time in seconds to UTC.
    fn shift(&mut self, local: i64) -> i64 {
        if self.zone == Tz::UTC {
            return local;
        }
        // Clocks change at quarters of an hour.
        let quarter = local.div_euclid(900);
        if quarter != self.quarter {
            let time = DateTime::from_timestamp(local, 0).map(|time| time.naive_utc());
            self.behind = time.map_or(0, |time| local - local_time(time, self.zone).timestamp());
            self.quarter = quarter;
        }
        local - self.behind
    }
}

fn two(text: &[u8], at: usize) -> Option<i64> {
    let digit = |at: usize| text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
    Some(i64::from(digit(at)?) * 10 + i64::from(digit(at + 1)?))
}

fn midnight(date: &[u8; 10]) -> Option<i64> {
    if date[7] != b'-' {
        return None;
    }
    let year = two(date, 0)? * 100 + two(date, 2)?;
    let (month, day) = (u32::try_from(two(date, 5)?).ok()?, u32::try_from(two(date, 8)?).ok()?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(i64::from(date.to_epoch_days()) * 86_400)
}

/// Seconds since 1970, to the year 9999.
fn unix(text: &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=12).contains(&digits) || !without_fraction(&text[digits..])?.is_empty() {
        return None;
    }
    let second = text[..digits].iter().fold(0, |number, byte| number * 10 + i64::from(byte - b'0'));
    (second < 253_402_300_800).then_some(second)
}

/// What follows a fraction of a second, if there is one. `None` if its digits are missing.
fn without_fraction(rest: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(rest) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then(|| &fraction[digits..])
}

/// `+02:00`, `-0530`, `+02`.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = two(text, 1)?;
    let minutes = match &text[3..] {
        b"" => 0,
        [b':', rest @ ..] | rest if rest.len() == 2 => two(rest, 0)?,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
