//! `keytide alarms test`: a marked message to every route, so that its owner sees it arrive.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::alarm::{Notice, Severity, Subject};
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::settings::settings;
use crate::daemon::routes_of;
use crate::publish::Dispatcher;

/// Flags of `keytide alarms test`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Routes of keytide.toml [default: all]
    #[arg(value_name = "ROUTE")]
    routes: Vec<String>,
    /// What the message says
    #[arg(long, value_name = "TEXT", default_value = "This is a test of Keytide's alarms. Nothing is wrong.")]
    text: String,
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    let config = settings(global)?;
    let routes = routes_of(&config).map_err(|error| Failure::new(error.to_string(), None))?;
    let known: Vec<String> = routes.iter().map(|route| route.name().to_owned()).collect();
    let wanted = if args.routes.is_empty() { known.clone() } else { args.routes.clone() };
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        let hint = format!("the routes are {}", known.join(", "));
        return Err(Failure::new(format!("there is no route `{unknown}`"), Some(&hint)));
    }
    let dispatcher = Dispatcher::new(routes, move || now).map_err(|error| Failure::new(error, None))?;
    let notice = Notice {
        dedup_key: format!("keytide/test/{}", now.timestamp()),
        severity: Severity::Info,
        keys: Vec::new(),
        aliases: Vec::new(),
        accounts: Vec::new(),
        tags: BTreeMap::new(),
        subject: Subject::Test { text: args.text.clone(), at: now.timestamp() },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut failed = 0;
    for route in &wanted {
        match runtime.block_on(dispatcher.send_now(route, &notice)) {
            Ok(()) => eprintln!("{route}: delivered"),
            Err(error) => {
                failed += 1;
                eprintln!("{route}: not delivered: {error}");
            }
        }
    }
    Ok(if failed == 0 { Exit::Success } else { Exit::Failure })
}
