//! CloudTrail Lake's results as CSV, and where another file that was joined to one begins.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::cursor::{Cursor, MARK};
use super::found::Unreadable;
use super::lake::missing_columns;
use super::lines;
use super::walk::{Place, Walker};
use crate::cloudtrail::RejectReason;

/// The longest header, in bytes. The bound keeps text without line ends from being searched for one again and again.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// Whether a text begins with a Lake CSV's header: a line of column names, some of which are a record's. In quotes a
/// name may be an expression.
pub(super) fn is_header(text: &[u8]) -> bool {
    let (mut line, mut known) = (header_line(text), false);
    loop {
        let begin = line.trim_ascii_start();
        let quoted = begin.strip_prefix(b"\"").and_then(|rest| Some(rest.split_at(memchr(b'"', rest)?)));
        let (name, rest) = match quoted {
            Some((name, rest)) => (name, rest[1..].trim_ascii_start()),
            None => begin.split_at(memchr(b',', begin).unwrap_or(begin.len())),
        };
        let more: &[u8] = if quoted.is_some() { b"_.$-()* ,'[]" } else { b"_.$-()* " };
        let name = name.trim_ascii();
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || more.contains(byte)) {
            return false;
        }
        known |= [&b"eventjson"[..], b"eventid", b"eventname", b"eventsource", b"eventtime"]
            .iter()
            .any(|of_record| name.eq_ignore_ascii_case(of_record));
        match rest.split_first() {
            None => return known,
            Some((b',', after)) => line = after,
            Some(_) => return false,
        }
    }
}

/// Whether a result in CSV begins at the cursor: with a header that begins a line or a file.
pub(super) fn begins(cursor: &Cursor<'_>) -> bool {
    let rest = &cursor.text[cursor.at..];
    rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || b"_\"".contains(byte))
        && begins_line(cursor)
        && is_header(rest)
}

/// Whether the cursor is where a line or a file begins.
fn begins_line(cursor: &Cursor<'_>) -> bool {
    let before = &cursor.text[..cursor.at];
    let blank = before.iter().rev().take_while(|byte| b" \t\r".contains(byte)).count();
    let before = &before[..before.len() - blank];
    before.is_empty() || before.ends_with(b"\n") || before.ends_with(MARK)
}

/// Whether the result has the columns that make a record.
pub(super) fn check_columns(text: &[u8]) -> Result<(), Unreadable> {
    let missing = missing_columns(&names(&mut reader(text.trim_ascii_start())));
    if missing.is_empty() { Ok(()) } else { Err(Unreadable::ColumnsMissing { missing: missing.join(", ") }) }
}

fn header_line(text: &[u8]) -> &[u8] {
    let (line, _) = Cursor::new(&text[..text.len().min(HEADER_BYTES_MAX)]).line();
    line.trim_ascii_end()
}

fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().flexible(true).from_reader(text)
}

/// The names in the header, in lower case.
fn names(reader: &mut csv::Reader<&[u8]>) -> Vec<String> {
    match reader.byte_headers() {
        Ok(names) => names.iter().map(|name| String::from_utf8_lossy(name.trim_ascii()).to_lowercase()).collect(),
        Err(_) => Vec::new(),
    }
}

/// Reads one row; whether there is one. The reader fails on I/O alone, which a slice hasn't, and on unequal lengths,
/// which are allowed.
fn read_row(reader: &mut csv::Reader<&[u8]>, row: &mut csv::ByteRecord) -> bool {
    matches!(reader.read_byte_record(row), Ok(true))
}

/// Whether JSON with records begins here, and no row: in CSV a quote inside a field is doubled, and a field with one
/// begins with a quote.
fn is_json(text: &[u8]) -> bool {
    const TEXT: &[u8] = b"\"{\\\"";
    let text = text.trim_ascii_start();
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return text.starts_with(TEXT);
    }
    let inside = text.iter().position(|byte| !b"[{ \n\r\t".contains(byte)).unwrap_or(text.len());
    let (brackets, rest) = text.split_at(inside);
    match brackets.trim_ascii_end().ends_with(b"{") {
        true => begins_key(rest),
        false => rest.starts_with(TEXT),
    }
}

/// Whether an object's key begins here, and no quote of a field in CSV, which is doubled.
fn begins_key(text: &[u8]) -> bool {
    text.strip_prefix(b"\"").is_some_and(|key| !key.starts_with(b"\""))
}

/// Whether a line with a time and JSON begins at the cursor.
fn is_json_after_time(cursor: &Cursor<'_>) -> bool {
    let mut json = cursor.clone();
    begins_line(cursor)
        && lines::after_time(&mut json).is_some()
        && begins_key(json.text[json.at + 1..].trim_ascii_start())
}

/// The length of a row, without the next file's header, if that begins on its line since the row has no line end.
fn before_header(row: &[u8], header: &[u8]) -> Option<usize> {
    let before = row.trim_ascii_end().strip_suffix(header)?;
    Some(before.strip_suffix(MARK).unwrap_or(before).len())
}

/// The length of a row, without the JSON that begins after the record in its last field, for the same reason.
fn before_json(text: &[u8], row: Range<usize>) -> Option<usize> {
    let mut ends = memmem::find_iter(&text[row.clone()], b"}\"").map(|at| at + 2);
    ends.find(|end| is_json(lines::without_mark(&text[row.start + end..])))
}

impl Walker<'_> {
    /// Walks a Lake result in CSV from its header on; where something else follows it, if anything does.
    pub(super) fn csv(&mut self, header: &Cursor<'_>) -> Option<usize> {
        let Cursor { text, at: start } = *header;
        let mut reader = reader(&text[start..]);
        let (names, header) = (names(&mut reader), header_line(&text[start..]));
        // No position lies beyond the text.
        let position = |reader: &csv::Reader<&[u8]>| {
            usize::try_from(reader.position().byte()).map_or(text.len(), |byte| text.len().min(start + byte))
        };
        let mut row = csv::ByteRecord::new();
        loop {
            let begin = position(&reader);
            let mut cursor = Cursor { text, at: begin };
            cursor.peek()?;
            self.mark(&cursor);
            let next_file = cursor.at;
            cursor.eat_mark();
            if begins(&cursor) || is_json(&text[cursor.at..]) || is_json_after_time(&cursor) {
                return Some(next_file);
            }
            if !read_row(&mut reader, &mut row) {
                return None;
            }
            let end = position(&reader);
            let before_header = before_header(&text[begin..end], header);
            let json = before_header.is_none().then(|| before_json(text, begin..end)).flatten();
            if let Some(length) = before_header.or(json) {
                let row_alone = &text[begin..begin + length];
                let mut alone = csv::ReaderBuilder::new().has_headers(false).from_reader(row_alone);
                read_row(&mut alone, &mut row);
            }
            self.csv_row(&names, &row, end == text.len());
            if let Some(length) = json {
                return Some(begin + length);
            }
        }
    }

    fn csv_row(&mut self, names: &[String], row: &csv::ByteRecord, is_last: bool) {
        if row.len() != names.len() {
            let reason = if is_last { RejectReason::Truncated } else { RejectReason::Malformed };
            return self.reject(reason, row.as_slice());
        }
        let columns =
            names.iter().zip(row).map(|(name, value)| std::str::from_utf8(value).map(|value| (name.as_str(), value)));
        match columns.collect::<Result<Vec<_>, _>>() {
            Ok(columns) => self.columns(&columns, row.as_slice(), Place::top()),
            Err(_) => self.reject(RejectReason::InvalidUtf8, row.as_slice()),
        }
    }
}
