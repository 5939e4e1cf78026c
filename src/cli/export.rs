//! `keytide export`: counts and facts for other programs.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::value::RawValue;

use super::exit::{Exit, Failure};
use super::output::{no_terminal, write_to};
use super::range::RangeArgs;
use super::system::{SystemClock, data_dir};
use super::{Global, export_series};
use crate::cloudtrail::Fact;
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
            let facts = store.facts(Second(range.start.0 * 60), Second(range.end.0.saturating_mul(60)))?;
            write_to(None, |out| write_facts(&facts, *output, out))?;
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
    if format == Format::Parquet && common.to.is_none() {
        no_terminal("Parquet")?;
    }
    write_to(common.to.as_deref(), |out| write(range, format, out).map_err(|error| Failure::new(error, None)))
}

/// A fact as it is written: the columns of `docs/output.md`, in their order.
#[derive(serde::Serialize)]
struct FactRow<'f, D> {
    time: String,
    event_source: &'f str,
    event_name: &'f str,
    account: &'f str,
    region: &'f str,
    key_arn: &'f str,
    alias: &'f str,
    actor: &'f str,
    error_code: &'f str,
    event_id: &'f str,
    shared_event_id: &'f str,
    details: D,
}

impl<'f, D> FactRow<'f, D> {
    fn of(fact: &'f Fact, details: D) -> Self {
        Self {
            time: format_second(fact.second.0.into()),
            event_source: &fact.event_source,
            event_name: &fact.event_name,
            account: &fact.account,
            region: &fact.region,
            key_arn: &fact.key_arn,
            alias: &fact.alias,
            actor: &fact.actor,
            error_code: &fact.error_code,
            event_id: &fact.event_id,
            shared_event_id: &fact.shared_event_id,
            details,
        }
    }
}

/// The columns, for a table without rows.
const FACT_COLUMNS: [&str; 12] = [
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
];

fn write_facts(facts: &[Fact], output: FactsOutput, out: &mut dyn Write) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::from(error);
    if output == FactsOutput::Json {
        for fact in facts {
            let details: &RawValue = serde_json::from_str(&fact.details).unwrap_or(RawValue::NULL);
            serde_json::to_writer(&mut *out, &FactRow::of(fact, details)).map_err(|error| failed(error.into()))?;
            writeln!(out)?;
        }
        return Ok(());
    }
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    csv.write_record(FACT_COLUMNS).map_err(|error| failed(error.into()))?;
    for fact in facts {
        csv.serialize(FactRow::of(fact, fact.details.as_str())).map_err(|error| failed(error.into()))?;
    }
    csv.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact() -> Fact {
        Fact {
            second: Second(1_767_607_200),
            event_id: "id".to_owned(),
            shared_event_id: String::new(),
            session: None,
            event_source: "kms.amazonaws.com".to_owned(),
            event_name: "EnableKey".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            key_arn: "key".to_owned(),
            alias: String::new(),
            actor: "role".to_owned(),
            error_code: String::new(),
            details: r#"{"b":1,"a":2}"#.to_owned(),
        }
    }

    fn written(facts: &[Fact], output: FactsOutput) -> String {
        let mut out = Vec::new();
        write_facts(facts, output, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_has_its_fields_in_the_order_of_csv() {
        let line = concat!(
            r#"{"time":"2026-01-05T10:00:00Z","event_source":"kms.amazonaws.com","event_name":"EnableKey","#,
            r#""account":"111122223333","region":"us-east-1","key_arn":"key","alias":"","actor":"role","#,
            r#""error_code":"","event_id":"id","shared_event_id":"","details":{"b":1,"a":2}}"#,
            "\n"
        );
        assert_eq!(written(&[fact()], FactsOutput::Json), line);
        let header = FACT_COLUMNS.join(",");
        let row = "2026-01-05T10:00:00Z,kms.amazonaws.com,EnableKey,111122223333,us-east-1,key,,role,,id,,\
                   \"{\"\"b\"\":1,\"\"a\"\":2}\"";
        assert_eq!(written(&[fact()], FactsOutput::Csv), format!("{header}\n{row}\n"));
        assert_eq!(written(&[], FactsOutput::Csv), format!("{header}\n"));
    }
}
