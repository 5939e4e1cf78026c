//! The busiest second of each minute, by quota pool.

use polars::prelude::{DataType, IntoLazy, PolarsResult, SortMultipleOptions, col, lit};

use super::{Counts, PoolFilter, whole};
use crate::domain::{Minute, MinuteRange, QuotaPool};

/// What was asked of one pool in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolMinute {
    /// The pool.
    pub pool: QuotaPool,
    /// The minute.
    pub minute: Minute,
    /// Requests that were let in in its busiest second.
    pub peak: u32,
}

/// The pools that anything was ever asked of, in order of account, Region and name.
pub fn pools(counts: &dyn Counts, filter: &PoolFilter) -> PolarsResult<Vec<QuotaPool>> {
    let known = filter.of(counts.pool_dictionary()?)?;
    let text = |name: &str| known.column(name)?.str();
    let [accounts, regions, names] = [text("account")?, text("region")?, text("name")?];
    let pool = |row: usize| QuotaPool {
        account: accounts.get(row).unwrap_or("").to_owned(),
        region: regions.get(row).unwrap_or("").to_owned(),
        name: names.get(row).unwrap_or("").to_owned(),
    };
    let mut pools: Vec<QuotaPool> = (0..known.height()).map(pool).collect();
    pools.sort_unstable_by(|a, b| (&a.account, &a.region, &a.name).cmp(&(&b.account, &b.region, &b.name)));
    pools.dedup();
    Ok(pools)
}

/// The use of each pool in each minute of a range, in order of time. A minute without requests is left out.
pub fn pool_minutes(counts: &dyn Counts, range: MinuteRange, filter: &PoolFilter) -> PolarsResult<Vec<PoolMinute>> {
    let pools = filter.of(counts.pool_dictionary()?)?;
    let minute = whole(col("second") / lit(60_u32), DataType::UInt32).alias("minute");
    let mut found = Vec::new();
    for day in counts.seconds(range)? {
        let rows = day?
            .inner_join(pools.clone().lazy(), col("pool"), col("pool"))
            .group_by([col("account"), col("region"), col("name"), col("second")])
            .agg([col("requests").sum()])
            .group_by([col("account"), col("region"), col("name"), minute.clone()])
            .agg([col("requests").max().alias("peak")])
            .sort(["minute", "account", "region", "name"], SortMultipleOptions::default())
            .collect()?;
        let text = |name: &str| rows.column(name)?.str();
        let [accounts, regions, names] = [text("account")?, text("region")?, text("name")?];
        let (minutes, peaks) = (rows.column("minute")?.u32()?, rows.column("peak")?.u32()?);
        found.extend((0..rows.height()).map(|row| PoolMinute {
            pool: QuotaPool {
                account: accounts.get(row).unwrap_or("").to_owned(),
                region: regions.get(row).unwrap_or("").to_owned(),
                name: names.get(row).unwrap_or("").to_owned(),
            },
            minute: Minute(minutes.get(row).unwrap_or(0)),
            peak: peaks.get(row).unwrap_or(0),
        }));
    }
    Ok(found)
}
