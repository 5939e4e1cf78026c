//! Durations as people write them.

use std::time::Duration;

const UNITS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 7 * 86_400)];

/// Seconds of a unit of time: `s`, `m`, `h`, `d` of 24 hours, `w`.
pub fn unit_seconds(unit: char) -> Option<u64> {
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| *seconds)
}

/// `300s`, `5m`, `1h`, `2d`, `1w`: a whole number and its unit. The error says what is expected, in the words of a
/// setting.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let read = || {
        let unit = text.chars().last()?;
        let digits = &text[..text.len() - unit.len_utf8()];
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number: u64 = is_number.then(|| digits.parse().ok())??;
        number.checked_mul(unit_seconds(unit)?).map(Duration::from_secs)
    };
    read().ok_or_else(|| format!("`{text}` is no duration; write a whole number and s, m, h, d or w, as in \"5m\""))
}

/// In the largest unit up to days that leaves nothing over: `90s`, `5m`, `7d`.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let fits = |unit: &&(char, u64)| seconds != 0 && seconds.is_multiple_of(unit.1) && unit.0 != 'w';
    let (name, length) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
    format!("{}{name}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_its_unit() {
        for (text, seconds) in
            [("0s", 0), ("45s", 45), ("5m", 300), ("3h", 10_800), ("2d", 172_800), ("1w", 604_800), ("007m", 420)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "5", "m", "five", "-5m", "+5m", "1.5h", "5 m", " 5m", "5M", "1h30m", "5é", "99999999999999999w"]
        {
            assert!(parse_duration(text).is_err_and(|error| error.starts_with(&format!("`{text}` is no"))), "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_in_its_largest_unit() {
        for (seconds, text) in [(0, "0s"), (90, "90s"), (300, "5m"), (7200, "2h"), (86_400, "1d"), (604_800, "7d")] {
            assert_eq!(format_duration(Duration::from_secs(seconds)), text);
        }
    }
}
