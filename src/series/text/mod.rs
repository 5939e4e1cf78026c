//! A series as text: a header that names `timestamp` and `value` among its columns, then a row a line.
//!
//! What enters are bytes, in pieces of any size; what leaves for each row are its two texts as written, the second and
//! the number that they mean. Speed matters here, a band costs less than a general parser of dates: stamps and numbers
//! are read by hand, and the day of the stamp before is remembered.

mod row;
mod stamp;
mod steps;
mod value;

use std::cmp::Ordering;

use chrono_tz::Tz;
use memchr::memchr;

use row::{Places, fields};
use stamp::Stamps;
pub use steps::Steps;
pub use value::Value;

/// A row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// The stamp as written, without quotes.
    pub timestamp: &'a [u8],
    /// The value as written, without quotes.
    pub value: &'a [u8],
    /// The stamp, in seconds since 1970.
    pub at: i64,
    /// The value; `None` if the row has none.
    pub number: Option<f64>,
}

/// Text that is no series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is no line at all.
    #[error("there is no line in it; expected a header that names the columns timestamp and value, then a row a line")]
    Empty,
    /// The header lacks a column.
    #[error("line 1 names no column '{missing}' but {found}; expected a header such as timestamp,value")]
    Column {
        /// What is missing.
        missing: &'static str,
        /// What there is.
        found: String,
    },
    /// A line ends too early or goes on too long, or its quotes don't end.
    #[error("line {line} is no row: it has {found}; expected {expected} fields separated by commas, as the header has")]
    Fields {
        /// The line, from 1.
        line: u64,
        /// What it has.
        found: String,
        /// How many the header has.
        expected: usize,
    },
    /// A stamp is no time.
    #[error(
        "line {line}: '{text}' is no time; expected 2026-01-05T10:00:00Z, '2026-01-05 10:00:00', 2026-01-05 or seconds since 1970"
    )]
    Stamp {
        /// The line, from 1.
        line: u64,
        /// The stamp as written.
        text: String,
    },
    /// A value is no number.
    #[error("line {line}: '{text}' is no number; expected one such as 12 or 0.5, or nothing where a value is missing")]
    Value {
        /// The line, from 1.
        line: u64,
        /// The value as written.
        text: String,
    },
}

/// Rows of which there should be none: how many, and the first one's line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How many.
    pub rows: u64,
    /// The first one's line, from 1.
    pub first_line: u64,
}

impl Noted {
    fn note(&mut self, line: u64) {
        if self.rows == 0 {
            self.first_line = line;
        }
        self.rows += 1;
    }
}

/// Reads a series piece by piece.
#[derive(Clone, Debug)]
pub struct Reader {
    places: Option<Places>,
    stamps: Stamps,
    line: u64,
    /// The latest stamp of a row with a value.
    latest: i64,
    unsorted: Noted,
    repeated: Noted,
    value_max: f64,
    too_large: Noted,
}

impl Reader {
    /// A reader of text whose stamps without a zone are local times of `zone`. A value further from zero than
    /// `value_max` is taken as missing.
    pub fn new(zone: Tz, value_max: f64) -> Self {
        Reader {
            places: None,
            stamps: Stamps::new(zone),
            line: 0,
            latest: i64::MIN,
            unsorted: Noted::default(),
            repeated: Noted::default(),
            value_max,
            too_large: Noted::default(),
        }
    }

    /// Gives each whole line's row to `each`, and says how many bytes that were; the rest is the start of a line, to
    /// be given again with what follows it. With `is_last` nothing follows.
    pub fn rows(&mut self, bytes: &[u8], is_last: bool, mut each: impl FnMut(Row<'_>)) -> Result<usize, TextError> {
        let mut at = 0;
        while at < bytes.len() {
            let (line, next) = match memchr(b'\n', &bytes[at..]) {
                Some(length) => (&bytes[at..at + length], at + length + 1),
                None if is_last => (&bytes[at..], bytes.len()),
                None => break,
            };
            self.line += 1;
            if let Some(row) = self.row(line)? {
                each(row);
            }
            at = next;
        }
        Ok(at)
    }

    /// Says whether all that was given was a series. Call it at the end.
    pub fn finish(&self) -> Result<(), TextError> {
        match self.places {
            Some(_) => Ok(()),
            None => Err(TextError::Empty),
        }
    }

    /// Rows that are earlier than one before them that has a value.
    pub fn unsorted(&self) -> Noted {
        self.unsorted
    }

    /// Rows of the same stamp as the latest one before them that has a value.
    pub fn repeated(&self) -> Noted {
        self.repeated
    }

    /// Rows whose value is too far from zero, and is taken as missing.
    pub fn too_large(&self) -> Noted {
        self.too_large
    }

    fn row<'a>(&mut self, line: &'a [u8]) -> Result<Option<Row<'a>>, TextError> {
        let line = line.trim_ascii_end();
        let Some(places) = &self.places else {
            // Spreadsheets put a byte-order mark before the first name.
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            if !line.is_empty() {
                self.places = Some(Places::of(line)?);
            }
            return Ok(None);
        };
        if line.is_empty() {
            return Ok(None);
        }
        let [timestamp, value] = fields(line, places).map_err(|found| TextError::Fields {
            line: self.line,
            found,
            expected: places.columns,
        })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(60).collect();
        let at = self.stamps.second(timestamp);
        let at = at.ok_or_else(|| TextError::Stamp { line: self.line, text: text(timestamp) })?;
        let number = match Value::read(value) {
            Some(Value::Number(number)) if number.abs() > self.value_max => {
                self.too_large.note(self.line);
                None
            }
            Some(Value::Number(number)) => Some(number),
            Some(Value::Missing) => None,
            None => return Err(TextError::Value { line: self.line, text: text(value) }),
        };
        match at.cmp(&self.latest) {
            Ordering::Less => self.unsorted.note(self.line),
            Ordering::Equal => self.repeated.note(self.line),
            Ordering::Greater if number.is_some() => self.latest = at,
            Ordering::Greater => {}
        }
        Ok(Some(Row { timestamp, value, at, number }))
    }
}

/// The period of a series: the median of the steps from a stamp to a later next one. `None` if there is no such step.
pub fn median_step(stamps: &[i64]) -> Option<u32> {
    let mut steps: Vec<i64> =
        stamps.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).filter(|&s| s > 0).collect();
    if steps.is_empty() {
        return None;
    }
    // Of an even number the lower middle: it is a step that there is.
    let middle = (steps.len() - 1) / 2;
    let (_, step, _) = steps.select_nth_unstable(middle);
    Some(u32::try_from(*step).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
