//! When a failed message is tried again, and when no more.

use chrono::{DateTime, TimeDelta, Utc};

/// The longest wait between two attempts, unless a receiver asks for more.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// A receiver that asks for more than this is not believed.
const ASKED_LONGEST: TimeDelta = TimeDelta::hours(24);
/// A message that is owed for so long is given up.
pub(super) const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(3);

/// How long a receiver asks to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    For(TimeDelta),
    Until(DateTime<Utc>),
}

impl Wait {
    /// Reads `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<u32>() {
            return Some(Wait::For(TimeDelta::seconds(i64::from(seconds))));
        }
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        Some(Wait::Until(date.to_utc()))
    }

    /// When the wait ends: not before `now`, and not later than a day.
    pub(super) fn end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let end = match self {
            Wait::For(span) => now.checked_add_signed(span).unwrap_or(now + ASKED_LONGEST),
            Wait::Until(end) => end,
        };
        end.clamp(now, now + ASKED_LONGEST)
    }
}

/// The wait after the `attempts`-th failure, from 1: anything up to 2, 4, 8 … seconds, at most a quarter of an hour,
/// and at least one second. Which it is follows from the message's number, so that messages that failed together don't
/// come back together.
pub(super) fn delay(id: i64, attempts: u32) -> TimeDelta {
    let most = TimeDelta::seconds(1 << attempts.min(20)).min(LONGEST);
    let span = most.num_milliseconds() - 1_000;
    let part = mixed((id as u64) ^ (u64::from(attempts) << 48)) >> 11;
    // 53 bits, which f64 holds exactly.
    let share = part as f64 / (1_u64 << 53) as f64;
    TimeDelta::milliseconds(1_000 + (span as f64 * share) as i64)
}

/// Spreads numbers over all of 64 bits. Source: Steele, Lea, Flood, *Fast Splittable Pseudorandom Number Generators*
/// (2014), the finalizer of SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_fill_their_span() {
        for (attempts, most) in [(1, 2), (2, 4), (3, 8), (9, 512), (10, 900), (40, 900), (u32::MAX, 900)] {
            let waits: Vec<i64> = (0..2_000).map(|id| delay(id, attempts).num_milliseconds()).collect();
            let (least, largest) = (waits.iter().min().expect("some"), waits.iter().max().expect("some"));
            let mean = waits.iter().sum::<i64>() as f64 / waits.len() as f64;
            let (low, high) = (1_000.0, f64::from(most) * 1_000.0);
            assert!(*least >= 1_000 && *largest <= i64::from(most) * 1_000, "{attempts}: {least} to {largest}");
            assert!((mean - (low + high) / 2.0).abs() < (high - low) * 0.03, "{attempts}: {mean}");
        }
        assert_eq!(delay(7, 3), delay(7, 3));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:48:37Z").expect("a time").to_utc();
        let end = |text: &str| Wait::parse(text).map(|wait| (wait.end(now) - now).num_seconds());
        assert_eq!(end("120"), Some(120));
        // The example of RFC 9110, section 5.6.7.
        assert_eq!(end("Sun, 06 Nov 1994 08:49:37 GMT"), Some(60));
        assert_eq!(end("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(end("4294967295"), Some(86_400));
        assert_eq!(end("soon"), None);
        assert_eq!(end("-5"), None);
    }
}
