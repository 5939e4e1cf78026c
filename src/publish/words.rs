//! How shares, times and names read in messages.

use chrono::{DateTime, Utc};

use crate::alarm::IncidentSeries;
use crate::domain::{grouped, printable};

/// A part of a whole, which is 1: `98 %`, `<1 %`, `>99 %`.
pub(super) fn percent(fraction: f64) -> String {
    match fraction {
        fraction if fraction > 0.0 && fraction < 0.01 => "<1 %".to_owned(),
        fraction if fraction > 0.99 && fraction < 1.0 => ">99 %".to_owned(),
        fraction => format!("{:.0} %", fraction * 100.0),
    }
}

/// How many times as many: `128 ×`, `1.4 ×`.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.1} ×") } else { format!("{} ×", grouped(ratio.round() as i64)) }
}

/// A span of time: `40 s`, `15 min`, `1 h 25 min`, `2 d 3 h`.
pub(super) fn span(seconds: i64) -> String {
    let two = |large: i64, unit: &str, small: i64, part: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {part}"),
    };
    match seconds.max(0) {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds if seconds < 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        seconds => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// A time as programs read it: `2026-11-24T02:40:00Z`.
pub(super) fn stamp(second: i64) -> String {
    formatted(second, "%Y-%m-%dT%H:%M:%SZ")
}

/// A day: `Tue 2026-11-24`.
pub(super) fn day(second: i64) -> String {
    formatted(second, "%a %Y-%m-%d")
}

/// A time of day, with the day before it unless that is the day of `beside`: `02:40`, `11-23 22:10`.
pub(super) fn clock(second: i64, beside: i64) -> String {
    let is_same_day = second.div_euclid(86_400) == beside.div_euclid(86_400);
    formatted(second, if is_same_day { "%H:%M" } else { "%m-%d %H:%M" })
}

/// A time of day to the second: `02:52:13`.
pub(super) fn clock_second(second: i64) -> String {
    formatted(second, "%H:%M:%S")
}

fn formatted(second: i64, format: &str) -> String {
    DateTime::<Utc>::from_timestamp(second, 0).unwrap_or_default().format(format).to_string()
}

/// A key as people call it: its alias, else its id.
pub(super) fn key(series: &IncidentSeries) -> &str {
    series.alias.as_deref().unwrap_or_else(|| key_id(&series.key_arn))
}

/// The id in a key's ARN; the text itself if it is none.
pub(super) fn key_id(arn: &str) -> &str {
    arn.split_once(":key/").map_or(arn, |(_, id)| id)
}

/// Operation and outcome: `Decrypt`, `denied Decrypt`.
pub(super) fn calls(operation: &str, metric: &str) -> String {
    match metric {
        "ThrottledRequest" => format!("throttled {operation}"),
        "DeniedRequest" => format!("denied {operation}"),
        "FailedRequest" => format!("failed {operation}"),
        "DryRunRequest" => format!("dry-run {operation}"),
        _ => operation.to_owned(),
    }
}

/// A text of at most `most` characters, `…` at its end if it was cut, in one line as [`line()`] has it.
pub(super) fn cut(text: &str, most: usize) -> String {
    let clean = line(text);
    match clean.chars().count() <= most {
        true => clean,
        false => clean.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A text as one line that does nothing to a terminal.
pub(super) fn line(text: &str) -> String {
    printable(text).into_owned()
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
