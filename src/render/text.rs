//! A table for people, fitted to the width there is.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table, presets};

use super::cell::{Cell, Column};
use super::shorten::{Level, Names, middle};
use super::spark::spark;
use super::words::wrapped;
use super::zone::Zone;
use crate::domain::{decimal, grouped, printable};

/// No name is cut shorter than this.
const NAME_MIN: usize = 8;

/// Sentences are wrapped at no fewer characters.
const PROSE_MIN: usize = 24;

/// How a table is made to fit.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fit {
    names: Level,
    trend: usize,
    /// Whether times go without their year, and titles have a line for each word.
    is_compact: bool,
    /// Blanks between columns.
    gap: u16,
}

const fn fit(names: Level, trend: usize, is_compact: bool) -> Fit {
    Fit { names, trend, is_compact, gap: 2 }
}

/// The ways to fit, the first that does is taken.
const FITS: [Fit; 12] = [
    fit(Level::Full, 24, false),
    fit(Level::Full, 12, false),
    fit(Level::Bare, 24, false),
    fit(Level::Bare, 12, false),
    fit(Level::Cut, 24, false),
    fit(Level::Cut, 12, false),
    fit(Level::Cut, 12, true),
    fit(Level::Cut, 8, true),
    fit(Level::Lean, 12, true),
    fit(Level::Lean, 8, true),
    fit(Level::Tight, 8, true),
    Fit { gap: 1, ..fit(Level::Tight, 8, true) },
];

/// A column's cells: as text for each way to fit.
enum Cells {
    Names(Names),
    Times { long: Vec<String>, compact: Vec<String>, year: Option<String> },
    Trends(Vec<Vec<u64>>),
    Prose(Vec<String>),
    Fixed(Vec<String>),
}

/// Writes a table of at most `width` characters a line, if that can be; `None`: as wide as it gets. A line below says
/// what zone times are in and how names were shortened.
pub fn table(
    columns: &[Column],
    rows: &[Vec<Cell<'_>>],
    width: Option<usize>,
    zone: Zone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let cells: Vec<Cells> = columns.iter().enumerate().map(|(at, column)| Cells::of(rows, at, column, zone)).collect();
    let total = |fit: Fit| -> usize {
        let widths = columns.iter().zip(&cells).map(|(column, cells)| widest(&title(column, fit), &cells.texts(fit)));
        widths.sum::<usize>() + usize::from(fit.gap) * columns.len().saturating_sub(1)
    };
    let last = FITS[FITS.len() - 1];
    let chosen = match width {
        None => FITS[0],
        Some(width) => FITS.into_iter().find(|fit| total(*fit) <= width).unwrap_or(last),
    };
    let titles: Vec<String> = columns.iter().map(|column| title(column, chosen)).collect();
    let mut texts: Vec<Vec<String>> = cells.iter().map(|cells| cells.texts(chosen)).collect();
    for (cells, texts) in cells.iter().zip(&mut texts) {
        if let Cells::Prose(sentences) = cells {
            let wide = width.map(|width| widest("", texts).max(PROSE_MIN) + width.saturating_sub(total(chosen)));
            *texts = sentences.iter().map(|sentence| wrapped(sentence, wide)).collect();
        }
    }
    let excess = width.map_or(0, |width| total(chosen).saturating_sub(width));
    if excess > 0 {
        cut_names(&titles, &cells, &mut texts, excess);
    }
    write_grid(columns, &titles, &texts, chosen.gap, out)?;
    let notes = notes(&cells, chosen, zone);
    let joined = notes.join(" ");
    let fits = width.is_none_or(|width| joined.chars().count() <= width);
    match (notes.is_empty(), fits) {
        (true, _) => Ok(()),
        (false, true) => writeln!(out, "\n{joined}"),
        (false, false) => writeln!(out, "\n{}", notes.join("\n")),
    }
}

/// What a line below says: which times are meant, and how names were shortened.
fn notes(cells: &[Cells], chosen: Fit, zone: Zone) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    notes.extend(cells.iter().find_map(|cells| match cells {
        Cells::Times { year: Some(year), .. } if chosen.is_compact => {
            Some(format!("Times are {}, of {year}.", zone.name()))
        }
        Cells::Times { long, .. } if !long.is_empty() => Some(format!("Times are {}.", zone.name())),
        _ => None,
    }));
    let stands_for = cells.iter().filter_map(|cells| match cells {
        Cells::Names(Names { stands_for: Some(stands_for), .. }) => Some(format!("… stands for {stands_for}.")),
        _ => None,
    });
    match chosen.names {
        Level::Full => {}
        Level::Bare | Level::Cut => notes.extend(stands_for),
        Level::Lean | Level::Tight => notes.push("Names are cut; --output json has them whole.".to_owned()),
    }
    notes.dedup();
    notes
}

