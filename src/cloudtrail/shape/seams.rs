//! Where a long document can be cut into documents that hold the same records.

use memchr::{memchr, memchr3, memrchr};

use super::cursor::Cursor;
use super::{lake_csv, lines};
use crate::cloudtrail::RejectReason;

/// Where a document can be cut, told from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seams {
    /// After each line.
    Lines,
    /// After each row of CSV; every part needs the header, so many bytes at the beginning.
    Rows {
        /// The header's length, its line end included.
        header: usize,
    },
    /// Between values that follow each other, with or without line ends.
    Values,
    /// Nowhere: it is no text that is known.
    None,
}

impl Seams {
    /// Tells from a document's beginning, which should hold its first line or value whole.
    pub fn of(start: &[u8]) -> Self {
        let text = lines::without_mark(start);
        let header = text.trim_ascii_start();
        if lake_csv::is_header(header) {
            let before = start.len() - header.len();
            return memchr(b'\n', header).map_or(Self::None, |end| Self::Rows { header: before + end + 1 });
        }
        if begins_with_line(text) {
            return Self::Lines;
        }
        match Cursor::new(text).peek() {
            Some(b'{' | b'[' | b'"') => Self::Values,
            _ => Self::None,
        }
    }

    /// Bytes at the beginning that every part needs.
    pub const fn header(self) -> usize {
        match self {
            Self::Rows { header } => header,
            _ => 0,
        }
    }

    /// The last place where `text`, which begins like a part, can be cut.
    pub fn last(self, text: &[u8]) -> Option<usize> {
        match self {
            // Documents without a line end may follow one that has one.
            Self::Lines => memrchr(b'\n', text).map(|end| end + 1).or_else(|| after_last_value(text)),
            Self::Rows { .. } => after_last_row(text),
            Self::Values => after_last_value(text),
            Self::None => None,
        }
    }
}

/// Whether a document is one of lines that stand alone: its first one that isn't blank is a whole JSON value, or ends
/// in one.
fn begins_with_line(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let Some(end) = memchr(b'\n', text) else { return false };
    let line = text[..end].trim_ascii();
    let value = match memchr(b'{', line) {
        Some(brace) if brace < 64 => &line[brace..],
        _ => return false,
    };
    serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok()
}

/// After the last line end that isn't within a field. As for the reader of rows, a quote opens a field where one begins
/// and nowhere else, so that a lost quote puts a few fields wrong and not all that follow.
fn after_last_row(text: &[u8]) -> Option<usize> {
    let (mut at, mut last) = (0, None);
    while let Some(end) = after_field(text, at) {
        if text[end - 1] == b'\n' {
            last = Some(end);
        }
        at = end;
    }
    last
}

/// After the comma or line end that follows the field at `at`.
fn after_field(text: &[u8], at: usize) -> Option<usize> {
    let at = if text.get(at) == Some(&b'"') { after_quoted(text, at + 1)? } else { at };
    memchr3(b',', b'\n', b'\r', &text[at..]).map(|end| at + end + 1)
}

