//! A report as a page of its own.

use minijinja::{Environment, context};
use serde::Serialize;

use super::data::ReportData;
use super::sections::{Cell, Column, Section};
use super::text;

/// The page's template. Its name ends in `.html`, so that everything in it is escaped.
const PAGE: &str = include_str!("page.html");

#[derive(Serialize)]
struct Figure {
    name: &'static str,
    value: String,
    change: String,
}

#[derive(Serialize)]
struct Table {
    title: &'static str,
    none: &'static str,
    note: String,
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<Shown>>,
}

#[derive(Serialize)]
struct Shown {
    column: &'static str,
    class: &'static str,
    text: String,
    detail: String,
    /// Percent of a bar.
    bar: Option<f64>,
}

impl ReportData {
    /// As HTML: one page without anything from elsewhere, for light and dark screens, wide and narrow.
    pub fn html(&self) -> String {
        let mut templates = Environment::new();
        templates.add_template("page.html", PAGE).expect("the page's template is used in a test");
        let page = templates.get_template("page.html").expect("it was just added");
        let figures = self.figures().into_iter().map(|(name, value, change)| Figure { name, value, change });
        let tables: Vec<Table> = self.sections().iter().map(Table::of).collect();
        page.render(context! {
            title => self.title,
            previous => self.previous.map(text::span),
            notes => self.notes.join(" "),
            zone => self.range.start.zone.name(),
            figures => figures.collect::<Vec<_>>(),
            tables => tables,
        })
        .expect("the page's template is used in a test")
    }
}

impl Table {
    fn of(section: &Section) -> Self {
        let shown = |row: &Vec<Cell>| {
            let cells = section.columns.iter().zip(row);
            cells.map(|(column, cell)| Shown::of(column, cell)).collect()
        };
        Table {
            title: section.title,
            none: section.none,
            note: section.note.clone(),
            columns: section.columns.iter().map(|column| (column.name, column.right)).collect(),
            rows: section.rows.iter().map(shown).collect(),
        }
    }
}

impl Shown {
    fn of(column: &Column, cell: &Cell) -> Self {
        let class = match cell {
            Cell::Time(_) => "time",
            _ if column.right => "right",
            _ => "",
        };
        let (text, detail, bar) = match cell {
            Cell::Name { name, detail } => (name.clone(), detail.clone(), None),
            Cell::Share(share) => (cell.text(), String::new(), Some(share.clamp(0.0, 100.0))),
            Cell::Text(_) | Cell::Time(_) => (cell.text(), String::new(), None),
        };
        Shown { column: column.name, class, text, detail, bar }
    }
}
