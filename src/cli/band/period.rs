//! The length of a band's period.

use std::str::FromStr;

use crate::domain::parse_duration;

/// A length of time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BandPeriod {
    pub(super) seconds: u32,
}

impl FromStr for BandPeriod {
    type Err = String;

    /// `300`, `300s`, `5m`, `1h`, `1d`, from a minute to a day.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        let seconds = match parse_duration(text) {
            Ok(length) => length.as_secs(),
            Err(_) if is_number => text.parse().unwrap_or(u64::MAX),
            Err(_) => return Err("expected seconds, 300s, or 5m, 1h, 1d".to_owned()),
        };
        match u32::try_from(seconds) {
            Ok(seconds @ 60..=86_400) => Ok(BandPeriod { seconds }),
            _ => Err("a period is 60 s to 86400 s (a day)".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_seconds_or_lengths_of_time() {
        for (text, seconds) in [("300", 300), ("300s", 300), ("5m", 300), ("1h", 3600), ("1d", 86_400), ("90s", 90)] {
            assert_eq!(text.parse(), Ok(BandPeriod { seconds }), "{text}");
        }
        for text in ["", "s", "m", "5x", "0", "30s", "2d", "-5m", "99999999999999999999"] {
            assert!(text.parse::<BandPeriod>().is_err(), "{text}");
        }
    }
}
