//! Values that several tables have.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;

use super::Reading;
use crate::alarm::pattern::Pattern;

/// A length of time as written: `300s`, `5m`, `1h`, `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    /// In seconds.
    pub seconds: u32,
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no length of time; write it as 300s, 5m, 1h or 2d");
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u32 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(unit).map(|seconds| Duration { seconds }).ok_or_else(wrong)
    }
}

impl fmt::Display for Duration {
    /// In the largest unit that leaves nothing over.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let fits = |(size, _): &(u32, &str)| self.seconds != 0 && self.seconds.is_multiple_of(*size);
        let (size, unit) = units.into_iter().find(fits).unwrap_or((1, "s"));
        f.pad(&format!("{}{unit}", self.seconds / size))
    }
}

impl Reading {
    /// A length of time.
    pub(super) fn duration(&mut self, text: &Spanned<String>) -> Option<u32> {
        match text.get_ref().parse::<Duration>() {
            Ok(duration) => Some(duration.seconds),
            Err(message) => {
                self.wrong(text.span(), message);
                None
            }
        }
    }

    /// A pattern.
    pub(super) fn pattern(&mut self, text: &Spanned<String>) -> Option<Pattern> {
        match Pattern::new(text.get_ref()) {
            Ok(_) if text.get_ref().is_empty() => {
                self.wrong(text.span(), "the pattern is empty; leave the setting out to match all");
                None
            }
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.wrong(text.span(), format!("`{}` is no pattern: {error}", text.get_ref()));
                None
            }
        }
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
