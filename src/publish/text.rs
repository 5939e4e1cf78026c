//! A page as plain text, 80 columns wide: what a terminal, a mail and a file show.

use super::page::{Page, page};
use super::picture;
use super::words::span;
use crate::alarm::{Incident, Notice, Subject};
use crate::render::spark;

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of a fact's name.
const LABEL: usize = 9;
/// Columns of the line of recent values.
const SPARK: usize = 40;

/// A notice as plain text, a line end at its end. A report is its Markdown.
pub fn text(notice: &Notice) -> String {
    match &notice.subject {
        Subject::Report(report) => format!("{}\n", report.markdown.trim_end()),
        Subject::Test { .. } => written(&page(notice), None),
        Subject::StateChange(change) => {
            let line = change.incident.as_ref().and_then(values);
            written(&page(notice), line.as_deref())
        }
    }
}

/// The picture in one line: `▁▁▁▁▁▅▇█  the last 3 h 15 min`.
fn values(incident: &Incident) -> Option<String> {
    let line = spark(&picture::values(incident), SPARK);
    let seconds = incident.picture.len() as i64 * i64::from(incident.period_seconds);
    (!line.trim().is_empty()).then(|| format!("{line}  the last {}", span(seconds)))
}

fn written(page: &Page, values: Option<&str>) -> String {
    let mut out = format!("{}\n\n", page.subject);
    wrapped(&page.lead, "", "", &mut out);
    if let Some(values) = values {
        out.push_str(values);
        out.push('\n');
    }
    if !page.facts.is_empty() {
        out.push('\n');
    }
    let blank = " ".repeat(LABEL);
    for fact in &page.facts {
        for (at, line) in fact.lines.iter().enumerate() {
            let label = format!("{:LABEL$}", fact.label);
            wrapped(line, if at == 0 { &label } else { &blank }, &blank, &mut out);
        }
    }
    if let Some(next) = &page.next {
        out.push('\n');
        command(next, &mut out);
    }
    out
}

/// Writes a text in lines of [`WIDTH`]. A word that is longer stands alone: ids and paths are copied whole.
fn wrapped(text: &str, first: &str, further: &str, out: &mut String) {
    let (mut line, mut is_empty) = (first.to_owned(), true);
    let words: Vec<&str> = text.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        // A number and its sign stay on one line.
        let sign = words.get(at + 1).filter(|next| ["%", "×"].contains(next)).map_or(0, |_| 2);
        if !is_empty && line.chars().count() + 1 + word.chars().count() + sign > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            (line, is_empty) = (further.to_owned(), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    if !is_empty {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Writes a command so that it can be copied: broken before a flag, with a backslash.
fn command(text: &str, out: &mut String) {
    let label = format!("{:LABEL$}", "Next");
    let mut line = label.clone();
    for (at, part) in text.split(" --").enumerate() {
        let part = if at == 0 { part.to_owned() } else { format!(" --{part}") };
        // Room for the backslash.
        if at > 0 && line.chars().count() + part.chars().count() + 2 > WIDTH {
            out.push_str(&line);
            out.push_str(" \\\n");
            line = " ".repeat(LABEL + 1);
        }
        line.push_str(&part);
    }
    out.push_str(&line);
    out.push('\n');
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