/// After the quote that closes a field. One inside it is doubled.
fn after_quoted(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'"', &text[at..])? + 1;
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// After the last object, list or text that is whole. Damage is passed as a walk would, so that a cut hides nothing.
fn after_last_value(text: &[u8]) -> Option<usize> {
    let (mut cursor, mut last) = (Cursor::new(text), None);
    while cursor.peek().is_some() {
        cursor.eat_mark();
        match cursor.skip() {
            Ok(()) if matches!(text[cursor.at - 1], b'}' | b']' | b'"') => {
                cursor.eat(b',');
                last = Some(cursor.at);
            }
            Ok(()) => {}
            Err(fault) if fault.reason == RejectReason::Truncated => break,
            Err(fault) => match lines::next_value(text, fault.at) {
                Some(next) => cursor.at = next,
                None => break,
            },
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"eventVersion":"1.11","eventName":"De}{crypt"}"#;

    #[test]
    fn documents_that_run_together_are_cut_between_them() {
        let document = format!(r#"{{"Records":[{RECORD},{RECORD}]}}"#);
        let start = format!("{document}{document}");
        let seams = Seams::of(start.as_bytes());
        assert_eq!(seams, Seams::Values);
        assert_eq!(seams.last(start.as_bytes()), Some(start.len()));
        let cut = format!(r#"{start}{{"Records":[{RECORD},{{"event"#);
        assert_eq!(seams.last(cut.as_bytes()), Some(start.len()));
        assert_eq!(seams.last(&document.as_bytes()[..document.len() - 1]), None, "one that isn't whole");
    }

    #[test]
    fn a_document_of_many_lines_is_cut_after_its_end_alone() {
        let document = "{\n  \"Records\": [\n    {}\n  ]\n}\n";
        let text = format!("{document}{document}{{\n  \"Records\": [\n");
        let seams = Seams::of(text.as_bytes());
        assert_eq!(seams, Seams::Values);
        assert_eq!(seams.last(text.as_bytes()), Some(2 * document.len()));
    }

    #[test]
    fn a_damaged_document_costs_itself() {
        let text = format!(r#"{{"Records":[{RECORD},{{"event{RECORD}{RECORD}{{"#);
        assert_eq!(Seams::Values.last(text.as_bytes()), Some(text.len() - 1));
    }

    #[test]
    fn lines_are_cut_at_their_ends_also_after_a_blank_one() {
        for start in [format!("{RECORD}\n{RECORD}"), format!("\n\r\n {RECORD}\n{RECORD}")] {
            let seams = Seams::of(start.as_bytes());
            assert_eq!(seams, Seams::Lines, "{start}");
            assert_eq!(seams.last(start.as_bytes()), Some(start.len() - RECORD.len()));
        }
        assert_eq!(Seams::of(format!("2026-01-05T10:00:00Z {RECORD}\n").as_bytes()), Seams::Lines);
        let rest = format!("{RECORD}{RECORD}{{");
        assert_eq!(Seams::Lines.last(rest.as_bytes()), Some(rest.len() - 1), "without line ends");
    }

    #[test]
    fn rows_are_cut_where_no_field_is_open_and_need_the_header() {
        let header = "eventid,eventname,useragent\n";
        let row = "a,Decrypt,\"two\nlines, \"\"quoted\"\"\"\n";
        let text = format!("{header}{row}{row}a,Decrypt,\"two\n");
        let seams = Seams::of(text.as_bytes());
        assert_eq!(seams, Seams::Rows { header: header.len() });
        assert_eq!(seams.header(), header.len());
        assert_eq!(seams.last(text.as_bytes()), Some(header.len() + 2 * row.len()));
    }

    #[test]
    fn rows_after_one_that_lost_a_quote_are_cut_too() {
        let header = "\n\"eventid\",eventJson\n";
        let row = "a,\"{\"\"eventName\"\":\"\"Decrypt\"\",\"\"b\"\":[\"\"c\"\",{}]}\"\r\n";
        for place in row.match_indices('"').map(|(at, _)| at) {
            let mut damaged = row.to_owned();
            damaged.remove(place);
            let text = format!("{header}{row}{damaged}{}a,\"{{", row.repeat(3));
            assert_eq!(Seams::of(text.as_bytes()), Seams::Rows { header: header.len() });
            assert_eq!(Seams::Rows { header: header.len() }.last(text.as_bytes()), Some(text.len() - 4), "{place}");
        }
    }

    #[test]
    fn what_is_no_text_of_records_is_not_cut() {
        let tar = b"day/file.json\0\0\0\0\n{\"a\":1}{\"b\":2}\n";
        for start in [&tar[..], b"", b"hello\n{}\n", b"PK\x03\x04{}{}"] {
            assert_eq!(Seams::of(start), Seams::None);
            assert_eq!(Seams::None.last(start), None);
        }
    }
}
