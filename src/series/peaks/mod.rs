//! Busiest seconds: requests by second and quota pool.

use polars::prelude::{
    DataFrame, DataType, IntoLazy, LazyFrame, PolarsResult, SortMultipleOptions, UnionArgs, col, concat, lit,
};

use super::Counts;
use crate::domain::{MinuteRange, QuotaPool, Second};

/// Which pools are meant; what isn't given is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolFilter {
    /// The calling account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The pool's name.
    pub name: Option<String>,
}

impl PoolFilter {
    /// The rows of a dictionary of pools that are meant.
    pub(super) fn of(&self, dictionary: DataFrame) -> PolarsResult<DataFrame> {
        let wanted = [("account", &self.account), ("region", &self.region), ("name", &self.name)];
        let is_wanted = wanted.into_iter().filter_map(|(column, wanted)| Some(col(column).eq(lit(wanted.as_deref()?))));
        let is_wanted = is_wanted.reduce(|a, b| a.and(b)).unwrap_or_else(|| lit(true));
        dictionary.lazy().filter(is_wanted).collect()
    }
}

/// What was asked of one pool in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// The pool.
    pub pool: QuotaPool,
    /// Requests that were let in.
    pub requests: u64,
    /// Requests that were throttled.
    pub throttled: u64,
    /// The second in which most requests were let in, the first if several are equal.
    pub peak_at: Second,
    /// Requests that were let in in that second.
    pub peak: u32,
    /// Requests that were throttled in that second.
    pub peak_throttled: u32,
}

/// The use of each pool in a range, in order of account, Region and name. A pool without requests is left out.
pub fn pool_uses(counts: &dyn Counts, range: MinuteRange, filter: &PoolFilter) -> PolarsResult<Vec<PoolUse>> {
    let pools = filter.of(counts.pool_dictionary()?)?;
    let of_pools = pools.clone().lazy().select([col("pool")]);
    let mut parts: Vec<LazyFrame> = Vec::new();
    for day in counts.seconds(range)? {
        let seconds = day?
            .semi_join(of_pools.clone(), col("pool"), col("pool"))
            .group_by([col("pool"), col("second")])
            .agg([col("requests").sum(), col("throttled").sum()]);
        let busiest = col("requests").eq(col("requests").max());
        let first = || col("second").filter(busiest.clone()).min();
        let throttled_then = col("throttled").filter(col("second").eq(first())).sum();
        let sum = |name: &str| col(name).cast(DataType::UInt64).sum();
        let uses = seconds.group_by([col("pool")]).agg([
            sum("requests").alias("all_requests"),
            sum("throttled").alias("all_throttled"),
            col("requests").max().alias("peak"),
            first().alias("peak_at"),
            throttled_then.alias("peak_throttled"),
        ]);
        parts.push(uses.collect()?.lazy());
    }
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let busiest = col("peak").eq(col("peak").max());
    let first = || col("peak_at").filter(busiest.clone()).min();
    let rows = concat(parts, UnionArgs::default())?
        .group_by([col("pool")])
        .agg([
            col("all_requests").sum(),
            col("all_throttled").sum(),
            col("peak").max(),
            first().alias("first"),
            col("peak_throttled").filter(col("peak_at").eq(first())).first(),
        ])
        .inner_join(pools.lazy(), col("pool"), col("pool"))
        .sort(["account", "region", "name"], SortMultipleOptions::default())
        .collect()?;
    let text = |name: &str| rows.column(name)?.str();
    let [accounts, regions, names] = [text("account")?, text("region")?, text("name")?];
    let small = |name: &str| rows.column(name)?.u32();
    let [peaks, firsts, peaks_throttled] = [small("peak")?, small("first")?, small("peak_throttled")?];
    let (requests, throttled) = (rows.column("all_requests")?.u64()?, rows.column("all_throttled")?.u64()?);
    let uses = (0..rows.height()).map(|row| PoolUse {
        pool: QuotaPool {
            account: accounts.get(row).unwrap_or("").to_owned(),
            region: regions.get(row).unwrap_or("").to_owned(),
            name: names.get(row).unwrap_or("").to_owned(),
        },
        requests: requests.get(row).unwrap_or(0),
        throttled: throttled.get(row).unwrap_or(0),
        peak_at: Second(firsts.get(row).unwrap_or(0)),
        peak: peaks.get(row).unwrap_or(0),
        peak_throttled: peaks_throttled.get(row).unwrap_or(0),
    });
    Ok(uses.collect())
}

#[cfg(test)]
mod tests;
