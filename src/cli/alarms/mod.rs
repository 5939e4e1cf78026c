//! `keytide alarms`: what is watched, what happened, and what would have been paged.

mod evaluate;
mod history;

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::Global;
use super::exit::{Exit, Failure};

/// Flags of `keytide alarms`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Replay a range and show what would have been paged
    Evaluate(evaluate::Args),
    /// Show what changed state, and who was told
    History(history::Args),
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    match &args.command {
        Command::Evaluate(args) => evaluate::run(args, global, now),
        Command::History(args) => history::run(args, global, now),
    }
}
