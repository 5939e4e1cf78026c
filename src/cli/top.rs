//! `keytide top`: the busiest keys, operations, callers.

use std::io::Write;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::question::{QuestionError, width};
use super::range::RangeArgs;
use crate::domain::{Minute, Operation, Outcome, counted, grouped};
use crate::insights::{By, Top, TopQuestion, top};
use crate::render::{self, Cell, Column, Zone};
use crate::series::Counts;

/// Show the busiest keys, operations, callers …
///
/// Usage follows the key: accounts and Regions are those of the key. A ReEncrypt counts for its source and its
/// destination key, and once in the total.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// What is ranked
    #[arg(long, value_enum, default_value_t)]
    pub by: Ranked,
    /// Which calls are counted
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    pub metric: Metric,
    /// Only calls that used this key: ARN or id; several: again or with commas
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub key: Vec<String>,
    /// Only this operation; several: again or with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub operation: Vec<String>,
    /// How many are shown
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    #[allow(missing_docs, reason = "its flags are the documentation")]
    pub range: RangeArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// What is ranked.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ranked {
    /// KMS keys
    #[default]
    Key,
    /// Operations
    Operation,
    /// Roles, users and accounts that called
    Caller,
    /// AWS services that forwarded calls
    Service,
    /// Buckets, functions, volumes …, by encryption context
    Resource,
    /// Accounts that own keys
    Account,
    /// Regions of keys
    Region,
}

/// Which calls are counted.
#[allow(clippy::enum_variant_names, reason = "the names are CloudWatch's and Keytide's metrics")]
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[value(rename_all = "PascalCase")]
pub enum Metric {
    /// Calls without an error: what CloudWatch counts
    #[default]
    SuccessfulRequest,
    /// Calls refused for their rate
    ThrottledRequest,
    /// Calls refused by a policy
    DeniedRequest,
    /// Calls that failed otherwise
    FailedRequest,
    /// Dry runs
    DryRunRequest,
}

/// How an answer is written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// For people, fitted to the terminal
    #[default]
    Table,
    /// Comma-separated values with a header
    Csv,
    /// An array of objects, one a line
    Json,
}

impl Ranked {
    /// Singular, plural, and what stands for no name.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Ranked::Key => ("key", "keys", "(unknown)"),
            Ranked::Operation => ("operation", "operations", "(unknown)"),
            Ranked::Caller => ("caller", "callers", "(unknown)"),
            Ranked::Service => ("service", "services", "(direct)"),
            Ranked::Resource => ("resource", "resources", "(none)"),
            Ranked::Account => ("account", "accounts", "(unknown)"),
            Ranked::Region => ("region", "Regions", "(unknown)"),
        }
    }
}

impl Metric {
    /// What the calls ended with.
    pub(super) const fn outcome(self) -> Outcome {
        match self {
            Metric::SuccessfulRequest => Outcome::Successful,
            Metric::ThrottledRequest => Outcome::Throttled,
            Metric::DeniedRequest => Outcome::Denied,
            Metric::FailedRequest => Outcome::Failed,
            Metric::DryRunRequest => Outcome::DryRun,
        }
    }
}

/// Answers to `out`.
pub fn run(args: &Args, counts: &dyn Counts, now: DateTime<Utc>, out: &mut dyn Write) -> Result<(), QuestionError> {
    let question = question(args, now)?;
    let answer = top(&question, counts)?;
    write(args, &answer, width(), out)
}

fn question(args: &Args, now: DateTime<Utc>) -> Result<TopQuestion, QuestionError> {
    let operation = |name: &String| {
        let wanted = Operation::ALL.iter().find(|operation| operation.name().eq_ignore_ascii_case(name));
        wanted.map(|operation| operation.name().to_owned()).ok_or_else(|| QuestionError::Operation {
            name: name.clone(),
            known: Operation::ALL.iter().map(|operation| operation.name()).collect::<Vec<_>>().join(", "),
        })
    };
    if let Some(alias) = args.key.iter().find(|key| key.starts_with("alias/") || key.contains(":alias/")) {
        return Err(QuestionError::Alias(alias.clone()));
    }
    Ok(TopQuestion {
        by: match args.by {
            Ranked::Key => By::Key,
            Ranked::Operation => By::Operation,
            Ranked::Caller => By::Caller,
            Ranked::Service => By::Service,
            Ranked::Resource => By::Resource,
            Ranked::Account => By::Account,
            Ranked::Region => By::Region,
        },
        outcome: args.metric.outcome(),
        keys: args.key.clone(),
        operations: args.operation.iter().map(operation).collect::<Result<_, _>>()?,
        limit: args.limit,
        range: args.range.minutes(now)?,
    })
}

