//! The busiest keys, operations, callers …: what `keytide top` asks.
//!
//! Usage follows the key's owner: accounts and Regions are those of the key. Callers, services and resources are read
//! from the counts by caller, in slots. A ReEncrypt uses two keys and counts for each of them, and for the account and
//! Region of each; in the total it counts once.

use hashbrown::HashMap;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, LazyFrame, PolarsResult, SortMultipleOptions, UnionArgs, col, concat, df, lit,
};

use super::buckets::{Buckets, Read};
use super::catalogue::{Counted, Measure, attributed, re_encrypt};
use super::error::InsightsError;
use super::matching::{Groups, Part, key_column};
use super::pieces::covered;
use super::query::Function;
use super::totals::Totals;
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::series::{CountKind, Counts, caller_name, with_destination_owners};

/// What is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Keys.
    Key,
    /// Operations.
    Operation,
    /// Callers: the role, user or root; where a trail tells less, the account, else the service.
    Caller,
    /// Services that forwarded calls; empty: called directly.
    Service,
    /// Resources that the encryption context names; empty: it names none.
    Resource,
    /// Accounts that own keys.
    Account,
    /// Regions of keys.
    Region,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopQuestion {
    /// What is ranked.
    pub by: By,
    /// Calls that ended so.
    pub outcome: Outcome,
    /// Only calls that used one of these keys (ARN or id); empty: all.
    pub keys: Vec<String>,
    /// Only these operations; empty: all.
    pub operations: Vec<String>,
    /// How many are wanted.
    pub limit: u32,
    /// The minutes.
    pub range: MinuteRange,
}

/// The busiest.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// In order of calls.
    pub rows: Vec<TopRow>,
    /// How many there are, those below the limit included.
    pub ranked: u64,
    /// All matching calls, each once.
    pub total: u64,
    /// Calls that match but name their key by an alias or a bare id only, so that it can't be told; in nothing above.
    pub unattributed: u64,
    /// The range as used: an open end is where the counts begin or end.
    pub range: MinuteRange,
    /// The kind of counts that it is read from.
    pub kind: CountKind,
    /// From when on counts of that kind are stored; none if nothing was ever read.
    pub stored_from: Option<Minute>,
    /// Minutes that a peak is about: 1, or those of a slot for what is counted by caller: 5, or 60 where a day of the
    /// range is kept by the hour.
    pub resolution: u32,
    /// Minutes of each of a trend's values.
    pub trend_step: u32,
}

/// One of the busiest.
#[derive(Clone, Debug, PartialEq)]
pub struct TopRow {
    /// Its name; empty for what there is none of (direct calls' service).
    pub name: String,
    /// Its calls.
    pub calls: u64,
    /// Its calls in percent of all.
    pub share: f64,
    /// Calls of its busiest minute (or slot).
    pub peak: u64,
    /// That minute, the first if several are equal.
    pub peak_at: Minute,
    /// Calls over the range from where counts are stored on, in equal steps of [`Top::trend_step`]; at most 24.
    pub trend: Vec<u64>,
}

/// Steps of a trend.
const TREND: u32 = 24;

/// Ranks.
pub fn top(question: &TopQuestion, counts: &dyn Counts) -> Result<Top, InsightsError> {
    let by_caller = matches!(question.by, By::Caller | By::Service | By::Resource);
    let counted = if by_caller { Counted::Callers(question.outcome) } else { Counted::Minutes(question.outcome) };
    let resolution = counted.resolution(counts, question.range)?;
    let asked = question.range.widened(resolution);
    let stored = covered(counts, counted.kind(), asked)?;
    let closed = MinuteRange {
        start: if question.range.start == MinuteRange::ALL.start { stored.start } else { asked.start },
        end: if question.range.end == MinuteRange::ALL.end { stored.end } else { asked.end },
    };
    let range = closed.widened(resolution);
    let stored_from = counts.stored_from(counted.kind());
    let stored_from = stored_from.map_err(InsightsError::frame("find from when on counts are stored"))?;
    let trend_start = stored_from.map_or(range.start, |from| from.max(range.start).min(range.end));
    let trend_minutes = range.end.0.saturating_sub(trend_start.0);
    let step = trend_minutes.div_ceil(TREND).max(1).div_ceil(resolution) * resolution;
    let grouped = Grouped::of(question, counts)?;
    let read = |piece: MinuteRange| counted.observations(counts, piece);
    let added = add_up(&grouped.groups, stored, &read, resolution, (trend_start, step))?;
    let mut top = Top {
        rows: vec![],
        ranked: 0,
        total: 0,
        unattributed: 0,
        range,
        kind: counted.kind(),
        stored_from,
        resolution,
        trend_step: step,
    };
    if let Some((totals, trends)) = added {
        let steps = trend_minutes.div_ceil(step) as usize;
        fill(&mut top, question.limit, &grouped, &totals, (&trends, steps)).map_err(InsightsError::frame("rank"))?;
    }
    Ok(top)
}

