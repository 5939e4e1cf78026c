//! `keytide alarms`: what is watched, what happened, and what would have been paged.

mod check;
mod describe;
mod evaluate;
mod history;
mod list;
mod pages;
mod test;

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::Value;

use super::Global;
use super::exit::{Exit, Failure};
use crate::render::Zone;

/// Flags of `keytide alarms`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is watched, and its state
    List(list::Args),
    /// Describe an alarm, or an incident as its page does
    Describe(describe::Args),
    /// Show what changed state
    History(history::Args),
    /// Replay a range and show what would have been paged
    Evaluate(evaluate::Args),
    /// Send a test message to every route
    Test(test::Args),
    /// Run tests of alarm rules: files of series and the states expected
    Check(check::Args),
}

impl Args {
    /// Whether it is `check`, which reads only the files that it is given.
    pub(super) fn is_check(&self) -> bool {
        matches!(self.command, Command::Check(_))
    }

    /// The time zone of the range, of what has one.
    pub(super) fn timezone(&mut self) -> Option<&mut Option<Zone>> {
        match &mut self.command {
            Command::History(args) => Some(args.timezone()),
            Command::Evaluate(args) => Some(args.timezone()),
            Command::List(_) | Command::Describe(_) | Command::Test(_) | Command::Check(_) => None,
        }
    }
}

/// How an answer is written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Output {
    /// For people, fitted to the terminal
    #[default]
    Table,
    /// An array of objects, one a line
    Json,
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(args) => list::run(args, global, now),
        Command::Describe(args) => describe::run(args, global),
        Command::History(args) => history::run(args, global, now),
        Command::Evaluate(args) => evaluate::run(args, global, now),
        Command::Test(args) => test::run(args, global, now),
        Command::Check(args) => check::run(args, global),
    }
}

/// What the watch may page falsely: `1 false page a week`.
fn budget(pages_per_week: f64) -> String {
    let pages = if pages_per_week == 1.0 { "page" } else { "pages" };
    format!("{pages_per_week} false {pages} a week")
}

/// Writes values as an array, one a line.
fn write_array(values: &[Value], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (at, value) in values.iter().enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, value)?;
    }
    out.write_all(b"\n]\n")
}
