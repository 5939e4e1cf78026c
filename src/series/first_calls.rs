//! When series were called first.

use std::collections::HashMap;

use polars::prelude::{IntoLazy, LazyFrame, PolarsResult, col, df, lit};

use super::Counts;
use crate::domain::{Minute, MinuteRange, Outcome};

/// The first minute of a range in which each of some stored series was called, whatever the outcome. A series that was
/// not called in it is left out.
pub fn first_calls(counts: &dyn Counts, series: &[u32], range: MinuteRange) -> PolarsResult<HashMap<u32, Minute>> {
    let wanted = df!("series" => series)?;
    let any_call = Outcome::ALL.map(|outcome| col(outcome.column()).gt(lit(0_u32)));
    let any_call = any_call.into_iter().reduce(|any, this| any.or(this));
    let mut first: HashMap<u32, Minute> = HashMap::new();
    for day in counts.minutes(range)? {
        let rows = any_call
            .clone()
            .into_iter()
            .fold(day?, LazyFrame::filter)
            .semi_join(wanted.clone().lazy(), col("series"), col("series"))
            .group_by([col("series")])
            .agg([col("minute").min()])
            .collect()?;
        let (numbers, minutes) = (rows.column("series")?.u32()?, rows.column("minute")?.u32()?);
        for (number, minute) in numbers.iter().zip(minutes.iter()) {
            if let (Some(number), Some(minute)) = (number, minute) {
                // Days come in order of time.
                first.entry(number).or_insert(Minute(minute));
            }
        }
    }
    Ok(first)
}
