//! A report as sections of rows: what Markdown, the page and the terminal show alike.

use super::data::{IncidentLine, Moment, Ranked, ReportData};
use super::text;
use crate::alarm::who;
use crate::domain::{dollars, grouped, signed};
use crate::tariff::QuotaOrigin;

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// `Top keys`.
    pub title: &'static str,
    /// What must be known to read it; may be empty.
    pub note: String,
    /// What stands there without a row.
    pub none: &'static str,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub name: &'static str,
    /// Whether it holds numbers, set to the right.
    pub right: bool,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// What stands there.
    Text(String),
    /// A name, with what it is called otherwise: an alias, with its key's ARN.
    Name {
        /// What people call it.
        name: String,
        /// What AWS calls it; empty if that is the same.
        detail: String,
    },
    /// A moment.
    Time(Moment),
    /// A part of 100, as a number and where there is room as a bar.
    Share(f64),
}

impl Cell {
    /// As one line of text.
    pub fn text(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Time(at) => text::moment(*at),
            Cell::Name { name, detail } if detail.is_empty() => name.clone(),
            Cell::Name { name, detail } => format!("{name} ({detail})"),
            Cell::Share(share) => text::percent(*share),
        }
    }
}

const fn left(name: &'static str) -> Column {
    Column { name, right: false }
}

const fn right(name: &'static str) -> Column {
    Column { name, right: true }
}

fn or_unknown(name: &str, unknown: &str) -> Cell {
    Cell::Text(if name.is_empty() { unknown } else { name }.to_owned())
}

impl ReportData {
    /// The figures at the top: what they are, their value, and how it changed.
    pub(super) fn figures(&self) -> Vec<(&'static str, String, String)> {
        let totals = &self.totals;
        let calls = |of: super::Change| (text::count(of.calls), text::change(of));
        let mut figures = vec![("Successful calls", calls(totals.successful))];
        for (name, of) in [
            ("Throttled", totals.throttled),
            ("Denied", totals.denied),
            ("Failed", totals.failed),
            ("Dry runs", totals.dry_run),
            ("Without a key ARN", totals.unattributed),
        ] {
            if of.calls > 0 || of.previous.is_some_and(|previous| previous > 0) {
                figures.push((name, calls(of)));
            }
        }
        if self.is_stored(self.stored_from.seconds) {
            let change = text::change_of_amount(self.spend.dollars, self.spend.previous);
            figures.push(("Spend on requests, estimated", (dollars(self.spend.dollars), change)));
        }
        if let Some(incidents) = &self.incidents {
            figures.push(("Incidents", (text::count(incidents.len() as u64), String::new())));
        }
        figures.into_iter().map(|(name, (value, change))| (name, value, change)).collect()
    }

    /// The sections, in order of what is looked at first. Those that can't have rows are left out.
    pub fn sections(&self) -> Vec<Section> {
        let mut sections: Vec<Section> = self.incidents.iter().map(|lines| incident_section(lines)).collect();
        let of = |kind| self.none_of(kind);
        let plain =
            |title, name, rows: &[Ranked]| Section { none: of(self.stored_from.minutes), ..ranking(title, name, rows) };
        let in_slots = |title, name, rows: &[Ranked]| Section {
            note: self.slots_note(),
            none: of(self.stored_from.callers),
            ..ranking(title, name, rows)
        };
        sections.push(plain("Top keys", "key", &self.keys));
        if self.totals.successful.previous.is_some() {
            sections.push(self.change_section());
        }
        sections.push(in_slots("Top callers", "caller", &self.callers));
        sections.push(in_slots("Top resources", "resource", &self.resources));
        sections.push(plain("Operations", "operation", &self.operations));
        sections.push(self.spend_section());
        sections.push(self.quota_section());
        sections
    }

    /// Whether anything of the range can be stored of what is stored from a moment on.
    fn is_stored(&self, stored_from: Option<Moment>) -> bool {
        stored_from.is_none_or(|from| from.at < self.range.end.at)
    }

