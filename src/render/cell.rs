//! Columns and cells: typed values, written for people or for programs.

use std::borrow::Cow;

use crate::domain::Minute;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: CSV header, JSON field, and in the table its title.
    pub name: String,
    /// Whether its cells are set to the right.
    pub right: bool,
    /// Whether its cells are sentences, which a narrow table wraps and doesn't cut.
    pub is_prose: bool,
}

impl Column {
    /// A column of texts, times or trends.
    pub fn left(name: impl Into<String>) -> Self {
        Self { name: name.into(), right: false, is_prose: false }
    }

    /// A column of sentences.
    pub fn prose(name: impl Into<String>) -> Self {
        Self { is_prose: true, ..Self::left(name) }
    }

    /// A column of numbers.
    pub fn right(name: impl Into<String>) -> Self {
        Self { name: name.into(), right: true, is_prose: false }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A text; ARNs are shortened in tables that would be too wide.
    Text(Cow<'a, str>),
    /// A text that means absence, with what people read instead: `(direct)`. Empty for programs.
    Absent(&'static str),
    /// A whole number.
    Count(i64),
    /// A number that may have a fraction.
    Number(f64),
    /// A share of 100, in percent.
    Share(f64),
    /// A point in time.
    Time(Minute),
    /// The same to the second: seconds since 1970.
    Second(i64),
    /// Counts over time, for people as a sparkline.
    Trend(Vec<u64>),
    /// No value: `-`, empty, `null`.
    Missing,
}

impl<'a> Cell<'a> {
    /// A borrowed text.
    pub fn text(text: &'a str) -> Self {
        Cell::Text(Cow::Borrowed(text))
    }

    /// A number, whole if the column's numbers are.
    pub fn number(value: Option<f64>, whole: bool) -> Self {
        match value {
            None => Cell::Missing,
            // Sums of calls are far below 2^53, where f64 is exact.
            Some(value) if whole => Cell::Count(value as i64),
            Some(value) => Cell::Number(value),
        }
    }
}
