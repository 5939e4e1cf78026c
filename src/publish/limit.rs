//! How many messages a route takes in a time.

use std::collections::VecDeque;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::parse_duration;

/// Longer spans are mistakes, and the longest lie before all time.
const SPAN_MAX: TimeDelta = TimeDelta::days(366);

/// At most so many messages within any span of so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Messages.
    pub messages: u32,
    /// The span.
    pub within: TimeDelta,
}

impl FromStr for RateLimit {
    type Err = String;

    /// Reads `20/1h`: messages, and a span from a second to a year.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected messages/span, such as 20/1h or 5/10m, with a span up to 366d";
        let wrong = || format!("`{text}` is no rate limit; {expected}");
        let (messages, span) = text.split_once('/').ok_or_else(wrong)?;
        let messages: u32 = messages.trim().parse().map_err(|_| wrong())?;
        let span = parse_duration(span.trim()).map_err(|_| wrong())?;
        let within = TimeDelta::from_std(span).map_err(|_| wrong())?;
        match messages == 0 || messages > 100_000 || within <= TimeDelta::zero() || within > SPAN_MAX {
            true => Err(wrong()),
            false => Ok(RateLimit { messages, within }),
        }
    }
}

/// When a route last took messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    sent: VecDeque<DateTime<Utc>>,
}

impl Pace {
    /// Of a route that took messages at these times, ascending.
    pub(super) fn since(sent: Vec<DateTime<Utc>>) -> Self {
        Pace { sent: sent.into() }
    }

    /// Takes note of a message at `now`, or says from when on there is room for one.
    pub(super) fn take(&mut self, limit: RateLimit, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        // What lies ahead was noted before the clock was set back: it would hold messages up for as long.
        self.sent.retain(|sent| *sent <= now && *sent > now - limit.within);
        match self.sent.front() {
            Some(first) if self.sent.len() >= limit.messages as usize => Err(*first + limit.within),
            _ => {
                self.sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_764_000_000 + second, 0).expect("a time")
    }

    #[test]
    fn a_limit_is_read_and_a_wrong_one_says_how_it_is_written() {
        let limit = |text: &str| text.parse::<RateLimit>();
        assert_eq!(limit("20/1h"), Ok(RateLimit { messages: 20, within: TimeDelta::hours(1) }));
        assert_eq!(limit("5 / 90s"), Ok(RateLimit { messages: 5, within: TimeDelta::seconds(90) }));
        assert_eq!(limit("1/1w"), Ok(RateLimit { messages: 1, within: TimeDelta::weeks(1) }));
        for text in ["", "20", "0/1h", "20/0h", "20/h", "x/1h", "20/1y", "-1/1h", "1/4000000000d"] {
            assert!(limit(text).is_err_and(|error| error.contains("20/1h")), "{text}");
        }
    }

    #[test]
    fn no_span_holds_more_messages_than_the_limit() {
        let limit = RateLimit { messages: 2, within: TimeDelta::seconds(10) };
        let mut pace = Pace::default();
        assert_eq!(
            [0, 6, 7, 9, 10, 11, 16].map(|second| pace.take(limit, at(second)).is_ok()),
            [true, true, false, false, true, false, true]
        );
        assert_eq!(pace.take(limit, at(17)), Err(at(20)));
    }

    #[test]
    fn a_clock_that_jumps_back_frees_the_route() {
        let limit = RateLimit { messages: 1, within: TimeDelta::seconds(10) };
        let mut pace = Pace::default();
        assert_eq!(pace.take(limit, at(1_000)), Ok(()));
        assert_eq!(pace.take(limit, at(0)), Ok(()));
        assert_eq!(pace.take(limit, at(1)), Err(at(10)));
    }
}
