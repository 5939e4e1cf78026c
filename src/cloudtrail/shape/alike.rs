//! How the items of a list begin: alike, so that after a damaged one the next can be found.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

use super::cursor::Cursor;
use super::list::Items;

/// The first key of a record as CloudTrail writes it.
const RECORDS_KEY: &[u8] = b"\"eventVersion\"";

/// How a list's items begin.
pub(super) enum Alike<'a> {
    /// Objects whose first key is one of these.
    Objects([&'a [u8]; 2]),
    /// Texts that hold an object.
    Texts,
    /// Lists of columns, of which the first has this name, if it is known.
    Rows(Option<&'a [u8]>),
}

impl<'a> Alike<'a> {
    /// Tells from where a good item begins, if there was one, and the damaged one.
    pub(super) fn of(text: &'a [u8], items: Items, good: Option<usize>, damaged: usize) -> Self {
        let mut known = [good, Some(damaged)].into_iter().flatten();
        match items {
            // A damaged row may have lost its column's name.
            Items::LakeRows => Self::Rows(good.and_then(|start| first_column(text, start))),
            Items::Values if holds_text(text, good, damaged) => Self::Texts,
            Items::Values => {
                Self::Objects([known.find_map(|start| first_key(text, start)).unwrap_or(RECORDS_KEY), RECORDS_KEY])
            }
        }
    }

    /// Where the next item could begin at or after `from`. No object or row is a member's value, and nothing lies
    /// inside a text: there an object's quotes are escaped, and those of an object in a text once more.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..).unwrap_or_default();
        match self {
            Self::Objects(keys) => objects(text, from..text.len(), *keys).next(),
            Self::Texts => {
                memmem::find_iter(rest, b"\"{\\\"").map(|at| from + at).find(|&at| !text[..at].ends_with(b"\\"))
            }
            Self::Rows(column) => memchr_iter(b'[', rest).map(|at| from + at).find(|&at| {
                let cell = text[at + 1..].trim_ascii_start().strip_prefix(b"{");
                let begins = cell.is_some_and(|cell| cell.trim_ascii_start().starts_with(column.unwrap_or(b"\"")));
                begins && !is_member(text, at)
            }),
        }
    }
}

/// Whether the items are texts. A damaged one still begins like one, or has its first quote's backslash nearby.
fn holds_text(text: &[u8], good: Option<usize>, damaged: usize) -> bool {
    match good {
        Some(start) => text[start..].starts_with(b"\""),
        None => {
            let begin = &text[damaged..text.len().min(damaged + 4)];
            begin.starts_with(b"\"{") || begin.contains(&b'\\')
        }
    }
}

/// The first key of the object that begins at `start`, with its quotes.
fn first_key(text: &[u8], start: usize) -> Option<&[u8]> {
    let mut cursor = Cursor { text, at: start };
    cursor.expect(b'{').ok()?;
    cursor.peek();
    let begin = cursor.at;
    cursor.string().ok()?;
    Some(&text[begin..cursor.at])
}

/// The name of the first column of the row that begins at `start`, with its quotes.
fn first_column(text: &[u8], start: usize) -> Option<&[u8]> {
    let mut cursor = Cursor { text, at: start };
    cursor.expect(b'[').ok()?;
    first_key(text, cursor.at)
}

/// Whether the item of a list that lies there holds what could be another, which begins like it.
pub(super) fn holds_another(text: &[u8], item: &Range<usize>) -> bool {
    Alike::of(text, Items::Values, None, item.start).next(&text[..item.end], item.start + 1).is_some()
}

/// Where records could begin in a stretch of the text.
pub(super) fn records(text: &[u8], stretch: Range<usize>) -> impl Iterator<Item = usize> {
    objects(text, stretch, [RECORDS_KEY; 2])
}

/// The beginnings of such objects in a stretch of the text.
fn objects<'a>(text: &'a [u8], stretch: Range<usize>, keys: [&'a [u8]; 2]) -> impl Iterator<Item = usize> + 'a {
    let start = stretch.start;
    memchr_iter(b'{', text.get(stretch).unwrap_or_default()).map(move |at| start + at).filter(move |&at| {
        let first = text[at + 1..].trim_ascii_start();
        !is_member(text, at) && keys.iter().any(|key| first.starts_with(key))
    })
}

/// Whether the value at `at` is an object's member.
fn is_member(text: &[u8], at: usize) -> bool {
    let before = text[..at].trim_ascii_end();
    before.strip_suffix(b":").is_some_and(|key| key.trim_ascii_end().ends_with(b"\""))
}
