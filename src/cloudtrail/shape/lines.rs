//! Where values begin in documents made of lines, and where to go on after a damaged one.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

use super::cursor::Cursor;
use crate::cloudtrail::RECORD_BYTES_MAX;

/// The first key of a record as CloudTrail writes it.
pub(super) const RECORDS_KEY: &[u8] = b"\"eventVersion\"";

/// The line at the cursor, if one look shows that it is one whole record: its text, and where the next line begins.
/// Most lines of most files are, and need no second look here.
pub(super) fn whole_record<'a>(cursor: &Cursor<'a>) -> Option<(&'a [u8], usize)> {
    const FIRST_KEY: &[u8] = b"{\"eventVersion\"";
    let (before, rest) = cursor.text.split_at(cursor.at);
    // After a comma it may be the last item of a list that damage cut into, with the list's end on its line.
    let begins =
        before.is_empty() || before.strip_suffix(b"\n").is_some_and(|lines| !lines.trim_ascii_end().ends_with(b","));
    if !begins || !rest.starts_with(FIRST_KEY) {
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

/// Where a value could begin at or after `from`. It is looked for by stretches, so that a document with damage
/// everywhere is not searched to its end for each.
pub(super) fn next_value(text: &[u8], from: usize) -> Option<usize> {
    const STRETCH_BYTES: usize = 4 << 10;
    (from..text.len())
        .step_by(STRETCH_BYTES)
        .find_map(|start| next_value_in(text, start..text.len().min(start + STRETCH_BYTES)))
}

/// Where a value could begin in a stretch of the text: at the next line that begins like one, or before it at a record
/// that is no member's value, as in a list that was closed too early; or else at the next object that follows another
/// without a space.
fn next_value_in(text: &[u8], stretch: Range<usize>) -> Option<usize> {
    let Range { start, end } = stretch;
    let line = memchr_iter(b'\n', &text[start..end]).map(|line_end| start + line_end + 1).find(|at| {
        matches!(text.get(*at), Some(b'{' | b'[')) || text[*at..].starts_with(b"\"{") || is_date(&text[*at..])
    });
    let record = items_in(text, start..line.unwrap_or(end), [RECORDS_KEY; 2]).next();
    let follower = || memmem::find(&text[start..text.len().min(end + 1)], b"}{").map(|at| start + at + 1);
    record.or(line).or_else(follower)
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
/// the items of such lists begin alike, and that is no member's value.
pub(super) fn next_item(text: &[u8], keys: [&[u8]; 2], from: usize) -> Option<usize> {
    items_in(text, from..text.len(), keys).next()
}

/// Whether the item of a list that lies there holds what could be another, which begins like it.
pub(super) fn holds_another(text: &[u8], item: &Range<usize>) -> bool {
    let keys = [first_key(text, item.start).unwrap_or(RECORDS_KEY), RECORDS_KEY];
    next_item(&text[..item.end], keys, item.start + 1).is_some()
}

/// The beginnings of such items in a stretch of the text. Inside a text the key's quotes would be escaped.
fn items_in<'a>(text: &'a [u8], stretch: Range<usize>, keys: [&'a [u8]; 2]) -> impl Iterator<Item = usize> + 'a {
    let start = stretch.start;
    memchr_iter(b'{', text.get(stretch).unwrap_or_default()).map(move |at| start + at).filter(move |&at| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_value_is_found_however_far_away_it_is() {
        let record = r#"{"eventVersion":"1.11"}"#;
        for between in [0, 4_090, 4_091, 4_092, 4_093, 4_094, 4_095, 4_096, 4_097, 20_000] {
            let damage = "x".repeat(between);
            for (before, value) in [("}", "{}"), ("\n", "{}"), ("\n", "2023-07-10T {}"), (",", record)] {
                let text = format!("{damage}{before}{value}");
                assert_eq!(next_value(text.as_bytes(), 0), Some(between + 1), "{before:?} and {value} after {between}");
            }
            let member = format!("{damage}\"detail\":{record}");
            assert_eq!(next_value(member.as_bytes(), 0), None, "a member's value after {between}");
        }
    }

    #[test]
    fn a_line_is_where_to_go_on_before_what_may_be_inside_a_text_but_a_record_comes_first() {
        assert_eq!(next_value(b"a}{b\n{}", 0), Some(5));
        let text = b"a,{\"eventVersion\":\"1.11\"}\n{}";
        assert_eq!(next_value(text, 0), Some(2));
    }
}
