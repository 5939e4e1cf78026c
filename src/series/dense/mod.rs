//! Dense series: a value for each period, zero where nothing was called.

use polars::prelude::PolarsResult;

use super::periods::{summed, wanted};
use super::{CountKind, Counts};
use crate::domain::{Minute, MinuteRange, Outcome};

/// Calls by period, without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
    /// The first period's first minute: a multiple of the period.
    pub start: Minute,
    /// Minutes of a period.
    pub period: u32,
    /// Calls of each period.
    pub calls: Vec<u64>,
}

impl Dense {
    /// Each period's first second, and its calls.
    pub fn points(&self) -> impl Iterator<Item = (i64, u64)> {
        let second = |at: usize| self.start.first_second() + at as i64 * i64::from(self.period) * 60;
        self.calls.iter().enumerate().map(move |(at, calls)| (second(at), *calls))
    }
}

/// Reads several series of a range at once, each the sum of the stored series whose numbers are given. Periods stand on
/// the clock of UTC. A series begins with the period of its first call, since a key that doesn't exist yet has no
/// zeros, and ends where all that is stored ends; a period that the range or what is stored cuts is left out. `None`
/// for a series without calls.
pub fn read(
    counts: &dyn Counts,
    series: &[&[u32]],
    outcome: Outcome,
    period: u32,
    range: MinuteRange,
) -> PolarsResult<Vec<Option<Dense>>> {
    let mut dense: Vec<Option<Dense>> = vec![None; series.len()];
    let Some(stored) = counts.covered(CountKind::Minutes, MinuteRange::ALL)? else { return Ok(dense) };
    let first = stored.start.max(range.start).0.div_ceil(period);
    let end = stored.end.min(range.end).0 / period;
    if first >= end {
        return Ok(dense);
    }
    let wanted = wanted(series)?;
    let whole = MinuteRange { start: Minute(first * period), end: Minute(end * period) };
    // Days come in order of time, so a series' first row is of its first period that isn't zero, or of its day's.
    for day in counts.minutes(whole)? {
        let frame = summed(day?, &wanted, period, &[outcome], ["set", "from"])?;
        let (set, from) = (frame.column("set")?.u32()?, frame.column("from")?.u32()?);
        let calls = frame.column(outcome.column())?.u64()?;
        for ((set, from), calls) in set.iter().zip(from.iter()).zip(calls.iter()) {
            let (Some(set), Some(from), Some(calls)) = (set, from, calls) else { continue };
            let dense = dense[set as usize].get_or_insert_with(|| Dense {
                start: Minute(from),
                period,
                calls: vec![0; (end - from / period) as usize],
            });
            // A period longer than a day has calls of several.
            dense.calls[((from - dense.start.0) / period) as usize] += calls;
        }
    }
    Ok(dense)
}

#[cfg(test)]
mod tests;
