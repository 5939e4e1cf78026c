//! Values that several tables have.

use std::ops::Range;

use toml::Spanned;

use super::Reading;
use crate::domain::{Pattern, parse_duration};

/// Seconds of a duration as written.
pub fn duration(text: &str) -> Result<u32, String> {
    let seconds = parse_duration(text)?.as_secs();
    u32::try_from(seconds).map_err(|_| format!("`{text}` is too long; a duration here is shorter than 136 years"))
}

impl Reading {
    /// A duration, in seconds.
    pub(super) fn duration(&mut self, text: &Spanned<String>) -> Option<u32> {
        duration(text.get_ref()).map_err(|message| self.wrong(text.span(), message)).ok()
    }

    /// A pattern.
    pub(super) fn pattern(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        if text.get_ref().is_empty() {
            self.wrong(text.span(), "the pattern is empty; leave the setting out to match all");
            return None;
        }
        Some(Pattern::new(text.get_ref()))
    }

    /// A name that nothing else has.
    pub(super) fn name(&mut self, name: &Spanned<String>) -> String {
        let text = name.get_ref().clone();
        let length = text.chars().count();
        if length == 0 || length > 255 {
            self.wrong(name.span(), format!("an alarm's name has 1 to 255 characters, not {length}"));
        } else if text.chars().any(|c| c.is_ascii_control()) {
            self.wrong(name.span(), "an alarm's name holds no control characters");
        }
        if !self.names.insert(text.clone()) {
            let message = format!("there is another alarm named `{text}`; names are unique among alarms of both kinds");
            self.wrong(name.span(), message);
        }
        text
    }

    /// A whole number of at least 1.
    pub(super) fn count(&mut self, number: &Spanned<i64>, what: &str) -> Option<u32> {
        let count = u32::try_from(*number.get_ref()).ok().filter(|count| *count > 0);
        if count.is_none() {
            self.wrong(number.span(), format!("{what} must be 1 or more"));
        }
        count
    }
}

/// The names in a list, for a message: `A, B and C`.
pub(super) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Where a text lies that a string value holds: exact if the value has no escapes, else the whole value.
pub(super) fn place_in(value: &Spanned<String>, at: usize) -> Range<usize> {
    let span = value.span();
    if span.len() == value.get_ref().len() + 2 {
        let start = span.start + 1 + at;
        let rest = value.get_ref().get(at..).unwrap_or_default();
        let length = rest.find(|c: char| c.is_whitespace() || "(),\"".contains(c)).unwrap_or(rest.len()).max(1);
        start..start + length
    } else {
        span
    }
}
