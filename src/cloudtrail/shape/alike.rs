//! How the items of a list begin: alike, so that after a damaged one the next can be found.

use std::ops::Range;

use memchr::{memchr_iter, memmem};
use smallvec::SmallVec;

use super::cursor::Cursor;
use super::list::Items;

/// The first keys of a record as CloudTrail writes it, and with its keys sorted, of which all have `awsRegion`.
const RECORDS_KEYS: [&[u8]; 6] = [
    b"\"eventVersion\"",
    b"\"awsRegion\"",
    b"\"additionalEventData\"",
    b"\"addendum\"",
    b"\"annotation\"",
    b"\"apiVersion\"",
];

/// First keys of objects, with their quotes.
type FirstKeys<'a> = SmallVec<[&'a [u8]; 8]>;

/// How the good items of a list begin.
#[derive(Default)]
pub(super) struct Good<'a> {
    /// Where the last one begins.
    last: Option<usize>,
    /// Those of the objects, as far as they are kept.
    keys: FirstKeys<'a>,
}

impl<'a> Good<'a> {
    pub(super) fn is_none(&self) -> bool {
        self.last.is_none()
    }

    /// Notes the item that begins at `start`.
    pub(super) fn add(&mut self, text: &'a [u8], start: usize) {
        self.last = Some(start);
        let is_known = text[start..].strip_prefix(b"{").is_some_and(|rest| begins_with(rest, &self.keys));
        if !is_known && self.keys.len() < self.keys.inline_size() {
            self.keys.extend(first_key(text, start));
        }
    }
}

/// How a list's items begin.
pub(super) enum Alike<'a> {
    /// Objects whose first key is one of these, or a record's.
    Objects(FirstKeys<'a>),
    /// Texts that hold an object.
    Texts,
    /// Lists of columns, of which the first has this name, if it is known.
    Rows(Option<&'a [u8]>),
}

impl<'a> Alike<'a> {
    /// Tells from how good items begin, if there were any, and the one at `start`.
    pub(super) fn of(text: &'a [u8], items: Items, good: &Good<'a>, start: usize) -> Self {
        match items {
            // A damaged row may have lost its column's name.
            Items::LakeRows => Self::Rows(good.last.and_then(|good| first_column(text, good))),
            Items::Values if holds_text(text, good.last, start) => Self::Texts,
            Items::Values if good.keys.is_empty() => Self::Objects(first_key(text, start).into_iter().collect()),
            Items::Values => Self::Objects(good.keys.clone()),
        }
    }

    /// Where the next item could begin at or after `from`. No object or row is a member's value, and nothing lies
    /// inside a text: there an object's quotes are escaped, and those of an object in a text once more.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..).unwrap_or_default();
        match self {
            Self::Objects(keys) => objects(text, from..text.len())
                .find(|&at| begins_with(&text[at + 1..], &RECORDS_KEYS) || begins_with(&text[at + 1..], keys)),
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
pub(super) fn first_key(text: &[u8], start: usize) -> Option<&[u8]> {
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
    Alike::of(text, Items::Values, &Good::default(), item.start).next(&text[..item.end], item.start + 1).is_some()
}

/// Where records could begin in a stretch of the text.
pub(super) fn records(text: &[u8], stretch: Range<usize>) -> impl Iterator<Item = usize> {
    objects(text, stretch).filter(|at| begins_with(&text[at + 1..], &RECORDS_KEYS))
}

/// Where objects that are no member's value could begin in a stretch of the text.
pub(super) fn objects(text: &[u8], stretch: Range<usize>) -> impl Iterator<Item = usize> {
    let start = stretch.start;
    memchr_iter(b'{', text.get(stretch).unwrap_or_default())
        .map(move |at| start + at)
        .filter(|&at| text[at + 1..].trim_ascii_start().starts_with(b"\"") && !is_member(text, at))
}

/// Whether what follows an object's bracket begins with one of these keys.
fn begins_with(rest: &[u8], keys: &[&[u8]]) -> bool {
    let first = rest.trim_ascii_start();
    keys.iter().any(|key| first.starts_with(key))
}

/// Whether the value at `at` is an object's member.
fn is_member(text: &[u8], at: usize) -> bool {
    let before = text[..at].trim_ascii_end();
    before.strip_suffix(b":").is_some_and(|key| key.trim_ascii_end().ends_with(b"\""))
}
