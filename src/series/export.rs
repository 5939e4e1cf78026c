//! Counts as tables for other programs: the per-key view of minutes, and the calls whose key can't be told.

use std::io::Write;

use polars::prelude::{
    Column, CsvWriter, DataFrame, DataType, IntoLazy, LazyFrame, NULL, ParquetWriter, PolarsError, PolarsResult,
    SerWriter, SortMultipleOptions, TimeUnit, UnionArgs, col, concat, lit, when,
};

use super::Counts;
use crate::domain::{MinuteRange, Outcome};

/// The file format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV with a header line.
    Csv,
    /// Parquet; the minute is text there too.
    Parquet,
}

/// Writes `minute,key_arn,operation,successful,throttled,denied,failed,dry_run`, sorted by the first three: the per-key
/// view, in which a ReEncrypt counts for its source and for its destination key, once if they are the same.
pub fn minutes(counts: &dyn Counts, range: MinuteRange, format: Format, out: impl Write) -> PolarsResult<()> {
    let keys = keys_of_series(&counts.series()?)?;
    let outcomes = Outcome::ALL.map(Outcome::column);
    write_days(counts, range, format, out, |day| {
        day.inner_join(keys.clone().lazy(), col("series"), col("series"))
            .group_by([col("minute"), col("key_arn"), col("operation")])
            .agg(outcomes.map(|name| col(name).sum()))
            .sort(["minute", "key_arn", "operation"], SortMultipleOptions::default())
            .select(columns(&[&["minute", "key_arn", "operation"][..], &outcomes].concat()))
    })
}

/// Which outcomes of unattributed calls are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnattributedCalls {
    /// Successful ones: those that are missing from a key's count.
    Successful,
    /// All.
    All,
}

/// Writes `minute,key_ref,operation,reason,calls`, sorted by the first three: calls that name no key.
pub fn unattributed(
    counts: &dyn Counts,
    range: MinuteRange,
    which: UnattributedCalls,
    format: Format,
    out: impl Write,
) -> PolarsResult<()> {
    let refs = counts
        .series()?
        .lazy()
        .filter(col("reason").neq(lit("")))
        .select([col("series"), col("key_arn").alias("key_ref"), col("operation"), col("reason")])
        .collect()?;
    let calls = match which {
        UnattributedCalls::Successful => col("successful"),
        UnattributedCalls::All => {
            Outcome::ALL.map(|outcome| col(outcome.column())).into_iter().reduce(|a, b| a + b).unwrap_or(lit(0_u32))
        }
    };
    write_days(counts, range, format, out, |day| {
        day.inner_join(refs.clone().lazy(), col("series"), col("series"))
            // CSV has no quotes around what is missing, but around a text that is empty.
            .with_column(when(col("key_ref").eq(lit(""))).then(lit(NULL)).otherwise(col("key_ref")).alias("key_ref"))
            .with_column(calls.clone().alias("calls"))
            .filter(col("calls").gt(lit(0_u32)))
            .group_by([col("minute"), col("key_ref"), col("operation"), col("reason")])
            .agg([col("calls").sum()])
            .sort(["minute", "key_ref", "operation", "reason"], SortMultipleOptions::default())
            .select(columns(&["minute", "key_ref", "operation", "reason", "calls"]))
    })
}

fn columns(names: &[&str]) -> Vec<polars::prelude::Expr> {
    names.iter().map(|name| col(*name)).collect()
}

/// `series`, `key_arn`, `operation`: a row for each key that a series counts for.
fn keys_of_series(series: &DataFrame) -> PolarsResult<DataFrame> {
    let attributed = series.clone().lazy().filter(col("reason").eq(lit("")));
    let of = |key: &str| {
        attributed.clone().filter(col(key).neq(lit(""))).select([
            col("series"),
            col(key).alias("key_arn"),
            col("operation"),
        ])
    };
    concat([of("key_arn"), of("destination_arn")], UnionArgs::default())?
        .group_by([col("series"), col("key_arn"), col("operation")])
        .agg([])
        .collect()
}

/// Writes a table a day at a time, minutes as text.
fn write_days<W: Write>(
    counts: &dyn Counts,
    range: MinuteRange,
    format: Format,
    out: W,
    table: impl Fn(LazyFrame) -> LazyFrame,
) -> PolarsResult<()> {
    let mut sink = Sink::new(format, out);
    // An empty day first, so that an empty range has its header too.
    let empty = counts_schema();
    for day in std::iter::once(Ok(empty.lazy())).chain(counts.minutes(range)?) {
        let frame = table(day?).collect()?;
        sink.write(with_minute_text(frame)?)?;
    }
    sink.finish()
}

fn counts_schema() -> DataFrame {
    let names = ["minute", "series"].into_iter().chain(Outcome::ALL.map(Outcome::column));
    let columns: Vec<Column> = names.map(|name| Column::new_empty(name.into(), &DataType::UInt32)).collect();
    DataFrame::new_infer_height(columns).expect("columns of distinct names and no rows make a frame")
}

fn with_minute_text(frame: DataFrame) -> PolarsResult<DataFrame> {
    let milliseconds = col("minute").cast(DataType::Int64) * lit(60_000_i64);
    let time = milliseconds.cast(DataType::Datetime(TimeUnit::Milliseconds, None));
    frame.lazy().with_column(time.dt().to_string("%Y-%m-%dT%H:%M:%SZ").alias("minute")).collect()
}

/// Where days of a table go.
enum Sink<W: Write> {
    Csv { out: W, header: bool },
    Parquet { out: Option<W>, writer: Option<Box<polars::io::parquet::write::BatchedWriter<W>>> },
}

impl<W: Write> Sink<W> {
    fn new(format: Format, out: W) -> Self {
        match format {
            Format::Csv => Sink::Csv { out, header: true },
            Format::Parquet => Sink::Parquet { out: Some(out), writer: None },
        }
    }

    fn write(&mut self, mut frame: DataFrame) -> PolarsResult<()> {
        match self {
            Sink::Csv { out, header } => CsvWriter::new(out).include_header(std::mem::take(header)).finish(&mut frame),
            Sink::Parquet { out, writer } => {
                if let Some(out) = out.take() {
                    *writer = Some(Box::new(ParquetWriter::new(out).batched(frame.schema())?));
                }
                match writer {
                    Some(writer) if frame.height() > 0 => writer.write_batch(&frame),
                    _ => Ok(()),
                }
            }
        }
    }

    fn finish(self) -> Result<(), PolarsError> {
        if let Sink::Parquet { writer: Some(writer), .. } = self {
            writer.finish()?;
        }
        Ok(())
    }
}