fn write(args: &Args, top: &Top, width: Option<usize>, out: &mut dyn Write) -> Result<(), QuestionError> {
    let (name, _, none) = args.by.words();
    let columns = [
        Column::right("rank"),
        Column::left(name),
        Column::right("calls"),
        Column::right("share"),
        Column::right("peak"),
        Column::left("peak_at"),
        Column::left("trend"),
    ];
    let count = |number: u64| Cell::Count(i64::try_from(number).unwrap_or(i64::MAX));
    let rows = top.rows.iter().enumerate().map(|(at, row)| {
        vec![
            count(at as u64 + 1),
            if row.name.is_empty() { Cell::Absent(none) } else { Cell::text(&row.name) },
            count(row.calls),
            Cell::Share(row.share),
            count(row.peak),
            Cell::Time(row.peak_at),
            Cell::Trend(row.trend.clone()),
        ]
    });
    let zone = args.range.zone();
    match args.output {
        Output::Csv => render::csv(&columns, rows, zone, out)?,
        Output::Json => render::json(&columns, rows, zone, out)?,
        Output::Table => {
            for line in headline(args, top, zone).lines() {
                writeln!(out, "{}", render::wrapped(line, width))?;
            }
            writeln!(out)?;
            if !top.rows.is_empty() {
                render::table(&columns, &rows.collect::<Vec<_>>(), width, zone, out)?;
            }
            for note in notes(args, top) {
                writeln!(out, "{}", render::wrapped(&note, width))?;
            }
        }
    }
    Ok(())
}

fn headline(args: &Args, top: &Top, zone: Zone) -> String {
    let (one, many, _) = args.by.words();
    let metric = args.metric.outcome().metric();
    // What is counted in slots is counted to a slot's end.
    let end = Minute(top.range.end.0.next_multiple_of(top.resolution.max(1)));
    let start = top.stored_from.map_or(top.range.start, |from| from.max(top.range.start));
    let range = format!("{} to {}", zone.long(start), zone.long(end));
    if top.rows.is_empty() {
        return match top.stored_from.filter(|from| *from >= end) {
            Some(from) => format!("Nothing is stored in this range: {} begin at {}.", top.kind.name(), zone.long(from)),
            None if top.range.is_empty() => {
                "Nothing is stored in this range; `keytide status` shows what is.".to_owned()
            }
            None => format!("No {metric} matches from {range}."),
        };
    }
    let shown = top.rows.len() as u64;
    let ranked = match shown == top.ranked {
        true => counted(shown, one, many),
        false => format!("Top {} of {}", grouped(shown as i64), counted(top.ranked, one, many)),
    };
    format!("{ranked} by {metric}, {range}\n{} in all", counted(top.total, "call", "calls"))
}

fn notes(args: &Args, top: &Top) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(from) = top.stored_from.filter(|from| *from > top.range.start)
        && !top.rows.is_empty()
    {
        let from = args.range.zone().long(from);
        notes.push(format!("Not in it: calls before {from}, when {} begin.", top.kind.name()));
    }
    if !top.rows.is_empty() && top.resolution > 1 {
        notes.push(format!("Peaks are of {} minutes: callers are counted in such slots.", top.resolution));
    }
    if top.unattributed > 0 {
        let calls = counted(top.unattributed, "call that names", "calls that name");
        notes.push(format!("Not in it: {calls} no key ARN (keytide export unattributed)."));
    }
    if args.by == Ranked::Account && !top.rows.is_empty() {
        notes.push("Accounts are those that own the keys.".to_owned());
    }
    notes
}

#[cfg(test)]
#[path = "top_tests.rs"]
mod tests;
