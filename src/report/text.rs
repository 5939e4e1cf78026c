//! Numbers and times as people read them.

use chrono::{NaiveTime, TimeDelta};

use super::data::{Change, Moment, Span};
use crate::domain::grouped;

/// `2026-01-05 10:00`; with seconds if it isn't a whole minute.
pub(super) fn moment(moment: Moment) -> String {
    let format = if moment.at.rem_euclid(60) == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    moment.local().format(format).to_string()
}

/// `2026-11-16 to 2026-11-22` of whole days, the last one included; otherwise both moments.
pub(super) fn span(span: Span) -> String {
    let (start, end) = (span.start.local(), span.end.local());
    if start.time() != NaiveTime::MIN || end.time() != NaiveTime::MIN || start >= end {
        return format!("{} to {}", moment(span.start), moment(span.end));
    }
    let (first, last) = (start.date_naive(), (end.naive_local() - TimeDelta::seconds(1)).date());
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `12.3%`, of a share in percent.
pub(super) fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 0.05 { "<0.1%".to_owned() } else { format!("{percent:.1}%") }
}

/// `+12.3%`, `new`, `gone`, or `=`.
pub(super) fn change(change: Change) -> String {
    match (change.previous, change.growth) {
        (None, _) => String::new(),
        (Some(0), _) if change.calls == 0 => "=".to_owned(),
        (Some(0), _) => "new".to_owned(),
        (Some(_), _) if change.calls == 0 => "gone".to_owned(),
        (Some(previous), _) if previous == change.calls => "=".to_owned(),
        (_, growth) => growth_text(growth.unwrap_or(0.0)),
    }
}

/// The same of amounts.
pub(super) fn change_of_amount(now: f64, before: Option<f64>) -> String {
    match before {
        None => String::new(),
        Some(before) if before <= 0.0 => if now > 0.0 { "new" } else { "=" }.to_owned(),
        Some(_) if now <= 0.0 => "gone".to_owned(),
        Some(before) => growth_text((now / before - 1.0) * 100.0),
    }
}

/// Much growth is told as a factor.
fn growth_text(percent: f64) -> String {
    match percent {
        percent if percent >= 900.0 => format!("{:.0}x", percent / 100.0 + 1.0),
        percent if percent.abs() >= 100.0 => format!("{percent:+.0}%"),
        percent => format!("{percent:+.1}%"),
    }
}
