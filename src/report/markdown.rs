//! A report as Markdown.

use super::data::ReportData;
use super::sections::{Cell, Section};
use super::text;
use crate::domain::is_obeyed;

impl ReportData {
    /// As Markdown, with tables as GitHub's.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n", plain(&self.title));
        if let Some(previous) = self.previous {
            out.push_str(&format!("Compared with {}.\n\n", text::span(previous)));
        }
        if !self.notes.is_empty() {
            out.push_str(&format!("{}\n\n", self.notes.join(" ")));
        }
        for (name, value, change) in self.figures() {
            let change = if change.is_empty() { change } else { format!(" ({change})") };
            out.push_str(&format!("- {name}: **{value}**{change}\n"));
        }
        for section in self.sections() {
            out.push_str(&format!("\n## {}\n\n", section.title));
            write_section(&section, &mut out);
        }
        out
    }
}

fn write_section(section: &Section, out: &mut String) {
    if section.rows.is_empty() {
        out.push_str(&format!("{}\n", section.none));
        return;
    }
    let mut line = |cells: Vec<String>| out.push_str(&format!("| {} |\n", cells.join(" | ")));
    line(section.columns.iter().map(|column| plain(column.name)).collect());
    line(section.columns.iter().map(|column| if column.right { "---:" } else { "---" }.to_owned()).collect());
    for row in &section.rows {
        line(row.iter().map(cell).collect());
    }
    if !section.note.is_empty() {
        out.push_str(&format!("\n{}\n", plain(&section.note)));
    }
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Name { name, detail } if !detail.is_empty() => format!("{} ({})", plain(name), plain(detail)),
        other => plain(&other.text()),
    }
}

/// A text without meaning to Markdown or a terminal: names are taken from logs, and anyone may name a bucket or a role.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(ch);
            }
            ch if is_obeyed(ch) => out.push(' '),
            ch => out.push(ch),
        }
    }
    out
}
