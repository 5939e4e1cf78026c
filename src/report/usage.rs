//! Counts of a range, added up by series, by caller and by quota pool.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, DataType, IntoLazy, PolarsResult, StringChunked, col, lit};

use crate::domain::{MinuteRange, Outcome};
use crate::series::{Counts, PoolFilter, PoolUse, caller_name, pool_uses};

/// What was called in a range.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Successful calls by key: a ReEncrypt counts for each of its keys.
    pub(super) keys: BTreeMap<String, u64>,
    /// Successful calls by operation.
    pub(super) operations: BTreeMap<String, u64>,
    /// Successful calls by caller, of whole slots.
    pub(super) callers: BTreeMap<String, u64>,
    /// Successful calls of all callers, of whole slots.
    pub(super) by_callers: u64,
    /// Successful calls by resource, where one is named, of whole slots.
    pub(super) resources: BTreeMap<String, u64>,
    /// Calls by outcome, each once.
    pub(super) outcomes: [u64; 5],
    /// Successful calls that name no key ARN; in nothing above.
    pub(super) unattributed: u64,
    /// Requests by quota pool.
    pub(super) pools: Vec<PoolUse>,
}

impl Usage {
    /// Reads a range, and that in whole slots for what is counted by caller.
    pub(super) fn read(counts: &dyn Counts, range: MinuteRange, slots: MinuteRange) -> PolarsResult<Usage> {
        let mut usage = Usage { pools: pool_uses(counts, range, &PoolFilter::default())?, ..Usage::default() };
        let series = counts.series()?;
        let of_series = usage.add_series(counts, &series, range)?;
        usage.add_callers(counts, &of_series, slots)?;
        Ok(usage)
    }

    /// Adds up the minutes; the numbers of the series whose key is told.
    fn add_series(&mut self, counts: &dyn Counts, series: &DataFrame, range: MinuteRange) -> PolarsResult<DataFrame> {
        let mut sums: HashMap<u32, [u64; 5]> = HashMap::new();
        for day in counts.minutes(range)? {
            let outcomes = Outcome::ALL.map(|outcome| col(outcome.column()).cast(DataType::UInt64).sum());
            let day = day?.group_by([col("series")]).agg(outcomes).collect()?;
            let numbers = day.column("series")?.u32()?;
            for (place, outcome) in Outcome::ALL.iter().enumerate() {
                for (number, calls) in numbers.iter().zip(day.column(outcome.column())?.u64()?.iter()) {
                    let (Some(number), Some(calls)) = (number, calls) else { continue };
                    sums.entry(number).or_default()[place] += calls;
                }
            }
        }
        let text = |name: &str| series.column(name)?.str();
        let [keys, destinations, operations] = [text("key_arn")?, text("destination_arn")?, text("operation")?];
        let reasons = text("reason")?;
        for (row, number) in series.column("series")?.u32()?.iter().enumerate() {
            let Some(calls) = number.and_then(|number| sums.get(&number)) else { continue };
            if !at(reasons, row).is_empty() {
                self.unattributed += calls[0];
                continue;
            }
            for (sum, calls) in self.outcomes.iter_mut().zip(calls) {
                *sum += calls;
            }
            if calls[0] == 0 {
                continue;
            }
            *self.operations.entry(at(operations, row).to_owned()).or_default() += calls[0];
            let (key, destination) = (at(keys, row), at(destinations, row));
            let both = [Some(key), Some(destination).filter(|destination| *destination != key)];
            for key in both.into_iter().flatten().filter(|key| !key.is_empty()) {
                *self.keys.entry(key.to_owned()).or_default() += calls[0];
            }
        }
        series.clone().lazy().filter(col("reason").eq(lit(""))).select([col("series")]).collect()
    }

    fn add_callers(&mut self, counts: &dyn Counts, series: &DataFrame, range: MinuteRange) -> PolarsResult<()> {
        let mut sums: HashMap<u32, i64> = HashMap::new();
        let calls = col(Outcome::Successful.column()).cast(DataType::Int64).sum().alias("calls");
        for day in counts.callers(range)? {
            let of_keys = day?.semi_join(series.clone().lazy(), col("series"), col("series"));
            let day = of_keys.group_by([col("caller")]).agg([calls.clone()]).collect()?;
            for (caller, calls) in day.column("caller")?.u32()?.iter().zip(day.column("calls")?.i64()?.iter()) {
                let (Some(caller), Some(calls)) = (caller, calls) else { continue };
                *sums.entry(caller).or_default() += calls;
            }
        }
        let columns = [col("caller"), caller_name().alias("name"), col("resource")];
        let callers = counts.caller_dictionary()?.lazy().select(columns).collect()?;
        let (names, resources) = (callers.column("name")?.str()?, callers.column("resource")?.str()?);
        for (row, number) in callers.column("caller")?.u32()?.iter().enumerate() {
            let calls = number.and_then(|number| sums.get(&number)).copied().unwrap_or(0);
            let Some(calls) = u64::try_from(calls).ok().filter(|calls| *calls > 0) else { continue };
            self.by_callers += calls;
            *self.callers.entry(at(names, row).to_owned()).or_default() += calls;
            let resource = at(resources, row);
            if !resource.is_empty() {
                *self.resources.entry(resource.to_owned()).or_default() += calls;
            }
        }
        Ok(())
    }
}

fn at(column: &StringChunked, row: usize) -> &str {
    column.get(row).unwrap_or("")
}