impl Cells {
    fn of(rows: &[Vec<Cell<'_>>], at: usize, of: &Column, zone: Zone) -> Cells {
        let column = || rows.iter().filter_map(|row| row.get(at));
        if column().any(|cell| matches!(cell, Cell::Time(_) | Cell::Second(_))) {
            let long = |cell: &Cell<'_>| match cell {
                Cell::Time(minute) => zone.long(*minute),
                Cell::Second(second) => zone.long_second(*second),
                other => fixed(other),
            };
            let compact = |cell: &Cell<'_>| match cell {
                Cell::Time(minute) => zone.compact(*minute),
                Cell::Second(second) => zone.compact_second(*second),
                other => fixed(other),
            };
            let year_of = |cell: &Cell<'_>| match cell {
                Cell::Time(minute) => Some(zone.year(minute.first_second())),
                Cell::Second(second) => Some(zone.year(*second)),
                _ => None,
            };
            let long: Vec<String> = column().map(long).collect();
            let mut years = column().filter_map(year_of);
            // Without its year, a time is told only if all are of the same one, which a line below names.
            return match years.next().filter(|first| years.all(|year| year == *first)) {
                Some(year) => Cells::Times { long, compact: column().map(compact).collect(), year: Some(year) },
                None => Cells::Times { compact: long.clone(), long, year: None },
            };
        }
        if column().any(|cell| matches!(cell, Cell::Trend(_))) {
            let values = |cell: &Cell<'_>| if let Cell::Trend(values) = cell { values.clone() } else { vec![] };
            return Cells::Trends(column().map(values).collect());
        }
        let texts = column().map(fixed).collect();
        if of.is_prose {
            return Cells::Prose(texts);
        }
        // Numbers may come as texts, and are not cut.
        match !of.right && column().any(|cell| matches!(cell, Cell::Text(_))) {
            true => Cells::Names(Names::of(texts)),
            false => Cells::Fixed(texts),
        }
    }

    fn texts(&self, fit: Fit) -> Vec<String> {
        match self {
            Cells::Names(names) => names.at(fit.names).to_vec(),
            Cells::Times { long, compact, .. } => if fit.is_compact { compact } else { long }.clone(),
            Cells::Trends(trends) => trends.iter().map(|values| spark(values, fit.trend)).collect(),
            Cells::Prose(texts) => texts.iter().map(|text| wrapped(text, Some(PROSE_MIN))).collect(),
            Cells::Fixed(texts) => texts.clone(),
        }
    }
}

fn fixed(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => printable(text).into_owned(),
        Cell::Absent(text) => (*text).to_owned(),
        Cell::Count(number) => grouped(*number),
        Cell::Number(number) => decimal(*number),
        Cell::Share(share) => format!("{share:.1}%"),
        Cell::Time(_) | Cell::Second(_) | Cell::Trend(_) | Cell::Missing => "-".to_owned(),
    }
}

/// A column's title, in lines.
fn title(column: &Column, fit: Fit) -> String {
    if fit.is_compact { column.name.replace(' ', "\n") } else { column.name.clone() }
}

fn widest(title: &str, texts: &[String]) -> usize {
    title.lines().chain(texts.iter().flat_map(|text| text.lines())).map(|text| text.chars().count()).max().unwrap_or(0)
}

/// Cuts the names of the widest columns until `excess` characters are gone.
fn cut_names(titles: &[String], cells: &[Cells], texts: &mut [Vec<String>], excess: usize) {
    let mut widths: Vec<usize> = titles.iter().zip(texts.iter()).map(|(title, texts)| widest(title, texts)).collect();
    let may_shrink = |at: usize, width: usize| {
        matches!(cells[at], Cells::Names(_)) && width > NAME_MIN.max(widest(&titles[at], &[]))
    };
    for _ in 0..excess {
        let widest = (0..widths.len()).filter(|at| may_shrink(*at, widths[*at])).max_by_key(|at| widths[*at]);
        let Some(at) = widest else { break };
        widths[at] -= 1;
    }
    for (at, column) in texts.iter_mut().enumerate() {
        if !matches!(cells[at], Cells::Names(_)) {
            continue;
        }
        for text in column.iter_mut().filter(|text| text.chars().count() > widths[at]) {
            *text = middle(text, widths[at]);
        }
    }
}

fn write_grid(
    columns: &[Column],
    titles: &[String],
    texts: &[Vec<String>],
    gap: u16,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut grid = Table::new();
    grid.load_preset(presets::NOTHING).set_header(titles);
    let rows = texts.iter().map(Vec::len).max().unwrap_or(0);
    for row in 0..rows {
        grid.add_row(texts.iter().map(|column| column.get(row).map_or("", String::as_str)));
    }
    for (at, column) in columns.iter().enumerate() {
        if let Some(set) = grid.column_mut(at) {
            let right = if at + 1 < columns.len() { gap } else { 0 };
            set.set_padding((0, right));
            set.set_cell_alignment(if column.right { CellAlignment::Right } else { CellAlignment::Left });
        }
    }
    for line in grid.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
