//! `keytide query`: CloudWatch Metrics Insights SQL over the store.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::question::{QuestionError, width};
use super::range::{Period, RangeArgs};
use crate::domain::{Minute, MinuteRange};
use crate::insights::{Answer, InsightsError, METRICS, Query, Window, answer, parse, without_leading_comments};
use crate::render::{self, Cell, Column};
use crate::series::{CountKind, Counts};

/// Run a CloudWatch Metrics Insights query.
///
/// One row a series: rank, the GROUP BY keys, value (the function over the whole range), peak (its largest bucket),
/// peak_at. Queries for common questions are in queries/.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The query, or a file with it, or - for standard input
    #[arg(value_name = "SQL|FILE")]
    pub query: String,
    #[command(flatten)]
    #[allow(missing_docs, reason = "its flags are the documentation")]
    pub range: RangeArgs,
    /// Length of a bucket: seconds (60, 300), or 1m, 5m, 1h, 1d; buckets start at --since
    #[arg(long, value_name = "LENGTH", default_value_t)]
    pub period: Period,
    /// One row a bucket instead: timestamp, the GROUP BY keys, value
    #[arg(long)]
    pub buckets: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
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
    /// An Apache Parquet file
    Parquet,
}

/// Answers the query to `out`, and tells beside the answer what isn't as it was asked unless it is to be `quiet`.
pub fn run(
    args: &Args,
    counts: &dyn Counts,
    now: DateTime<Utc>,
    quiet: bool,
    out: &mut dyn Write,
) -> Result<(), QuestionError> {
    if args.output == Output::Parquet && io::stdout().is_terminal() {
        return Err(QuestionError::Terminal);
    }
    let text = text_of(&args.query, io::stdin().lock())?;
    let query = parse(&text).map_err(InsightsError::from)?;
    let window = Window { range: args.range.minutes(now)?, period: args.period.minutes };
    let answered = answer(&query, counts, window, args.buckets)?;
    if !quiet {
        for text in notes(args, &query, &answered, window, counts)? {
            note(&text);
        }
    }
    write(args, &answered, width(), out)
}

/// What isn't as it was asked.
fn notes(
    args: &Args,
    query: &Query,
    answered: &Answer,
    window: Window,
    counts: &dyn Counts,
) -> Result<Vec<String>, QuestionError> {
    let mut notes = Vec::new();
    if answered.metric.is_none() {
        let known: Vec<String> =
            METRICS.iter().map(|metric| format!("{} in \"{}\"", metric.name, metric.namespace)).collect();
        let (metric, namespace) = (&query.metric, &query.source.namespace);
        notes.push(format!("there is no metric {metric} in \"{namespace}\"; there are {}", known.join(", ")));
    } else if let Some(text) = widened(answered, window, &args.range) {
        notes.push(text);
    }
    // Without GROUP BY there is a row, with nothing in it.
    let is_empty = answered.series.iter().all(|series| series.value.is_none() && series.points.is_empty());
    if let Some(metric) = answered.metric.filter(|_| is_empty) {
        notes.push(nothing(query, metric.kind(), counts, &args.range, window.range)?);
    }
    Ok(notes)
}

/// Tells it beside the answer.
fn note(text: &str) {
    eprintln!("{}", render::wrapped(&format!("note: {text}"), width()));
}

/// What isn't as it was asked, since the metric is counted in slots.
fn widened(answered: &Answer, asked: Window, args: &RangeArgs) -> Option<String> {
    let Window { range, period } = answered.window;
    let mut widened = Vec::new();
    if period != asked.period {
        widened.push(format!("buckets are {} long", Period { minutes: period }));
    }
    // An end that was left open is none that could be moved.
    if args.since.is_some() && range.start != asked.range.start || args.until.is_some() && range.end != asked.range.end
    {
        widened.push(format!("calls are counted{}", ends(args, range)));
    }
    let hours = if answered.resolution > Minute::PER_SLOT { ", on days older than two weeks in hours" } else { "" };
    let widened = (!widened.is_empty()).then(|| widened.join(", "))?;
    Some(format!("this metric is counted in slots of five minutes{hours}; {widened}"))
}

/// The ends of a range that were asked for.
fn ends(args: &RangeArgs, range: MinuteRange) -> String {
    let zone = args.zone();
    match (&args.since, &args.until) {
        (None, None) => String::new(),
        (Some(_), None) => format!(" from {} on", zone.long(range.start)),
        (None, Some(_)) => format!(" before {}", zone.long(range.end)),
        (Some(_), Some(_)) => format!(" from {} to {}", zone.long(range.start), zone.long(range.end)),
    }
}

