//! `keytide alarms list`: what is watched, and in what state it is.

use std::io::{self, BufWriter, Write};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Output;
use crate::alarm::{Incident, Severity, StateValue};
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::question::width;
use crate::cli::settings::settings_without_secrets;
use crate::cli::system::data_dir;
use crate::config::Config;
use crate::domain::{Minute, counted, format_second};
use crate::publish::subject;
use crate::render::{self, Cell, Column, Zone};
use crate::store::Store;
use crate::watch::{AlarmState, incident_name, incident_notice, incidents_since, states};

/// Flags of `keytide alarms list`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// One line: an alarm, or an incident that is not over.
struct Line {
    name: String,
    kind: &'static str,
    state: StateValue,
    since: Option<i64>,
    about: String,
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    let config = settings_without_secrets(global)?;
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let lines = lines(&config, &store, now)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Json => {
            let values: Vec<Value> = lines.iter().map(as_json).collect();
            super::write_array(&values, &mut out)?;
        }
        Output::Table => write_table(&lines, Zone(config.timezone), &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

fn lines(config: &Config, store: &Store, now: DateTime<Utc>) -> Result<Vec<Line>, Failure> {
    let known = states(store)?;
    let state_of = |name: &str| known.iter().find(|state| state.name == name);
    let mut lines = Vec::new();
    if config.watch.every_series {
        let open = incidents_since(store, now.timestamp())?;
        lines.push(Line {
            name: "every series".to_owned(),
            kind: "watch",
            state: if open.is_empty() { StateValue::Ok } else { StateValue::Alarm },
            since: open.iter().map(|incident| incident.onset).min(),
            about: format!(
                "{} open; budget: {} over all series",
                counted(open.len() as u64, "incident", "incidents"),
                super::budget(config.watch.false_pages_per_week)
            ),
        });
        lines.extend(open.iter().map(|incident| Line {
            name: incident_name(incident.number),
            kind: "incident",
            state: StateValue::Alarm,
            since: Some(incident.onset),
            about: told(incident, now),
        }));
    }
    for alarm in &config.alarms {
        let state = state_of(&alarm.name);
        lines.push(Line {
            name: alarm.name.clone(),
            kind: if alarm.metric().is_some() { "metric" } else { "composite" },
            state: state.map_or(StateValue::InsufficientData, |state| state.state),
            since: state.map(|state| state.since),
            about: state.map_or_else(|| "never judged: keytide run does".to_owned(), about),
        });
    }
    Ok(lines)
}

/// What the incident's page says in its subject.
fn told(incident: &Incident, now: DateTime<Utc>) -> String {
    let subject = subject(&incident_notice(incident, Severity::Critical, now.timestamp()));
    subject.strip_prefix("ALARM: ").unwrap_or(&subject).to_owned()
}

fn about(state: &AlarmState) -> String {
    state.reason.clone()
}

fn write_table(lines: &[Line], zone: Zone, out: &mut impl Write) -> io::Result<()> {
    let columns = [Column::left("name"), Column::left("kind"), Column::left("state"), Column::left("since")];
    let rows: Vec<Vec<Cell<'_>>> = lines
        .iter()
        .map(|line| {
            let minute = |second: i64| Cell::Time(Minute::nearest(second));
            let state = Cell::text(line.state.name());
            vec![Cell::text(&line.name), Cell::text(line.kind), state, line.since.map_or(Cell::Missing, minute)]
        })
        .collect();
    render::table(&columns, &rows, width(), zone, out)?;
    writeln!(out)?;
    for line in lines.iter().filter(|line| !line.about.is_empty()) {
        writeln!(out, "{}: {}", line.name, line.about)?;
    }
    Ok(())
}

fn as_json(line: &Line) -> Value {
    json!({
        "name": line.name,
        "kind": line.kind,
        "state": line.state,
        "since": line.since.map(format_second),
        "reason": line.about,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{IncidentRow, WatchRound};

    #[test]
    fn an_incident_that_cannot_be_read_is_an_error_and_not_ok() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_for_writing(folder.path()).unwrap();
        let (body, series) = ("{".to_owned(), Vec::new());
        let incidents = vec![IncidentRow { number: 17, onset: 0, resolved_at: None, body, series }];
        store.commit_round(&WatchRound { incidents, ..WatchRound::default() }, DateTime::UNIX_EPOCH).unwrap();
        let Err(error) = lines(&Config::default(), &store, DateTime::UNIX_EPOCH) else { panic!("it was listed") };
        assert!(error.to_string().contains("incident 17 can't be read"), "{error}");
    }
}