    /// What stands in the place of rows.
    fn none_of(&self, stored_from: Option<Moment>) -> &'static str {
        if self.is_stored(stored_from) { "None." } else { "Nothing is stored of this range." }
    }

    /// What callers and resources are counted of, where that isn't the range.
    fn slots_note(&self) -> String {
        let span = text::span(self.callers_range);
        match self.callers_range == self.range {
            true => String::new(),
            false if self.callers_range.start.at > self.range.start.at => {
                format!("Stored, and counted, of {span} only.")
            }
            false => format!("Counted in whole slots: {span}."),
        }
    }

    fn change_section(&self) -> Section {
        let columns = vec![left("key"), right("calls"), right("before"), right("difference"), right("growth")];
        let rows = self.changes.iter().map(|row| {
            let previous = row.change.previous.unwrap_or(0);
            vec![
                name_of(row),
                Cell::Text(text::count(row.change.calls)),
                Cell::Text(text::count(previous)),
                Cell::Text(signed(row.change.calls as f64 - previous as f64)),
                Cell::Text(text::change(row.change)),
            ]
        });
        Section { title: "Largest changes", note: String::new(), none: "None.", columns, rows: rows.collect() }
    }

    fn spend_section(&self) -> Section {
        let compared = self.spend.previous.is_some();
        let mut columns = vec![left("calling account"), right("requests"), right("spend")];
        columns.extend(compared.then(|| right("growth")));
        let rows = self.spend.accounts.iter().map(|account| {
            let unpriced = if account.unpriced > 0 { " and more" } else { "" };
            let mut row = vec![
                or_unknown(&account.account, "(AWS services)"),
                Cell::Text(text::count(account.requests)),
                Cell::Text(format!("{}{unpriced}", dollars(account.dollars))),
            ];
            let change = || Cell::Text(text::change_of_amount(account.dollars, account.previous));
            row.extend(compared.then(change));
            row
        });
        let mut note = format!("Requests only, {}, without the free tier. The calling account pays.", self.spend.label);
        if self.spend.accounts.iter().any(|account| account.unpriced > 0) {
            note.push_str(" \"And more\": the price of some requests isn't known.");
        }
        Section { title: "Spend", note, none: self.none_of(self.stored_from.seconds), columns, rows: rows.collect() }
    }

    fn quota_section(&self) -> Section {
        let columns = vec![
            left("calling account"),
            left("Region"),
            left("quota"),
            right("busiest second"),
            left("at"),
            right("allowed"),
            right("used"),
            right("throttled"),
        ];
        let rows = self.quotas.iter().map(|line| {
            let allowed = match line.quota_per_second {
                None => "unknown".to_owned(),
                Some(quota) if quota.fract() == 0.0 => grouped(quota as i64),
                Some(quota) => quota.to_string(),
            };
            vec![
                or_unknown(&line.account, "(AWS services)"),
                Cell::Text(line.region.clone()),
                Cell::Text(line.pool.clone()),
                Cell::Text(grouped(line.peak_per_second.into())),
                Cell::Time(line.peak_at),
                Cell::Text(allowed),
                line.share.map_or(Cell::Text(String::new()), Cell::Share),
                Cell::Text(text::count(line.throttled)),
            ]
        });
        // All defaults are of one list.
        let date = self.quotas.iter().find_map(|line| match line.origin.as_ref()? {
            QuotaOrigin::Default { date, .. } => Some(date),
            QuotaOrigin::Operator => None,
        });
        let note = date.map(|date| {
            format!(
                "Requests a second; quotas are AWS's default of {date}, unless set by the operator. An account's own may \
                 be higher."
            )
        });
        let none = self.none_of(self.stored_from.seconds);
        Section { title: "Busiest seconds", note: note.unwrap_or_default(), none, columns, rows: rows.collect() }
    }
}

fn incident_section(lines: &[IncidentLine]) -> Section {
    let columns = vec![
        left("series"),
        left("from"),
        left("to"),
        right("calls"),
        right("expected"),
        right("excess"),
        left("cause"),
        right("share"),
        right("cost an hour"),
    ];
    let rows = lines.iter().map(|line| {
        let to = line.resolved_at.map_or_else(|| Cell::Text("goes on".to_owned()), Cell::Time);
        let whole = |number: f64| Cell::Text(text::count(number.round().max(0.0) as u64));
        let cost = line.cost_per_hour.map_or(String::new(), dollars);
        vec![
            series_of(line),
            Cell::Time(line.onset),
            to,
            whole(line.observed),
            whole(line.expected),
            Cell::Text(signed(line.excess.round())),
            Cell::Text(line.cause.as_ref().map(who).unwrap_or_default()),
            line.cause.as_ref().map_or(Cell::Text(String::new()), |cause| Cell::Share(cause.share * 100.0)),
            Cell::Text(cost),
        ]
    });
    Section { title: "Incidents", note: String::new(), none: "None.", columns, rows: rows.collect() }
}

fn ranking(title: &'static str, name: &'static str, rows: &[Ranked]) -> Section {
    let compared = rows.iter().any(|row| row.change.previous.is_some());
    let mut columns = vec![left(name), right("calls"), right("share")];
    columns.extend(compared.then(|| right("growth")));
    let rows = rows.iter().map(|row| {
        let mut cells = vec![name_of(row), Cell::Text(text::count(row.change.calls)), Cell::Share(row.share)];
        cells.extend(compared.then(|| Cell::Text(text::change(row.change))));
        cells
    });
    Section { title, note: String::new(), none: "None.", columns, rows: rows.collect() }
}

fn name_of(row: &Ranked) -> Cell {
    match &row.alias {
        Some(alias) => Cell::Name { name: alias.clone(), detail: row.name.clone() },
        None => or_unknown(&row.name, "(unknown)"),
    }
}

fn series_of(line: &IncidentLine) -> Cell {
    let more = if line.series > 1 { format!(" and {} more", line.series - 1) } else { String::new() };
    match &line.alias {
        Some(alias) => Cell::Name { name: format!("{}, {alias}{more}", line.operation), detail: line.key_arn.clone() },
        None => Cell::Text(format!("{}, {}{more}", line.operation, line.key_arn)),
    }
}
