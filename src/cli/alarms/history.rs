//! `keytide alarms history`: what changed state.

use std::io::{self, BufWriter, Write};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Output;
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::question::width;
use crate::cli::range::RangeArgs;
use crate::cli::settings::settings_without_secrets;
use crate::cli::system::data_dir;
use crate::domain::{Minute, format_second};
use crate::render::{self, Cell, Column, Zone};
use crate::store::{HistoryItem, Store};
use crate::watch::incident_number;

/// Flags of `keytide alarms history`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One alarm [default: all]
    #[arg(value_name = "ALARM")]
    alarm: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    /// Entries, the newest first
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

impl Args {
    /// The time zone of the range.
    pub(super) fn timezone(&mut self) -> &mut Option<Zone> {
        &mut self.range.timezone
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    let range = args.range.minutes(now).map_err(Failure::usage)?;
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let (since, until) = (range.start.first_second(), range.end.first_second());
    let items = store.alarm_history(args.alarm.as_deref(), since, until, args.limit as usize)?;
    if let (true, Some(alarm)) = (items.is_empty(), &args.alarm) {
        check_name(alarm, global, &store)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Json => super::write_array(&items.iter().map(as_json).collect::<Vec<_>>(), &mut out)?,
        Output::Table if items.is_empty() => match &args.alarm {
            Some(alarm) => writeln!(out, "`{alarm}` did not change its state in this range.")?,
            None => writeln!(out, "Nothing happened in this range, or `keytide run` never ran.")?,
        },
        Output::Table => {
            let columns = [Column::left("at"), Column::left("alarm"), Column::left("kind"), Column::prose("summary")];
            let row = |item| row_of(item);
            render::table(&columns, &items.iter().map(row).collect::<Vec<_>>(), width(), args.range.zone(), &mut out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// Whether there is an alarm of this name, or was one that the history tells of.
fn check_name(alarm: &str, global: &Global, store: &Store) -> Result<(), Failure> {
    if !store.alarm_history(Some(alarm), i64::MIN, i64::MAX, 1)?.is_empty() {
        return Ok(());
    }
    if let Some(number) = incident_number(alarm) {
        return super::describe::stored_incident(number, store).map(|_| ());
    }
    super::describe::configured(&settings_without_secrets(global)?, alarm).map(|_| ())
}

fn row_of(item: &HistoryItem) -> Vec<Cell<'_>> {
    vec![
        Cell::Time(Minute::nearest(item.at)),
        Cell::text(&item.alarm),
        Cell::text(&item.kind),
        Cell::text(&item.summary),
    ]
}

fn as_json(item: &HistoryItem) -> Value {
    let data: Value = serde_json::from_str(&item.data).unwrap_or(Value::Null);
    json!({
        "at": format_second(item.at),
        "alarm": item.alarm,
        "kind": item.kind,
        "summary": item.summary,
        "data": data,
    })
}
