//! `keytide alarms describe`: an alarm's definition and state, or an incident's page.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use crate::alarm::{Alarm, Incident, Severity};
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::settings::settings_without_secrets;
use crate::cli::system::data_dir;
use crate::config::Config;
use crate::domain::format_second;
use crate::publish::text;
use crate::store::Store;
use crate::watch::{incident, incident_notice, incident_number, states};

/// Flags of `keytide alarms describe`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// An alarm of keytide.toml, or an incident by its number or as keytide-incident-7
    #[arg(value_name = "ALARM|INCIDENT")]
    name: String,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// How the answer is written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Output {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match incident_number(&args.name).or_else(|| args.name.parse().ok()) {
        Some(number) => describe_incident(number, args.output, &store, &mut out)?,
        None => describe_alarm(args, global, &store, &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// The incident of a number; an error if there was none.
pub(super) fn stored_incident(number: u64, store: &Store) -> Result<Incident, Failure> {
    let hint = "keytide alarms history lists the incidents there were";
    incident(store, number)?.ok_or_else(|| Failure::new(format!("there is no incident {number}"), Some(hint)))
}

/// The alarm of a name; an error with the names there are if there is none.
pub(super) fn configured<'c>(config: &'c Config, name: &str) -> Result<&'c Alarm, Failure> {
    let found = config.alarms.iter().find(|alarm| alarm.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = config.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
        let hint = match names.is_empty() {
            true => "none is configured; incidents of the watch are named by their number".to_owned(),
            false => format!("configured are {}", names.join(", ")),
        };
        Failure::new(format!("there is no alarm `{name}`"), Some(&hint))
    })
}

fn describe_incident(number: u64, output: Output, store: &Store, out: &mut impl Write) -> Result<(), Failure> {
    let incident = stored_incident(number, store)?;
    match output {
        Output::Json => writeln!(out, "{:#}", json!(incident))?,
        Output::Text => {
            let at = incident.resolved_at.unwrap_or(incident.paged_at);
            write!(out, "{}", text(&incident_notice(&incident, Severity::Critical, at)))?;
        }
    }
    Ok(())
}

fn describe_alarm(args: &Args, global: &Global, store: &Store, out: &mut impl Write) -> Result<(), Failure> {
    let config = settings_without_secrets(global)?;
    let alarm = configured(&config, &args.name)?;
    let state = states(store)?.into_iter().find(|state| state.name == alarm.name);
    let document: Value = alarm.document("us-east-1", "000000000000");
    match args.output {
        Output::Json => {
            let state = state.map(|state| {
                json!({
                    "StateValue": state.state,
                    "StateReason": state.reason,
                    "StateTransitionedTimestamp": format_second(state.since),
                    "Contributors": state.contributors,
                })
            });
            writeln!(out, "{:#}", json!({"Alarm": document, "State": state}))?;
        }
        Output::Text => {
            writeln!(out, "{}", alarm.name)?;
            if let Some(description) = &alarm.description {
                writeln!(out, "{description}")?;
            }
            match &state {
                Some(state) => {
                    writeln!(out, "{} since {}: {}", state.state, format_second(state.since), state.reason)?;
                    for contributor in &state.contributors {
                        let parts: Vec<String> =
                            contributor.iter().map(|(name, value)| format!("{name}={value}")).collect();
                        writeln!(out, "  in ALARM: {}", parts.join(", "))?;
                    }
                }
                None => writeln!(out, "never judged yet: keytide run does")?,
            }
            writeln!(out, "\n{document:#}")?;
        }
    }
    Ok(())
}
