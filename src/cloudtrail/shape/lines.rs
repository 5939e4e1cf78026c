//! Where values begin in documents made of lines, and where to go on after a damaged one.

use memchr::{memchr, memchr_iter, memmem};

use super::cursor::Cursor;
use crate::cloudtrail::RECORD_BYTES_MAX;

/// The line at the cursor, if one look shows that it is one whole record: its text, and where the next line begins.
/// Most lines of most files are, and need no second look here.
pub(super) fn whole_record<'a>(cursor: &Cursor<'a>) -> Option<(&'a [u8], usize)> {
    const FIRST_KEY: &[u8] = b"{\"eventVersion\"";
    if !cursor.text[cursor.at..].starts_with(FIRST_KEY) {
        return None;
    }
    let (line, next) = cursor.line();
    let line = line.trim_ascii_end();
    if !line.ends_with(b"}") || line.len() > RECORD_BYTES_MAX {
        return None;
    }
    // `}{` or `},{`: it may be records that run together.
    let follows_another = |at: usize| {
        let before = line[..at].trim_ascii_end();
        before.strip_suffix(b",").map_or(before, <[u8]>::trim_ascii_end).ends_with(b"}")
    };
    (!memchr_iter(b'{', line).any(follows_another)).then_some((line, next))
}

/// Passes what CloudWatch Logs puts before a record in a line of text: a time, and for some tools the stream's name.
/// `None`, and the cursor stays, if the line doesn't begin so.
pub(super) fn after_time(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.peek()?;
    if !is_date(&cursor.text[cursor.at..]) {
        return None;
    }
    let (line, _) = cursor.line();
    let brace = memchr(b'{', line)?;
    if !line[brace - 1].is_ascii_whitespace() {
        return None;
    }
    cursor.at += brace;
    Some(())
}

/// Where a value could begin at or after `from`: the next line that begins like one, or else, in what is left of a
/// single line, the next object that follows another without a space.
pub(super) fn next_value(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let line = memchr_iter(b'\n', rest).map(|end| from + end + 1).find(|at| {
        matches!(text.get(*at), Some(b'{' | b'[')) || text[*at..].starts_with(b"\"{") || is_date(&text[*at..])
    });
    line.or_else(|| memmem::find(rest, b"}{").map(|end| from + end + 1))
}

/// The first key of the object that begins at `start`, with its quotes.
pub(super) fn first_key(text: &[u8], start: usize) -> Option<&[u8]> {
    let mut cursor = Cursor { text, at: start };
    cursor.expect(b'{').ok()?;
    cursor.peek();
    let begin = cursor.at;
    cursor.string().ok()?;
    Some(&text[begin..cursor.at])
}

/// Where the next item of a list could begin at or after `from`: at an object whose first key is one of `keys`, since
/// the items of such lists begin alike, and that is no member's value. Inside a text the key's quotes would be escaped.
pub(super) fn next_item(text: &[u8], keys: [&[u8]; 2], from: usize) -> Option<usize> {
    memchr_iter(b'{', text.get(from..)?).map(|at| from + at).find(|&at| {
        let (before, first) = (text[..at].trim_ascii_end(), text[at + 1..].trim_ascii_start());
        let member = before.strip_suffix(b":").is_some_and(|key| key.trim_ascii_end().ends_with(b"\""));
        !member && keys.iter().any(|key| first.starts_with(key))
    })
}

/// Whether the text begins with a date as in `2023-07-10T`.
fn is_date(text: &[u8]) -> bool {
    let form = b"0000-00-00";
    text.len() > form.len()
        && form.iter().zip(text).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form })
}
