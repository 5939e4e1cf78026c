//! What is wrong with the settings, and where, for people.

use std::fmt;

use crate::domain::SettingError;

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
        Place::Line {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: text[start..end].chars().count().max(1),
            text: line_text.to_owned(),
        }
    }
}

impl ConfigErrors {
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
