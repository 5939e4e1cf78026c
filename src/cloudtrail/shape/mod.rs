//! From a document's bytes to the records in it, whatever it was wrapped in.
//!
//! What enters is one inflated document. What leaves is each record, in the document's order, as text of its own, and
//! each thing that should be a record and isn't. Trail files, lists and lines of records, LookupEvents, CloudTrail
//! Lake, EventBridge, CloudWatch Logs in its forms and records wrapped by other tools are told apart by what they hold,
//! value by value, so that a stream may mix them; but Lake's CSV, whose header says what its rows are, must begin a
//! line. The room refuses to know a document's name, and what a record means.

mod alike;
mod cursor;
mod found;
mod keys;
mod lake;
mod lake_csv;
mod lake_text;
mod lines;
mod list;
mod object;
mod recognise;
mod resume;
mod seams;
#[cfg(test)]
mod tests;
mod walk;

pub use found::{Found, Unreadable};
pub use recognise::{Shape, recognise};
pub use seams::Seams;

/// Hands each record of `document`, and each reject, to `visit` with its position: 0 for the first, rejects counted.
/// The position depends on the document alone.
///
/// The document's values may follow each other with or without line ends, and a UTF-8 byte order mark may stand before
/// each; a damaged one costs itself, and the walk goes on at the next that can be found.
///
/// # Errors
/// [`Unreadable`] when `shape` is [`Shape::Unknown`], or when a CloudTrail Lake result has too few columns.
pub fn each_record(document: &[u8], shape: Shape, visit: &mut dyn FnMut(u64, Found<'_>)) -> Result<(), Unreadable> {
    let text = lines::without_mark(document);
    let mut walker = walk::Walker::new(text, visit);
    match shape {
        Shape::Unknown => return Err(recognise::explain(document)),
        Shape::WriteTest => return Ok(()),
        Shape::LakeCsv => lake_csv::check_columns(text)?,
        _ => {}
    }
    walker.stream(cursor::Cursor::new(text));
    Ok(())
}

/// As [`each_record`], of a trail file whose list has its first item at the byte `first`, and was read up to `at`: from
/// there, where an item should begin, to the document's end.
pub(super) fn rest_of_trail(document: &[u8], first: usize, at: usize, visit: &mut dyn FnMut(u64, Found<'_>)) {
    walk::Walker::new(document, visit).rest_of_trail(first, cursor::Cursor { text: document, at });
}