/// Why an answer has no row: what was asked, and what there is.
fn nothing(
    query: &Query,
    kind: CountKind,
    counts: &dyn Counts,
    args: &RangeArgs,
    range: MinuteRange,
) -> Result<String, QuestionError> {
    let failed = |source| InsightsError::Frame { action: "find what is stored", source };
    let covered = |range| counts.covered(kind, range).map_err(failed);
    let zone = args.zone();
    let Some(stored) = covered(MinuteRange::ALL)? else {
        return Ok(match counts.stored_from(kind).map_err(failed)? {
            None => "Nothing is stored yet; `keytide ingest PATH` reads log files".to_owned(),
            Some(from) => format!("nothing is stored any more: {} begin at {}", kind.name(), zone.long(from)),
        });
    };
    let last = Minute(stored.end.0.saturating_sub(1));
    let (first, last) = (zone.long(stored.start), zone.long(last));
    let stored = match kind {
        CountKind::Minutes => format!("`keytide status` shows what is: it holds {first} to {last}"),
        CountKind::Callers | CountKind::Seconds => format!("{} are of {first} to {last}", kind.name()),
    };
    let asked = ends(args, range);
    if covered(range)?.is_none() {
        return Ok(format!("asked{asked}. Nothing is stored in this range; {stored}"));
    }
    let (metric, namespace) = (&query.metric, &query.source.namespace);
    let that = match (&query.source.schema, query.conditions.is_empty()) {
        (None, true) => "",
        (None, false) => " that WHERE asks for",
        (Some(_), true) => " with just the dimensions of SCHEMA",
        (Some(_), false) => " with just the dimensions of SCHEMA that WHERE asks for",
    };
    Ok(format!("no {metric} of \"{namespace}\"{that} is stored{asked}; {stored}"))
}

/// The query's text: of a file if there is one of that name, else the argument itself.
fn text_of(argument: &str, mut stdin: impl Read) -> Result<String, QuestionError> {
    let path = Path::new(argument);
    if argument.trim().is_empty() {
        return Err(QuestionError::Empty);
    }
    let read = if argument == "-" {
        let mut text = String::new();
        stdin.read_to_string(&mut text).map(|_| text)
    } else if path.is_file() || !(argument.contains(char::is_whitespace) || argument.eq_ignore_ascii_case("SELECT")) {
        std::fs::read_to_string(path)
    } else {
        return Ok(argument.to_owned());
    };
    let text = read.map_err(|source| QuestionError::File { path: path.to_owned(), source })?;
    match without_leading_comments(&text) {
        text if text.trim().is_empty() => Err(QuestionError::Empty),
        text => Ok(text),
    }
}

fn write(args: &Args, answer: &Answer, width: Option<usize>, out: &mut dyn Write) -> Result<(), QuestionError> {
    let (columns, zone) = (columns(args, answer), args.range.zone());
    match args.output {
        Output::Table => render::table(&columns, &rows(args, answer).collect::<Vec<_>>(), width, zone, out)?,
        Output::Csv => render::csv(&columns, rows(args, answer), zone, out)?,
        Output::Json => render::json(&columns, rows(args, answer), zone, out)?,
        Output::Parquet => answer.write_parquet(args.buckets, out)?,
    }
    Ok(())
}

fn columns(args: &Args, answer: &Answer) -> Vec<Column> {
    let keys = answer.keys.iter().map(|key| Column::left(key.to_string()));
    if args.buckets {
        return std::iter::once(Column::left("timestamp")).chain(keys).chain([Column::right("value")]).collect();
    }
    let values = [Column::right("value"), Column::right("peak"), Column::left("peak_at")];
    std::iter::once(Column::right("rank")).chain(keys).chain(values).collect()
}

fn rows<'a>(args: &Args, answer: &'a Answer) -> Box<dyn Iterator<Item = Vec<Cell<'a>>> + 'a> {
    let whole = answer.is_whole();
    let key = |key: &'a String| if key.is_empty() { Cell::Absent("-") } else { Cell::text(key) };
    let keys = move |keys: &'a [String]| keys.iter().map(key);
    if args.buckets {
        return Box::new(answer.series.iter().flat_map(move |series| {
            series.points.iter().map(move |point| {
                let value = Cell::number(Some(point.value), whole);
                std::iter::once(Cell::Time(point.start)).chain(keys(&series.keys)).chain([value]).collect()
            })
        }));
    }
    Box::new(answer.series.iter().map(move |series| {
        let values = [
            Cell::number(series.value, whole),
            Cell::number(series.peak, whole),
            series.peak_at.map_or(Cell::Missing, Cell::Time),
        ];
        std::iter::once(Cell::Count(i64::from(series.rank))).chain(keys(&series.keys)).chain(values).collect()
    }))
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
