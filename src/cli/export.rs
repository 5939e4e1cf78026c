//! `keytide export`: counts and facts for other programs.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::range::RangeArgs;
use super::system::{SystemClock, data_dir};
use super::{Global, export_series};
use crate::domain::{Clock, MinuteRange, Second, format_second};
use crate::render::Zone;
use crate::series::export::{self, Format, UnattributedCalls};
use crate::store::Store;

/// Flags of `keytide export`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Calls by minute, key and operation; a ReEncrypt counts for its source and its destination key
    Minutes(Common),
    /// Successful calls whose key the record doesn't tell, and why
    Unattributed {
        #[command(flatten)]
        common: Common,
        /// Failed, denied, throttled and dry-run calls too
        #[arg(long)]
        all_outcomes: bool,
    },
    /// A folder with a CSV for every key and operation, and labels.json beside them: what keytide band --score reads
    Series(Box<export_series::Args>),
    /// Lifecycle facts: creation, aliases, policies, rotation, import, deletion, grants, tags, sessions, trails
    Lifecycle {
        #[command(flatten)]
        range: RangeArgs,
        /// The file format
        #[arg(long, value_enum, default_value_t = FactsOutput::Csv)]
        output: FactsOutput,
    },
}

impl Args {
    /// The time zone of the range.
    pub(super) fn timezone(&mut self) -> &mut Option<Zone> {
        match &mut self.what {
            What::Minutes(common) | What::Unattributed { common, .. } => &mut common.range.timezone,
            What::Series(args) => args.timezone(),
            What::Lifecycle { range, .. } => &mut range.timezone,
        }
    }
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    range: RangeArgs,
    /// The file format
    #[arg(long, value_enum, default_value_t = CountsOutput::Csv)]
    output: CountsOutput,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum CountsOutput {
    Csv,
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FactsOutput {
    /// One line a fact; `details` is JSON.
    Csv,
    /// One JSON object a line.
    Json,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let store = Store::open_for_reading(&data_dir(global)?)?;
    match &args.what {
        What::Minutes(common) => {
            write_counts(common, |range, format, out| export::minutes(&store.counts(), range, format, out))?
        }
        What::Unattributed { common, all_outcomes } => {
            let which = if *all_outcomes { UnattributedCalls::All } else { UnattributedCalls::Successful };
            write_counts(common, |range, format, out| {
                export::unattributed(&store.counts(), range, which, format, out)
            })?;
        }
        What::Series(args) => export_series::run(args, &store.counts(), SystemClock.now())?,
        What::Lifecycle { range, output } => {
            let range = range.minutes(SystemClock.now()).map_err(Failure::usage)?;
            write_facts(&store, range, *output, BufWriter::new(io::stdout().lock()))?;
        }
    }
    Ok(Exit::Success)
}

fn write_counts(
    common: &Common,
    write: impl FnOnce(MinuteRange, Format, &mut dyn Write) -> Result<(), crate::series::SeriesError>,
) -> Result<(), Failure> {
    let range = common.range.minutes(SystemClock.now()).map_err(Failure::usage)?;
    let format = match common.output {
        CountsOutput::Csv => Format::Csv,
        CountsOutput::Parquet => Format::Parquet,
    };
    let mut out: Box<dyn Write> = match &common.to {
        Some(path) => {
            let file = File::create(path).map_err(|error| {
                Failure::new(format!("could not make {}: {error}", path.display()), Some("name another file with --to"))
            })?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    write(range, format, &mut out).map_err(|error| Failure::new(error, None))?;
    out.flush()?;
    Ok(())
}

fn write_facts(store: &Store, range: MinuteRange, output: FactsOutput, mut out: impl Write) -> Result<(), Failure> {
    let until = Second(range.end.0.saturating_mul(60));
    let facts = store.facts(Second(range.start.0 * 60), until)?;
    if output == FactsOutput::Json {
        for fact in facts {
            let details: serde_json::Value = serde_json::from_str(&fact.details).unwrap_or_default();
            let line = serde_json::json!({
                "time": format_second(fact.second.0.into()), "event_source": fact.event_source,
                "event_name": fact.event_name, "account": fact.account, "region": fact.region,
                "key_arn": fact.key_arn, "alias": fact.alias, "actor": fact.actor, "error_code": fact.error_code,
                "event_id": fact.event_id, "shared_event_id": fact.shared_event_id, "details": details,
            });
            writeln!(out, "{line}")?;
        }
    } else {
        let mut csv = csv::Writer::from_writer(&mut out);
        let failed = |error| Failure::new(error, None);
        csv.write_record([
            "time",
            "event_source",
            "event_name",
            "account",
            "region",
            "key_arn",
            "alias",
            "actor",
            "error_code",
            "event_id",
            "shared_event_id",
            "details",
        ])
        .map_err(failed)?;
        for fact in facts {
            csv.write_record([
                &format_second(fact.second.0.into()),
                &fact.event_source,
                &fact.event_name,
                &fact.account,
                &fact.region,
                &fact.key_arn,
                &fact.alias,
                &fact.actor,
                &fact.error_code,
                &fact.event_id,
                &fact.shared_event_id,
                &fact.details,
            ])
            .map_err(failed)?;
        }
        csv.flush()?;
    }
    out.flush()?;
    Ok(())
}