/// What matches in groups, two of which may stand for something else.
struct Grouped {
    groups: Groups,
    /// Whether a group has unattributed calls.
    unattributed: Expr,
    /// Whether a group has calls that are in two other groups.
    twice: Expr,
}

impl Grouped {
    fn of(question: &TopQuestion, counts: &dyn Counts) -> Result<Self, InsightsError> {
        let failed = InsightsError::frame("read the dictionaries");
        let series = counts.series().map_err(&failed)?.lazy();
        let grouped = match question.by {
            By::Key => by_key(question, series, "key_arn", "destination_arn"),
            By::Account => by_key(question, series, "account", "destination_account"),
            By::Region => by_key(question, series, "region", "destination_region"),
            By::Operation => by_operation(question, series),
            By::Caller | By::Service | By::Resource => {
                by_caller(question, series, counts.caller_dictionary().map_err(&failed)?.lazy())
            }
        };
        grouped.map_err(InsightsError::frame("match series"))
    }
}

/// Whether a column of the dictionary is one of the wanted keys, by ARN or id.
fn is_wanted(question: &TopQuestion, column: &str) -> Expr {
    let one = |key: &String| match key.starts_with("arn:") {
        true => col(column).eq(lit(key.as_str())),
        false => col(column).str().ends_with(lit(format!(":key/{key}"))),
    };
    question.keys.iter().map(one).reduce(Expr::or).unwrap_or_else(|| lit(true))
}

fn is_wanted_operation(question: &TopQuestion) -> Expr {
    let one = |operation: &String| col("operation").eq(lit(operation.as_str()));
    question.operations.iter().map(one).reduce(Expr::or).unwrap_or_else(|| lit(true))
}

/// Attributed series that match.
fn matching(question: &TopQuestion, series: LazyFrame) -> LazyFrame {
    let keys = is_wanted(question, "key_arn").or(is_wanted(question, "destination_arn"));
    series.filter(attributed().and(is_wanted_operation(question)).and(keys))
}

/// Unattributed series that may match: none if keys are asked for, since whose they are can't be told.
fn unattributed(question: &TopQuestion, series: LazyFrame) -> LazyFrame {
    let any_key = lit(question.keys.is_empty());
    series.filter(attributed().not().and(is_wanted_operation(question)).and(any_key)).select([col("series")])
}

fn part(series: LazyFrame, number: u32) -> LazyFrame {
    series.select([col("series"), lit(number).cast(DataType::UInt32).alias("part")])
}

/// Adds series as groups of their own numbers to a numbered axis.
fn extended(mut named: Part, more: &[LazyFrame]) -> PolarsResult<Part> {
    let more = more.iter().cloned();
    named.map =
        concat(std::iter::once(named.map.lazy()).chain(more).collect::<Vec<_>>(), UnionArgs::default())?.collect()?;
    Ok(named)
}

fn by_operation(question: &TopQuestion, series: LazyFrame) -> PolarsResult<Grouped> {
    let matched = matching(question, series.clone()).select([col("series"), col("operation").alias(key_column(0))]);
    let named = Part::number("series", vec![matched], &[0])?;
    let rest = named.names.height() as u32;
    let part = extended(named, &[part(unattributed(question, series), rest)])?;
    let groups = Groups { parts: vec![part], keys: 1 };
    Ok(Grouped { groups, unattributed: col("group").eq(lit(rest)), twice: lit(false) })
}

/// By what is told of the keys in a column, and in another of the destination of a ReEncrypt. Of the two keys of one,
/// those that are wanted are in their groups; a ReEncrypt that is in two is in a third as well, by which the total is
/// corrected.
fn by_key(question: &TopQuestion, series: LazyFrame, column: &str, of_destination: &str) -> PolarsResult<Grouped> {
    let name = key_column(0);
    let known = |key: &str| col(key).neq(lit("")).and(is_wanted(question, key));
    let matched = matching(question, series.clone());
    let sources = matched.clone().filter(known("key_arn")).select([col("series"), col(column).alias(&name)]);
    let two_keys = re_encrypt().and(col("destination_arn").neq(col("key_arn")));
    let with_destination = matched.filter(two_keys.and(known("destination_arn"))).collect()?;
    let with_destination = with_destination_owners(with_destination)?.lazy();
    let is_another = || col(column).neq(col(of_destination));
    let destinations = with_destination
        .clone()
        .filter(known("key_arn").not().or(is_another()))
        .select([col("series"), col(of_destination).alias(&name)]);
    let both = with_destination.filter(known("key_arn").and(is_another()));
    let named = Part::number("series", vec![sources, destinations], &[0])?;
    let rest = named.names.height() as u32;
    let part = extended(named, &[part(unattributed(question, series), rest), part(both, rest + 1)])?;
    let groups = Groups { parts: vec![part], keys: 1 };
    Ok(Grouped { groups, unattributed: col("group").eq(lit(rest)), twice: col("group").eq(lit(rest + 1)) })
}

