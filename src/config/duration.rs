//! Durations and retention of settings.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::settings::Keep;
use crate::domain::{SettingError, format_duration, parse_duration};

/// A duration of a setting, within a range of seconds.
pub(super) fn duration(
    written: &Spanned<String>,
    seconds: RangeInclusive<u64>,
    errors: &mut Vec<SettingError>,
) -> Option<Duration> {
    let text = written.get_ref();
    let wrong = match parse_duration(text) {
        Ok(duration) if seconds.contains(&duration.as_secs()) => return Some(duration),
        Ok(_) => {
            let [least, most] = [seconds.start(), seconds.end()].map(|end| format_duration(Duration::from_secs(*end)));
            format!("`{text}` is not between {least} and {most}")
        }
        Err(message) => message,
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
        Ok(seconds) if seconds > 0 && seconds % 86_400 == 0 => u32::try_from(seconds / 86_400).ok(),
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
