//! `keytide ingest`: log files into the store.

use std::fs;
use std::path::PathBuf;

use indicatif::HumanCount;

use super::Global;
use super::exit::{Exit, Failure};
use super::progress::Terminal;
use super::range::RangeArgs;
use super::system::{SystemClock, data_dir, stop_flag};
use crate::domain::{Clock, Second, counted, printable};
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
    eprint!("{}", summary(report));
}

fn summary(report: &IngestReport) -> String {
    let progress = &report.progress;
    let objects = |number: u64| counted(number, "object", "objects");
    let records = |number: u64| counted(number, "record", "records");
    let quarantined = report.quarantined.len() as u64;
    let mut lines = vec![
        format!(
            "{} read, {} known already",
            objects(progress.objects - progress.known_objects - quarantined),
            HumanCount(progress.known_objects)
        ),
        format!(
            "{}: {} to KMS ({} new, {}), {}",
            records(progress.records),
            counted(progress.requests, "request", "requests"),
            HumanCount(report.new_requests),
            counted(report.duplicates, "duplicate", "duplicates"),
            counted(report.new_facts, "new lifecycle fact", "new lifecycle facts")
        ),
    ];
    if progress.outside_range > 0 {
        lines.push(format!("{} outside the range left out", counted(progress.outside_range, "request", "requests")));
    }
    let rejects: u64 = report.rejects.values().sum();
    if rejects > 0 {
        let reasons: Vec<String> = report.rejects.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let reasons = reasons.join(", ");
        lines.push(format!("{} set aside: {reasons}  (`keytide status --rejects` lists them)", records(rejects)));
    }
    if quarantined > 0 {
        lines.push(format!("{} could not be read:", objects(quarantined)));
    }
    for (name, detail) in report.quarantined.iter().take(QUARANTINED_NAMED) {
        // The detail of an archive's member names it already.
        let named = if detail.starts_with(name.as_str()) { detail.clone() } else { format!("{name}: {detail}") };
        lines.push(format!("  {}", printable(&named)));
    }
    if report.quarantined.len() > QUARANTINED_NAMED {
        lines.push("  … (`keytide status` lists all)".to_owned());
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Progress;

    #[test]
    fn one_is_singular_and_nothing_in_a_name_is_obeyed() {
        let progress =
            Progress { objects: 2, records: 1, requests: 1, calls: 1, outside_range: 1, ..Progress::default() };
        let report = IngestReport {
            progress,
            new_requests: 1,
            duplicates: 1,
            new_facts: 1,
            rejects: [("bad-time", 1)].into_iter().collect(),
            quarantined: vec![("n\u{1b}[31mred\nx.json".to_owned(), "not JSON".to_owned())],
            ..IngestReport::default()
        };
        let expect = "\
1 object read, 0 known already
1 record: 1 request to KMS (1 new, 1 duplicate), 1 new lifecycle fact
1 request outside the range left out
1 record set aside: 1 bad-time  (`keytide status --rejects` lists them)
1 object could not be read:
  n [31mred x.json: not JSON
";
        assert_eq!(summary(&report), expect);
    }
}
