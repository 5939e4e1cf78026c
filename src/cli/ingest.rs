//! `keytide ingest`: log files into the store.

use std::fs;
use std::path::PathBuf;

use indicatif::HumanCount;

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Terminal;
use super::range::RangeArgs;
use super::system::{SystemClock, data_dir, stop_flag};
use crate::domain::{Clock, Second};
use crate::ingest::{IngestOptions, IngestReport, ingest};
use crate::render::Zone;
use crate::store::Store;

/// Flags of `keytide ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aws s3 sync s3://my-trail/AWSLogs logs && keytide ingest logs
  keytide ingest lookup-events.json export.tar.gz
  zcat *.json.gz | keytide ingest -

Files may be trail log files, NDJSON, lists, lookup-events output, CloudTrail Lake results, EventBridge events and
CloudWatch Logs exports, compressed with gzip or packed into tar and zip: what a file is, is told by its content.
What was read before is skipped, so the same command again takes only what is new.")]
pub(super) struct Args {
    /// Files, folders and pipes; `-` reads standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    range: RangeArgs,
    /// Threads that decode [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Requests a batch: a commit comes after so many. For tests, which want many small ones.
    #[arg(long, hide = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch_requests: Option<u32>,
    /// End with exit code 3 if any record or object was set aside
    #[arg(long)]
    strict: bool,
}

impl Args {
    /// The time zone of the range.
    pub(super) fn timezone(&mut self) -> &mut Option<Zone> {
        &mut self.range.timezone
    }
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let range = args.range.minutes(SystemClock.now()).map_err(Failure::usage)?;
    let mut options = IngestOptions::of(args.paths.clone());
    options.threads = args.threads.map_or(options.threads, usize::from);
    options.batch_requests = args.batch_requests.map_or(options.batch_requests, |requests| requests as usize);
    options.since = args.range.since.map(|_| Second(range.start.0 * 60));
    options.until = args.range.until.map(|_| Second(range.end.0 * 60));
    find(&args.paths)?;
    let dir = data_dir(global)?;
    let mut store = Store::open_for_writing(&dir)?;
    let terminal = Terminal::new(global, &args.paths);
    let stop = stop_flag()?;
    let report = ingest(&mut store, &options, &SystemClock, &terminal, &stop);
    terminal.finish();
    let report = report?;
    if !global.quiet {
        print_summary(&report);
    }
    if report.stopped {
        return Ok(Exit::Interrupted);
    }
    let set_aside = !report.rejects.is_empty() || !report.quarantined.is_empty();
    Ok(if args.strict && set_aside { Exit::SetAside } else { Exit::Success })
}

/// Looks for what was named: what isn't there was mistyped, and is no log that can't be read.
fn find(paths: &[PathBuf]) -> Result<(), Failure> {
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        fs::metadata(path).map_err(|error| {
            let hint = "nothing was read; name files and folders that exist, or `-` for standard input";
            Failure::new(format!("can't find {}: {error}", path.display()), Some(hint))
        })?;
    }
    Ok(())
}

/// How many quarantined objects are named; `keytide status` names all.
const QUARANTINED_NAMED: usize = 5;

/// Says what an ingest did, on standard error.
pub(super) fn print_summary(report: &IngestReport) {
    let progress = &report.progress;
    let new_objects = progress.objects - progress.known_objects - report.quarantined.len() as u64;
    eprintln!("{} read, {} known already", counted(new_objects, "object"), HumanCount(progress.known_objects));
    eprintln!(
        "{}: {} to KMS ({} new, {}), {}",
        counted(progress.records, "record"),
        counted(progress.requests, "request"),
        HumanCount(report.new_requests),
        counted(report.duplicates, "duplicate"),
        counted(progress.facts, "lifecycle fact"),
    );
    if progress.outside_range > 0 {
        eprintln!("{} outside the range left out", counted(progress.outside_range, "request"));
    }
    let rejects: u64 = report.rejects.values().sum();
    if rejects > 0 {
        let reasons: Vec<String> = report.rejects.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        eprintln!(
            "{} set aside: {}  (`keytide status --rejects` lists them)",
            counted(rejects, "record"),
            reasons.join(", ")
        );
    }
    if !report.quarantined.is_empty() {
        eprintln!("{} could not be read:", counted(report.quarantined.len() as u64, "object"));
        for (name, detail) in report.quarantined.iter().take(QUARANTINED_NAMED) {
            // The detail of an archive's member names it already.
            let named = if detail.starts_with(name.as_str()) { detail.clone() } else { format!("{name}: {detail}") };
            eprintln!("  {named}");
        }
        if report.quarantined.len() > QUARANTINED_NAMED {
            eprintln!("  … (`keytide status` lists all)");
        }
    }
}

/// A number of things: `1 object`, `2 objects`.
fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", HumanCount(number))
}
