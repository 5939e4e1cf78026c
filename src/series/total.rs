//! How much there is.

use polars::prelude::{DataType, col, lit};

use super::{Counts, SeriesError};
use crate::domain::{MinuteRange, Outcome};

/// All calls that are counted, each once, whatever became of it.
pub fn calls_counted(counts: &dyn Counts) -> Result<u64, SeriesError> {
    let sums = Outcome::ALL.map(|outcome| col(outcome.column()).cast(DataType::UInt64).sum());
    let sum = sums.into_iter().reduce(|a, b| a + b).unwrap_or(lit(0_u64)).alias("calls");
    let mut calls = 0;
    for day in counts.minutes(MinuteRange::ALL)? {
        let frame = day?.select([sum.clone()]).collect()?;
        calls += frame.column("calls")?.u64()?.iter().flatten().sum::<u64>();
    }
    Ok(calls)
}