fn by_caller(question: &TopQuestion, series: LazyFrame, callers: LazyFrame) -> PolarsResult<Grouped> {
    let name = match question.by {
        By::Service => col("service"),
        By::Resource => col("resource"),
        _ => caller_name(),
    };
    let named = Part::number("caller", vec![callers.select([col("caller"), name.alias(key_column(0))])], &[0])?;
    let both = [part(matching(question, series.clone()), 0), part(unattributed(question, series), 1)];
    let map = concat(both, UnionArgs::default())?.collect()?;
    let of_series = Part { column: "series", map, names: df!("part" => [0_u32, 1])? };
    let groups = Groups { parts: vec![named, of_series], keys: 1 };
    Ok(Grouped { groups, unattributed: (col("group") % lit(2_u64)).eq(lit(1_u64)), twice: lit(false) })
}

/// By group the calls of each step.
type Trends = HashMap<u64, Vec<i64>>;

/// Totals and trends of all groups; steps of so many minutes count from a start.
fn add_up(
    groups: &Groups,
    stored: MinuteRange,
    read: &Read<'_>,
    resolution: u32,
    (start, step): (Minute, u32),
) -> Result<Option<(DataFrame, Trends)>, InsightsError> {
    let failed = InsightsError::frame("add up calls");
    let buckets = Buckets::of(groups, Measure::Calls, 0, resolution).map_err(&failed)?;
    let mut totals = Totals::new(Function::Sum);
    let mut trends = Trends::new();
    buckets.run(stored, read, &mut |bucket| {
        let at = (bucket.start.saturating_sub(start.0) / step) as usize;
        let trend = trends.entry(bucket.group).or_default();
        trend.resize(trend.len().max(at + 1), 0);
        trend[at] += bucket.total;
        totals.add(bucket);
    })?;
    Ok(totals.finish().map_err(failed)?.map(|totals| (totals, trends)))
}

fn fill(
    top: &mut Top,
    limit: u32,
    grouped: &Grouped,
    totals: &DataFrame,
    (trends, steps): (&Trends, usize),
) -> PolarsResult<()> {
    let Grouped { groups, unattributed, twice } = grouped;
    let sum_of = |which: Expr| col("total").filter(which).sum();
    let ranked = unattributed.clone().or(twice.clone()).not();
    let sums = totals.clone().lazy().select([
        sum_of(ranked.clone()).alias("ranked"),
        sum_of(unattributed.clone()).alias("unattributed"),
        sum_of(twice.clone()).alias("twice"),
        ranked.clone().sum().cast(DataType::Int64).alias("groups"),
    ]);
    let sums = sums.collect()?;
    let number = |name: &str| -> PolarsResult<u64> {
        Ok(u64::try_from(sums.column(name)?.i64()?.first().unwrap_or(0)).unwrap_or(0))
    };
    top.total = number("ranked")?.saturating_sub(number("twice")?);
    top.unattributed = number("unattributed")?;
    top.ranked = number("groups")?;
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false]);
    let rows = groups
        .name(totals.clone().lazy().filter(ranked))
        .sort([String::from("total"), key_column(0)], order)
        .limit(limit)
        .collect()?;
    let (names, peak_at) = (rows.column(&key_column(0))?.str()?, rows.column("peak_at")?.u32()?);
    let (calls, peaks) = (rows.column("total")?.i64()?, rows.column("peak")?.f64()?);
    let group_of = rows.column("group")?.u64()?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    for row in 0..rows.height() {
        let calls = count(calls.get(row).unwrap_or(0));
        let trend = group_of.get(row).and_then(|group| trends.get(&group));
        let mut trend: Vec<u64> = trend.into_iter().flatten().map(|calls| count(*calls)).collect();
        trend.resize(steps, 0);
        top.rows.push(TopRow {
            name: names.get(row).unwrap_or("").to_owned(),
            calls,
            share: if top.total > 0 { calls as f64 * 100.0 / top.total as f64 } else { 0.0 },
            peak: peaks.get(row).unwrap_or(0.0) as u64,
            peak_at: Minute(peak_at.get(row).unwrap_or(0)),
            trend,
        });
    }
    Ok(())
}

#[cfg(test)]
#[path = "top_tests.rs"]
mod tests;
