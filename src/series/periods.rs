//! Calls by period of many series at once, day by day.

use polars::prelude::{DataFrame, DataType, IntoLazy, LazyFrame, PolarsResult, SortMultipleOptions, col, df, lit};

use super::Counts;
use crate::domain::{Minute, MinuteRange, Outcome};

/// One series' calls in one period, by outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodCalls {
    /// The period's first minute: a multiple of the period.
    pub start: Minute,
    /// The series' place in what was asked for.
    pub series: u32,
    /// Calls in the order of [`Outcome::ALL`].
    pub calls: [u64; 5],
}

/// The periods of a range in which a series was called, in order of time, a UTC day at a time. Each series is the sum
/// of the stored series whose numbers are given. The period divides a day and the range's ends are multiples of it.
pub fn periods(
    counts: &dyn Counts,
    series: &[&[u32]],
    period: u32,
    range: MinuteRange,
    each_day: &mut dyn FnMut(&[PeriodCalls]),
) -> PolarsResult<()> {
    let wanted = wanted(series)?;
    for day in counts.minutes(range)? {
        let frame = summed(day?, &wanted, period, &Outcome::ALL, ["from", "set"])?;
        let (set, from) = (frame.column("set")?.u32()?, frame.column("from")?.u32()?);
        let columns = Outcome::ALL.map(|outcome| frame.column(outcome.column()).and_then(|column| column.u64()));
        let [successful, throttled, denied, failed, dry_run] = columns;
        let columns = [successful?, throttled?, denied?, failed?, dry_run?];
        let row = |at: usize| {
            let calls = columns.map(|column| column.get(at).unwrap_or(0));
            Some(PeriodCalls { start: Minute(from.get(at)?), series: set.get(at)?, calls })
        };
        let rows: Vec<PeriodCalls> = (0..frame.height()).filter_map(row).collect();
        each_day(&rows);
    }
    Ok(())
}

/// Which stored series belong to which set.
pub(super) fn wanted(series: &[&[u32]]) -> PolarsResult<DataFrame> {
    let pairs = series.iter().zip(0_u32..).flat_map(|(numbers, set)| numbers.iter().map(move |number| (*number, set)));
    let (numbers, sets): (Vec<u32>, Vec<u32>) = pairs.unzip();
    df!("series" => numbers, "set" => sets)
}

/// A day's calls by `set` and `from`, the first minute of a period, with a column of u64 for each outcome.
pub(super) fn summed(
    day: LazyFrame,
    wanted: &DataFrame,
    period: u32,
    outcomes: &[Outcome],
    order: [&str; 2],
) -> PolarsResult<DataFrame> {
    let calls = |outcome: &Outcome| col(outcome.column());
    let any = outcomes.iter().map(|outcome| calls(outcome).gt(lit(0_u32))).reduce(|any, this| any.or(this));
    let day = any.into_iter().fold(day, LazyFrame::filter);
    day.inner_join(wanted.clone().lazy(), col("series"), col("series"))
        .with_column((col("minute") - col("minute") % lit(period)).alias("from"))
        .group_by([col("set"), col("from")])
        .agg(outcomes.iter().map(|outcome| calls(outcome).cast(DataType::UInt64).sum()).collect::<Vec<_>>())
        .sort(order, SortMultipleOptions::default())
        .collect()
}
