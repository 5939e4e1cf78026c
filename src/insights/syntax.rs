//! What is wrong with a query: CloudWatch's text, what was expected, and where.

use std::fmt;

/// A query that isn't one. [`SyntaxError::message`] is CloudWatch's own text; as displayed, the query's line with a
/// caret under the place follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    message: String,
    expected: Option<String>,
    query: String,
    start: usize,
    end: usize,
}

/// How much of a long line is shown.
const LINE_MAX: usize = 70;
/// Columns that nothing goes beyond: the least that terminals have.
const COLUMNS_MAX: usize = 80;
/// How much of a long line is shown before the place.
const BEFORE_MAX: usize = 40;

impl SyntaxError {
    /// An error at `start..end` (byte offsets) of a query.
    pub(super) fn new(message: String, expected: Option<String>, query: &str, start: usize, end: usize) -> Self {
        Self { message, expected, query: query.to_owned(), start, end }
    }

    /// CloudWatch's text, without the prefix `Error in expression 'ID': `.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What could have stood at the place.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// Line and column (in characters) of the place, both from 1.
    pub fn place(&self) -> (usize, usize) {
        let before = &self.query[..self.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl std::error::Error for SyntaxError {}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line: Vec<&str> = self.message.lines().map(str::trim).collect();
        f.write_str(&one_line.join(" "))?;
        let (number, column) = self.place();
        let line: Vec<char> = self.query.lines().nth(number - 1).unwrap_or("").trim_end().chars().collect();
        let at = column - 1;
        let width = self.query[self.start..self.end].lines().next().unwrap_or("").chars().count().max(1);
        let first = first_shown(&line, at);
        let shown = |ch: &char| if ch.is_whitespace() { ' ' } else { *ch };
        let mut text: String = line[first..].iter().take(LINE_MAX).map(shown).collect();
        if line.len() > first + LINE_MAX {
            text.push('…');
        }
        let elided = if first > 0 { "… " } else { "" };
        let margin = if self.query.trim().contains('\n') { format!("{number} ") } else { String::new() };
        write!(f, "\n  {margin}| {elided}{text}")?;
        let indent = elided.chars().count() + at - first;
        let carets = width.min((first + LINE_MAX).saturating_sub(at)).max(1);
        let blank = " ".repeat(margin.len());
        write!(f, "\n  {blank}| {}{}", " ".repeat(indent), "^".repeat(carets))?;
        let Some(expected) = &self.expected else { return Ok(()) };
        let expected = format!("expected {expected}");
        let gutter = 2 + blank.len() + 2;
        if gutter + indent + carets + 1 + expected.chars().count() <= COLUMNS_MAX {
            return write!(f, " {expected}");
        }
        for line in wrapped(&expected, COLUMNS_MAX - gutter) {
            write!(f, "\n  {blank}| {line}")?;
        }
        Ok(())
    }
}

/// A text in lines of at most `width` characters, if its words are no longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The first character shown of a line: its first, or a word's that isn't far before the place.
fn first_shown(line: &[char], at: usize) -> usize {
    if line.len() <= LINE_MAX || at <= BEFORE_MAX {
        return 0;
    }
    let from = at - BEFORE_MAX;
    line[from..at].iter().position(|ch| ch.is_whitespace()).map_or(from, |gap| from + gap + 1)
}
