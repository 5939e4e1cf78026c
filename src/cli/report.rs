//! `keytide report`: what happened in a range.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use chrono::{DateTime, Utc};
use clap::{Subcommand, ValueEnum};

use super::Global;
use super::exit::{Exit, Failure};
use super::question::width;
use super::range::RangeArgs;
use super::settings::settings_without_secrets;
use super::system::{SystemClock, data_dir};
use crate::alarm::Incident;
use crate::domain::{Clock, Minute, MinuteRange};
use crate::render::{self, Zone};
use crate::report::{Asked, ReportData, build};
use crate::series::{CountKind, Counts, SeriesError};
use crate::store::Store;
use crate::tariff::{PriceList, QuotaList};
use crate::watch::incidents_since;

/// Flags of `keytide report`.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    report: Report,
}

impl Args {
    /// The time zone of the range.
    pub(super) fn timezone(&mut self) -> &mut Option<Zone> {
        let Report::Top(args) = &mut self.report;
        &mut args.range.timezone
    }
}

#[derive(Subcommand, Clone, Debug)]
enum Report {
    /// Top keys, callers and resources, what changed, what it cost, and the busiest seconds
    ///
    /// Usage follows the key: accounts of keys are their owners. Spend and quotas follow the calling account.
    Top(TopArgs),
}

/// Flags of `keytide report top`.
#[derive(clap::Args, Clone, Debug)]
struct TopArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Compare with as much time right before
    #[arg(long)]
    previous: bool,
    /// Rows of a ranking, at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// How the report is written
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// How a report is written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Output {
    /// For people, fitted to the terminal
    #[default]
    Table,
    /// Markdown
    Md,
    /// A page of its own
    Html,
    /// One object
    Json,
}

/// Reads the store and writes the report to standard output.
pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let Report::Top(args) = &args.report;
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let config = settings_without_secrets(global)?;
    top(args, &store, (&config.prices, &config.quotas), SystemClock.now(), &mut out)?;
    out.flush()?;
    Ok(Exit::Success)
}

fn top(
    args: &TopArgs,
    store: &Store,
    (prices, quotas): (&PriceList, &QuotaList),
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let counts = store.counts();
    let asked = args.range.minutes(now).map_err(Failure::usage)?;
    let unread = |error: SeriesError| {
        Failure::new(format!("can't read counts: {error}"), Some("keytide status shows what is stored"))
    };
    let stored = counts.covered(CountKind::Minutes, asked).map_err(unread)?;
    let range = closed(asked, stored);
    let aliases: BTreeMap<String, String> = store.key_aliases(range.end.first_second())?.into_iter().collect();
    let incidents = incidents(store)?;
    let asked = Asked {
        kind: "report",
        range,
        previous: args.previous.then(|| before(range)),
        watermark: None,
        limit: args.limit as usize,
        zone: args.range.zone().0,
        aliases: &aliases,
        incidents: incidents.as_deref(),
        prices,
        quotas,
    };
    let report = build(&counts, &asked).map_err(unread)?;
    match args.output {
        Output::Table => write_tables(&report, args, out)?,
        Output::Md => out.write_all(report.markdown().as_bytes())?,
        Output::Html => out.write_all(report.html().as_bytes())?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &report.json()).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// A range without open ends: those are where what is stored begins and ends.
fn closed(asked: MinuteRange, stored: Option<MinuteRange>) -> MinuteRange {
    let stored = stored.unwrap_or(MinuteRange { start: asked.start, end: asked.start });
    MinuteRange {
        start: if asked.start == MinuteRange::ALL.start { stored.start } else { asked.start },
        end: if asked.end == MinuteRange::ALL.end { stored.end } else { asked.end },
    }
}

/// As much time right before.
fn before(range: MinuteRange) -> MinuteRange {
    let length = range.end.0.saturating_sub(range.start.0);
    MinuteRange { start: Minute(range.start.0.saturating_sub(length)), end: range.start }
}

/// All incidents; none if there never was one, as when nothing watches.
fn incidents(store: &Store) -> Result<Option<Vec<Incident>>, Failure> {
    Ok(Some(incidents_since(store, i64::MIN)?).filter(|incidents| !incidents.is_empty()))
}

fn write_tables(report: &ReportData, args: &TopArgs, out: &mut dyn Write) -> io::Result<()> {
    let width = width();
    writeln!(out, "{}", render::wrapped(&report.title, width))?;
    if !report.notes.is_empty() {
        writeln!(out, "{}", render::wrapped(&report.notes.join(" "), width))?;
    }
    for section in report.sections() {
        writeln!(out, "\n{}\n", section.title)?;
        if section.rows.is_empty() {
            writeln!(out, "{}", section.none)?;
            continue;
        }
        let column = |column: &crate::report::Column| match column.right {
            true => render::Column::right(column.name),
            false => render::Column::left(column.name),
        };
        let columns: Vec<render::Column> = section.columns.iter().map(column).collect();
        let cell = |cell: &crate::report::Cell| match cell {
            crate::report::Cell::Share(share) => render::Cell::Share(*share),
            // Without its ARN, which would make the table too wide; the other forms have it.
            crate::report::Cell::Name { name, .. } => render::Cell::Text(name.clone().into()),
            crate::report::Cell::Text(text) => render::Cell::Text(text.clone().into()),
            crate::report::Cell::Time(moment) => time(moment.at),
        };
        let rows: Vec<Vec<render::Cell<'_>>> = section.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        render::table(&columns, &rows, width, args.range.zone(), out)?;
        if !section.note.is_empty() {
            writeln!(out, "\n{}", render::wrapped(&section.note, width))?;
        }
    }
    Ok(())
}

/// A moment to the minute, if it is a whole one, else to the second.
fn time(at: i64) -> render::Cell<'static> {
    match u32::try_from(at / 60) {
        Ok(minute) if at % 60 == 0 => render::Cell::Time(Minute(minute)),
        _ => render::Cell::Second(at),
    }
}
