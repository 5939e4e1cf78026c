//! The command line: one file a command.
//!
//! A command turns what was typed into options, opens what it needs, runs it and renders the answer. Answers go to
//! standard output, everything else to standard error. Only here are rooms composed for people.

mod alarms;
mod band;
mod compact;
mod demo;
mod exit;
mod export;
mod export_series;
mod ingest;
mod labels;
mod logging;
mod memory;
mod open_files;
mod output;
mod progress;
mod query;
mod question;
mod range;
mod report;
mod run;
mod settings;
mod status;
mod synth;
mod system;
mod top;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use exit::Exit;
use exit::Failure;
pub use memory::keep_freed_memory;
use open_files::allow_many_open_files;

use crate::domain::Clock;
use crate::render::Zone;

/// Usage metrics and anomaly detection for AWS KMS, from the CloudTrail logs you already have.
#[derive(Debug, Parser)]
#[command(name = "keytide", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
struct Global {
    /// The settings [default: keytide.toml here, else in the platform's folder for settings]
    #[arg(long, global = true, env = "KEYTIDE_CONFIG", value_name = "FILE", help_heading = "Global options")]
    config: Option<PathBuf>,
    /// The store's folder [default: keytide in the platform's data folder]
    #[arg(long, global = true, env = "KEYTIDE_DATA_DIR", value_name = "DIR", help_heading = "Global options")]
    data_dir: Option<PathBuf>,
    /// Say more on standard error; twice for details
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    verbose: u8,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    quiet: bool,
    /// The form of log lines on standard error [default: text]
    #[arg(long, global = true, value_enum, env = "KEYTIDE_LOG_FORMAT", help_heading = "Global options")]
    log_format: Option<LogFormat>,
    /// Whether to use color
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, env = "KEYTIDE_COLOR", help_heading = "Global options")]
    color: Color,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a trail, ingest it and show its top keys: no account, no network, no configuration
    Demo(demo::Args),
    /// Read log files into the store
    Ingest(ingest::Args),
    /// Watch folders: read what arrives, raise alarms, tell people
    Run(run::Args),
    /// Rank keys, operations, callers, services, resources, accounts or Regions
    Top(top::Args),
    /// Report what happened in a range: top keys and callers, growth, spend, busiest seconds
    Report(report::Args),
    /// Run a CloudWatch Metrics Insights query
    Query(query::Args),
    /// Show what is expected of a series, how far it may stray, and where it does
    Band(Box<band::Args>),
    /// Show what is watched, what happened, and what would have been paged
    Alarms(alarms::Args),
    /// Write counts and facts for other programs
    Export(export::Args),
    /// Show what was read, what was set aside and why
    Status(status::Args),
    /// Merge each day's files and make the roll-ups that long ranges are answered from
    Compact(compact::Args),
    /// Write a synthetic trail, and the counts that a correct reader must reach
    Synth(synth::Args),
}

/// Runs the program.
pub fn main() -> Exit {
    keep_freed_memory();
    allow_many_open_files();
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; if nobody reads them, there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Success };
        }
    };
    // The daemon's settings say how it logs.
    if !matches!(cli.command, Command::Run(_)) {
        logging::init(&cli.global);
    }
    match run(&mut cli) {
        Ok(exit) => exit,
        Err(failure) => failure.report(),
    }
}

impl Command {
    /// Whether the store's folder and the time zone are those of the settings.
    fn takes_common_settings(&self) -> bool {
        match self {
            // These have folders of their own.
            Command::Demo(_) | Command::Synth(_) => false,
            // The daemon reads all settings, and says at once all that is wrong with them.
            Command::Run(_) => false,
            Command::Alarms(args) => !args.is_check(),
            _ => true,
        }
    }

    /// The time zone of what is asked, where it has one: the flag, else the environment.
    fn timezone(&mut self) -> Option<&mut Option<Zone>> {
        match self {
            Command::Ingest(args) => Some(args.timezone()),
            Command::Top(args) => Some(&mut args.range.timezone),
            Command::Query(args) => Some(&mut args.range.timezone),
            Command::Report(args) => Some(args.timezone()),
            Command::Band(args) => Some(&mut args.timezone),
            Command::Alarms(args) => args.timezone(),
            Command::Export(args) => Some(args.timezone()),
            Command::Status(args) => Some(&mut args.timezone),
            Command::Demo(_) | Command::Run(_) | Command::Compact(_) | Command::Synth(_) => None,
        }
    }
}

fn run(cli: &mut Cli) -> Result<Exit, Failure> {
    if cli.command.takes_common_settings() {
        let has_zone = cli.command.timezone().is_some_and(|zone| zone.is_some());
        let common = settings::common_settings(&cli.global, has_zone)?;
        cli.global.data_dir = cli.global.data_dir.take().or(common.data_dir);
        if let Some(zone) = cli.command.timezone() {
            *zone = zone.or(common.timezone.map(Zone));
        }
    }
    match &cli.command {
        Command::Demo(args) => demo::run(args, &cli.global),
        Command::Ingest(args) => ingest::run(args, &cli.global),
        Command::Run(args) => run::run(args, &cli.global),
        Command::Top(args) => {
            system::with_counts(&cli.global, |counts, now, out| Ok(top::run(args, counts, now, out)?))
        }
        Command::Report(args) => report::run(args, &cli.global),
        Command::Query(args) => system::with_counts(&cli.global, |counts, now, out| {
            Ok(query::run(args, counts, now, cli.global.quiet, out)?)
        }),
        Command::Band(args) => band::run(args, &cli.global, system::SystemClock.now()),
        Command::Alarms(args) => alarms::run(args, &cli.global, system::SystemClock.now()),
        Command::Export(args) => export::run(args, &cli.global),
        Command::Status(args) => status::run(args, &cli.global),
        Command::Compact(args) => compact::run(args, &cli.global),
        Command::Synth(args) => {
            synth::run(args)?;
            Ok(Exit::Success)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_with_a_time_zone_takes_that_of_the_settings() {
        let lines = [
            "ingest logs",
            "top",
            "query SELECT",
            "report top",
            "band --input -",
            "alarms history",
            "alarms evaluate",
            "export minutes",
            "export unattributed",
            "export series --to here",
            "export lifecycle",
            "status",
        ];
        for line in lines {
            let mut cli = Cli::try_parse_from(["keytide"].into_iter().chain(line.split(' '))).expect(line);
            assert!(cli.command.timezone().is_some(), "{line}");
        }
        fn with_zone(command: &clap::Command) -> usize {
            let own = command.get_arguments().filter(|argument| argument.get_id() == "timezone").count();
            own + command.get_subcommands().map(with_zone).sum::<usize>()
        }
        assert_eq!(with_zone(&Cli::command()), lines.len());
    }
}
