//! Where values begin in documents made of lines, and where to go on after a damaged one.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

use super::alike;
use super::cursor::{Cursor, MARK};
use super::lake_csv;
use super::list::Items;
use crate::cloudtrail::{RECORD_BYTES_MAX, RejectReason};

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
    // `}{` or `},{`: it may be records that run together, or files, of which each has a byte order mark.
    let follows_another = |at: usize| {
        let before = line[..at].trim_ascii_end();
        match before.last() {
            Some(b',') => before[..before.len() - 1].trim_ascii_end().ends_with(b"}"),
            Some(0xbf) => before.strip_suffix(MARK).is_some_and(|before| before.trim_ascii_end().ends_with(b"}")),
            last => last == Some(&b'}'),
        }
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
    stretches(text, from).find_map(|stretch| next_value_in(text, stretch))
}

/// The stretches of the text from a place on.
pub(super) fn stretches(text: &[u8], from: usize) -> impl Iterator<Item = Range<usize>> {
    const STRETCH_BYTES: usize = 4 << 10;
    let end = text.len();
    (from..end).step_by(STRETCH_BYTES).map(move |start| start..end.min(start + STRETCH_BYTES))
}

/// Where a value could begin in a stretch of the text: at the next line that begins like one, or before it at a record
/// that is no member's value, as in a list that was closed too early; or else at the next object that follows another
/// without a space, of which the last bracket may be the one that was too much.
pub(super) fn next_value_in(text: &[u8], stretch: Range<usize>) -> Option<usize> {
    let Range { start, end } = stretch;
    let line = memchr_iter(b'\n', &text[start..end])
        .map(|line_end| start + line_end + 1)
        .find(|at| begins_value(without_mark(&text[*at..])));
    let before_line = start..line.unwrap_or(end);
    let record = alike::records(text, before_line.clone()).next();
    // The next file begins with a mark, if it has one.
    let marked = memmem::find_iter(&text[start..text.len().min(before_line.end + MARK.len() - 1)], MARK)
        .map(|at| start + at)
        .find(|at| text[..*at].trim_ascii_end().ends_with(b"}") && begins_value(&text[*at + MARK.len()..]));
    let last = start.saturating_sub(1);
    let follower = || memmem::find(&text[last..text.len().min(end + 1)], b"}{").map(|at| last + at + 1);
    record.into_iter().chain(marked).min().or(line).or_else(follower)
}

/// Whether a line begins like a value, or like a Lake result in CSV.
fn begins_value(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'{' | b'['))
        || line.starts_with(b"\"{")
        || is_date(line)
        || lake_csv::begins(&Cursor::new(line))
}

/// The text without a UTF-8 byte order mark.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Whether what follows a list is what follows an object's member.
pub(super) fn is_after_member(cursor: &Cursor<'_>) -> bool {
    let mut next = cursor.clone();
    match next.peek() {
        Some(b',') => {
            next.eat(b',') && next.key().map_or_else(|fault| fault.reason == RejectReason::Truncated, |_| true)
        }
        Some(byte) => byte == b'}',
        None => true,
    }
}

/// Passes a comma, if there is one, before a list's item; whether there is an item.
pub(super) fn eat_to_item(cursor: &mut Cursor<'_>, items: Items) -> bool {
    let mut next = cursor.clone();
    let after_comma = next.eat(b',');
    let begins = match next.peek() {
        Some(b'[') => after_comma || items == Items::LakeRows,
        Some(b'{') => after_comma || items == Items::Values,
        _ => next.text[next.at..].starts_with(b"\"{"),
    };
    if begins {
        *cursor = next;
    }
    begins
}

/// Whether a text in a list, before the cursor, ends early because a quote in it is damaged: what follows is no list's
/// then.
pub(super) fn is_cut_text(text: &[u8], cursor: &Cursor<'_>) -> bool {
    let mut next = cursor.clone();
    let mut is_followed = || next.peek() == Some(b']') || next.eat(b',') && next.peek() != Some(b'\\');
    !text.ends_with(b"}\"") && !is_followed()
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
