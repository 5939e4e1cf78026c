//! Which queries roll-ups answer exactly.

use hashbrown::{HashMap, HashSet};
use polars::prelude::{DataFrame, IntoLazy, PolarsResult, col};

use super::answer::Window;
use super::catalogue::{AWS_KMS, Metric, of_one_key};
use super::error::InsightsError;
use super::matching::{Axis, Groups, Part};
use super::query::{Function, Query};
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::series::{Counts, Cover, RollupBy};

/// The window's counts, of which `stored` is the part that has any, in pieces that are rolled up as far as can be, if
/// the query can be answered by them.
pub(super) fn cover_for<'c>(
    query: &Query,
    metric: Metric,
    window: Window,
    stored: MinuteRange,
    groups: &Groups,
    axes: &[Axis],
    counts: &'c dyn Counts,
) -> Result<Option<Cover<'c>>, InsightsError> {
    let [Axis { column: "series", members, .. }] = axes else { return Ok(None) };
    let by = rollup_for(query, metric, window.period, groups, members);
    let Some(by) = by.map_err(InsightsError::frame("look for a roll-up"))? else { return Ok(None) };
    // Whole days have the coarsest pieces, so the stored part of the range is widened to them.
    let day_end = stored.end.0.div_ceil(Minute::PER_DAY).saturating_mul(Minute::PER_DAY);
    let range = MinuteRange {
        start: Minute(stored.start.day() * Minute::PER_DAY).max(window.range.start),
        end: Minute(day_end).min(window.range.end),
    };
    counts.rolled_up(by, range).map(Some).map_err(InsightsError::frame("read roll-ups"))
}

/// The roll-up that answers a query as well as its minutes would, if there is one. A roll-up tells sum, occupied
/// minutes and busiest minute of `SuccessfulRequest`, so buckets must be minutes, the function must count calls, and
/// ORDER BY must not ask for the smallest minute. And a group must be what a roll-up row is: one series, or one key
/// over all its series of `KeyArn, Operation`. That is read off the groups, not the text, so any way to ask for it will
/// do.
pub(super) fn rollup_for(
    query: &Query,
    metric: Metric,
    period: u32,
    groups: &Groups,
    series: &DataFrame,
) -> PolarsResult<Option<RollupBy>> {
    let counts_calls = matches!(query.function, Function::Sum | Function::Count);
    let by_smallest = query.order_by.is_some_and(|order| order.function == Function::Min);
    let successful = metric.namespace == AWS_KMS && metric.name == Outcome::Successful.metric();
    let [part] = groups.parts.as_slice() else { return Ok(None) };
    if !successful || !counts_calls || by_smallest || period != 1 {
        return Ok(None);
    }
    if part.names.height() == part.map.height() {
        return Ok(Some(RollupBy::Series));
    }
    Ok(is_a_key_each(part, series)?.then_some(RollupBy::Key))
}

/// Whether every key that has a series in a group has all of them in it, and no other key has.
fn is_a_key_each(part: &Part, series: &DataFrame) -> PolarsResult<bool> {
    let of_one_key = series.clone().lazy().filter(of_one_key()).select([col("series"), col("key_arn")]).collect()?;
    let mut parts = HashMap::with_capacity(part.map.height());
    parts.extend(part.map.column("series")?.u32()?.iter().zip(part.map.column("part")?.u32()?.iter()));
    let (mut part_of_key, mut mapped) = (HashMap::new(), 0);
    for (series, key) in of_one_key.column("series")?.u32()?.iter().zip(of_one_key.column("key_arn")?.str()?.iter()) {
        let part = parts.get(&series);
        mapped += usize::from(part.is_some());
        if *part_of_key.entry(key).or_insert(part) != part {
            return Ok(false);
        }
    }
    let mut seen = HashSet::new();
    let one_key_a_part = part_of_key.values().flatten().all(|part| seen.insert(*part));
    Ok(mapped == part.map.height() && one_key_a_part)
}
