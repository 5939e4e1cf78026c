//! Durations and retention as people write them.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::settings::Keep;
use crate::domain::SettingError;

const UNITS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 7 * 86_400)];

/// `300s`, `5m`, `1h`, `2d`, `1w`: a whole number and its unit; a day is 24 hours.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number: u64 = is_number.then(|| digits.parse().ok())??;
    number.checked_mul(*seconds).map(Duration::from_secs)
}

/// A duration of a setting, within a range of seconds.
pub(super) fn duration(
    written: &Spanned<String>,
    seconds: RangeInclusive<u64>,
    errors: &mut Vec<SettingError>,
) -> Option<Duration> {
    let text = written.get_ref();
    let wrong = match parse_duration(text) {
        Some(duration) if seconds.contains(&duration.as_secs()) => return Some(duration),
        Some(_) => {
            let (least, most) = (show(*seconds.start()), show(*seconds.end()));
            format!("`{text}` is not between {least} and {most}")
        }
        None => format!("`{text}` is no duration; write a whole number and s, m, h, d or w, as in \"5m\""),
    };
    errors.push(SettingError::at(written.span(), wrong));
    None
}

/// `all`, or a number of days as a duration.
pub(super) fn keep(written: &Spanned<String>, errors: &mut Vec<SettingError>) -> Option<Keep> {
    if written.get_ref() == "all" {
        return Some(Keep::All);
    }
    let days = match parse_duration(written.get_ref()).map(|duration| duration.as_secs()) {
        Some(seconds) if seconds > 0 && seconds % 86_400 == 0 => u32::try_from(seconds / 86_400).ok(),
        _ => None,
    };
    if days.is_none() {
        let text = written.get_ref();
        errors.push(SettingError::at(
            written.span(),
            format!("`{text}` is neither \"all\" nor whole days, as in \"400d\""),
        ));
    }
    days.map(Keep::Days)
}

/// With the largest unit that fits.
fn show(seconds: u64) -> String {
    let fits = |unit: &&(char, u64)| seconds != 0 && seconds.is_multiple_of(unit.1) && unit.0 != 'w';
    let (name, length) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
    format!("{}{name}", seconds / length)
}
