//! What is wrong with the settings, and where, for people.

use std::fmt;

use crate::domain::{SettingError, nearest};

/// Everything that is wrong with the settings, in the order of the file, then of the variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where.
    pub place: Place,
    /// What, and what is expected.
    pub message: String,
}

/// Where a setting is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file.
    Line {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The first character that is meant, from 1.
        column: usize,
        /// How many characters are meant; at least 1.
        width: usize,
        /// The line's text.
        text: String,
    },
    /// In a variable of the environment.
    Variable(String),
}

impl Place {
    /// The place of bytes of a text. One beyond its end is its end.
    pub(super) fn of(file: &str, text: &str, span: std::ops::Range<usize>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_text = text[line_start..].lines().next().unwrap_or("");
        let line_end = line_start + line_text.len();
        let mut end = span.end.clamp(start, line_end.max(start));
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let (column, width) = (text[line_start..start].chars().count(), text[start..end].chars().count().max(1));
        let line = before.matches('\n').count() + 1;
        let file = file.to_owned();
        match secret_from(line_text) {
            Some(from) => {
                let shown = format!("{}***", &line_text[..from]);
                let stars = line_text[..from].chars().count();
                // What is meant may lie within what is not shown, or end there.
                let first = column.min(stars);
                let last = if column + width > stars { stars + 3 } else { column + width };
                Place::Line { file, line, column: first + 1, width: last - first, text: shown }
            }
            None => Place::Line { file, line, column: column + 1, width, text: line_text.to_owned() },
        }
    }
}

/// Settings whose values nobody may read in a log, and those that may hold such.
const SECRET: [&str; 12] = [
    "routing_key",
    "secret",
    "password",
    "url",
    "urls",
    "headers",
    "authorization",
    "cookie",
    "-key",
    "-token",
    "-secret",
    "-password",
];

/// Where a value begins in a line that may be a secret, however wrong the rest of the line is. One that says where a
/// secret is kept is none.
fn secret_from(line: &str) -> Option<usize> {
    let name = |before: &str| -> String {
        let name = before.trim_end().trim_end_matches(['"', '\'']);
        let start = name.rfind(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).map_or(0, |at| at + 1);
        name.get(start..).unwrap_or_default().to_lowercase()
    };
    // A name that is mistyped may be one of these too.
    let (ends, names): (Vec<&str>, Vec<&str>) = SECRET.iter().partition(|secret| secret.starts_with('-'));
    let is_secret =
        |name: &str| ends.iter().any(|end| name.ends_with(end)) || nearest(name, names.iter().copied()).is_some();
    let is_elsewhere = |value: &str| {
        let inner = value.trim_start().strip_prefix('{').map(str::trim_start);
        inner.is_some_and(|inner| ["env", "file"].iter().any(|word| inner.starts_with(word)))
    };
    line.match_indices('=').find_map(|(at, _)| {
        let value = &line[at + 1..];
        let from = at + 1 + (value.len() - value.trim_start().len());
        (is_secret(&name(&line[..at])) && !is_elsewhere(value) && from < line.len()).then_some(from)
    })
}

impl ConfigErrors {
    /// Errors of the text of a file, in the order of their places. `file` is its name, for messages.
    pub fn in_file(file: &str, text: &str, errors: Vec<SettingError>) -> Self {
        Self::of(file, text, &[], errors)
    }

    /// Errors of a text whose spans beyond its end mean variables, in the order of their places.
    pub(super) fn of(file: &str, text: &str, variables: &[String], mut errors: Vec<SettingError>) -> Self {
        errors.sort_by_key(|error| error.span.start);
        let place = |error: &SettingError| match error.span.start.checked_sub(super::overrides::beyond(text)) {
            Some(number) if number < variables.len() => Place::Variable(variables[number].clone()),
            _ => Place::of(file, text, error.span.clone()),
        };
        let each = errors.iter().map(|error| ConfigError { place: place(error), message: error.message.clone() });
        ConfigErrors(each.collect())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Variable(name) => f.write_str(name),
            Place::Line { file, line, .. } => write!(f, "{file}:{line}"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Variable(name) => write!(f, "{name}: {}", self.message),
            Place::Line { file, line, column, width, text } => {
                writeln!(f, "{file}:{line}: {}", self.message)?;
                let number = line.to_string();
                // A tab stays one, so that the mark stands below what it marks.
                let indent: String =
                    text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                writeln!(f, "  {number} | {text}")?;
                write!(f, "  {} | {indent}{}", " ".repeat(number.len()), "^".repeat(*width))
            }
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
